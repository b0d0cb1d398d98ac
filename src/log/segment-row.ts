import { join } from "node:path";
import type { Disk, DiskFile } from "../platform/disk.ts";
import { sectorBytes } from "./blank.ts";
import { isCode, withFile } from "./calls.ts";
import { LogDamage, type LogFault } from "./fault.ts";
import { Segment } from "./segment.ts";
import {
  decodeSegmentHeader,
  decodeSuccessor,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentHeaderFault,
  segmentName,
  sequenceInName,
  successorOffset,
} from "./segment-header.ts";

/**
 * The segments of a log as their names and headers tell, the oldest first, up to the first that does not follow.
 *
 *     name       …01.log      …09.log      …11.log
 *     header     first 1      first 9      first 17       by its name it is in its place,
 *     salts      0 ◄─ a ◄───── a ◄─ b ◄──── b ◄─ c        by the salt of the one before it is behind that one
 *     successor  9            17           none           and the last one knows of none behind
 */
export class SegmentRow {
  readonly segments: Segment[] = [];
  /** Length of all these files. */
  totalBytes = 0;
  /** What is wrong with the one behind. Its index is not known before the records are. */
  broken: LogFault | undefined;

  readonly #disk: Disk;
  readonly #directory: string;
  #clusterId: Buffer | undefined;
  /** What the segment read last says of the one behind it. */
  #successor = 0;

  /** Without a cluster id, that of the first segment is taken. `behind` leaves out a segment and those before it. */
  static async read(
    disk: Disk,
    directory: string,
    clusterId: Buffer | undefined,
    behind = "",
  ): Promise<SegmentRow> {
    const row = new SegmentRow(disk, directory, clusterId);
    try {
      for (const name of await row.#names()) if (name > behind) await row.#readHeader(name);
      row.#checkSuccessor();
    } catch (error) {
      if (!(error instanceof LogDamage)) throw error;
      row.broken = error.fault;
    }
    return row;
  }

  private constructor(disk: Disk, directory: string, clusterId: Buffer | undefined) {
    this.#disk = disk;
    this.#directory = directory;
    this.#clusterId = clusterId;
  }

  async #names(): Promise<string[]> {
    try {
      const names = await this.#disk.list(this.#directory);
      return names.filter((name) => sequenceInName(name) !== undefined).sort();
    } catch (error) {
      if (isCode(error, "ENOENT")) return [];
      throw error;
    }
  }

  #readHeader(name: string): Promise<void> {
    const path = join(this.#directory, name);
    return withFile(this.#disk, path, { mode: "read" }, async (file) => {
      const bytes = Buffer.alloc(segmentHeaderBytes);
      await file.read(bytes, 0, bytes.length, 0);
      const fault = segmentHeaderFault(bytes.subarray(0, sectorBytes));
      const sequence = sequenceInName(name)!;
      if (fault !== undefined) throw damage(path, 0, sequence, fault.reason, fault.isForeign);
      const header = decodeSegmentHeader(bytes);
      this.#checkPlace(path, header, sequence);
      await checkSize(file, header);
      this.totalBytes += header.fileBytes;
      this.segments.push(new Segment(path, header));
      this.#successor = decodeSuccessor(bytes, successorOffset, header.salt);
    });
  }

  #checkPlace(path: string, header: SegmentHeader, sequence: number): void {
    const { clusterId, firstSequence, previousSalt } = header;
    this.#clusterId ??= clusterId;
    if (!clusterId.equals(this.#clusterId)) {
      const reason = `it belongs to another cluster, ${clusterId.toString("hex")}`;
      throw damage(path, 0, sequence, reason, true);
    }
    if (firstSequence !== sequence) {
      const reason = `by its name it begins with record ${sequence}, by its header with ${firstSequence}`;
      throw damage(path, 0, sequence, reason);
    }
    const before = this.segments.at(-1);
    if (before !== undefined && previousSalt !== before.header.salt) {
      const reason = `it was not written behind ${before.path}: a segment is missing, or of another log`;
      throw damage(path, 0, sequence, reason);
    }
  }

  #checkSuccessor(): void {
    const sequence = this.#successor;
    if (sequence === 0) return;
    const path = join(this.#directory, segmentName(sequence));
    const reason = `the segment is missing, which was begun behind ${this.segments.at(-1)!.path}`;
    throw damage(path, 0, sequence, reason);
  }
}

async function checkSize(file: DiskFile, { fileBytes }: SegmentHeader): Promise<void> {
  const size = await file.size();
  if (size === fileBytes) return;
  const reason = `the file has ${size} bytes instead of ${fileBytes}`;
  throw damage(file.path, Math.min(size, fileBytes), undefined, reason);
}

function damage(
  file: string,
  offset: number,
  sequence: number | undefined,
  reason: string,
  isForeign = false,
): LogDamage {
  return new LogDamage({ file, offset, sequence, index: undefined, reason, isForeign });
}
