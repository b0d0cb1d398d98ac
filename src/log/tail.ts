import { isHeader, RecordView, recordAlignment, recordHeaderBytes } from "./record.ts";
import type { RecordWalk } from "./record-walk.ts";
import type { SegmentHeader } from "./segment-header.ts";
import type { Window } from "./window.ts";

/** A record that says of another one that it was on the disk. */
export interface Witness {
  readonly offset: number;
  readonly sequence: number;
}

/** What stands behind the last whole record of a log. */
export interface Tail {
  /** Behind the last byte that is not zero; where the tail begins, if all are. */
  readonly endOffset: number;
  readonly witness: Witness | undefined;
}

/** Reads from the place of an unfinished record to the end of its file. */
export async function readTail(walk: RecordWalk, header: SegmentHeader, onLoad: () => void): Promise<Tail> {
  const { window } = walk;
  let endOffset = walk.position;
  for (
    let position = walk.position;
    position < header.fileBytes;
    position = window.position + window.length
  ) {
    if (!window.has(position, 1)) {
      await window.load(position, 1);
      if (!window.has(position, 1)) break;
      onLoad();
    }
    const from = position - window.position;
    const end = endOfBytes(window.bytes, from, window.length);
    if (end === from) continue;
    endOffset = window.position + end;
    const witness = witnessIn(window, from, end, header.salt, walk.sequence);
    if (witness !== undefined) return { endOffset, witness };
  }
  return { endOffset, witness: undefined };
}

/** Behind the last byte that is not zero, `from` where there is none. */
function endOfBytes(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from) {
    const start = Math.max(from, end - zeros.length);
    if (bytes.compare(zeros, 0, end - start, start, end) !== 0) break;
    end = start;
  }
  while (end > from && bytes[end - 1] === 0) end--;
  return end;
}

const zeros = Buffer.alloc(65_536);

function witnessIn(
  window: Window,
  from: number,
  end: number,
  salt: number,
  lost: number,
): Witness | undefined {
  const view = new RecordView();
  for (let at = from; at + recordHeaderBytes <= end; at += recordAlignment) {
    if (!isHeader(window.bytes, at, salt)) continue;
    view.take(window.bytes, at);
    if (view.sequence > lost && view.durable >= lost)
      return { offset: window.position + at, sequence: view.sequence };
  }
  return undefined;
}
