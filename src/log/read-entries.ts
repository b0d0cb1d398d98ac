import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import type { Disk } from "../platform/disk.ts";
import { withFile } from "./calls.ts";
import type { LogEntry } from "./entry.ts";
import { describeFault } from "./fault.ts";
import { WHOLE } from "./record.ts";
import { MORE, RecordWalk } from "./record-walk.ts";
import type { Segment } from "./segment.ts";
import { Window } from "./window.ts";

/**
 * Reads records `from` to `to` of a segment: at least one, and no more than `bytesMax` on disk. Judges them as a
 * start does, and throws KvorumError where one is damaged.
 */
export function readEntries(
  disk: Disk,
  segment: Segment,
  from: number,
  to: number,
  bytesMax: number,
): Promise<LogEntry[]> {
  return withFile(disk, segment.path, { mode: "read" }, async (file) => {
    const mark = segment.markBefore(from);
    const pieceBytes = Math.min(limits.logReadBytes, limits.logMarkBytes + bytesMax);
    const walk = new RecordWalk(
      new Window(file, pieceBytes, true),
      segment.header,
      mark.offset,
      mark.sequence,
    );
    const entries: LogEntry[] = [];
    let bytes = 0;
    while (walk.sequence <= to) {
      const found = walk.look(walk.sequence >= from);
      if (found === MORE && (await walk.load())) continue;
      if (found !== WHOLE) throw damage(segment, walk);
      if (walk.sequence >= from) {
        bytes += walk.view.bytes;
        if (entries.length > 0 && bytes > bytesMax) break;
        entries.push(entryOf(walk));
      }
      walk.pass();
    }
    return entries;
  });
}

function entryOf({ view, window, at }: RecordWalk): LogEntry {
  return { term: view.term, index: view.index, kind: view.kind, payload: view.payload(window.bytes, at) };
}

function damage(segment: Segment, { position: offset, sequence, index, view }: RecordWalk): KvorumError {
  const reason = view.reason === "" ? "it is not there any more" : view.reason;
  const fault = { file: segment.path, offset, sequence, index, reason, isForeign: false };
  return new KvorumError("ERR", `the log is corrupt: ${describeFault(fault)}`);
}
