import { limits } from "../base/limits.ts";
import { masked, maskFor } from "./blank.ts";
import type { LogEntry } from "./entry.ts";
import { recordBytes, recordHeaderBytes, type StoredPayload, tailOf, writeHeader } from "./record.ts";

/**
 * The records of one write. Headers, tails and short payloads lie side by side in a buffer that is used again;
 * a long payload is a part of its own and is not copied.
 *
 *     parts   [header payload tail header][long payload][tail header payload tail]
 */
export class Group {
  bytes = 0;
  records = 0;

  #parts: Buffer[] = [];
  readonly #staging = Buffer.allocUnsafeSlow(limits.logStagingBytes);
  /** Where in the staging buffer the part begins that is being filled, and where it ends. */
  #partStart = 0;
  #partEnd = 0;
  #position = 0;
  #durable = 0;
  #salt = 0;

  /** Begins a write at this place of a file. `durable`: see the README. */
  begin(position: number, durable: number, salt: number): void {
    this.#parts = [];
    this.bytes = 0;
    this.records = 0;
    this.#partStart = 0;
    this.#partEnd = 0;
    this.#position = position;
    this.#durable = durable;
    this.#salt = salt;
  }

  /** Whether a record with so long a payload goes with this write. The first one always does. */
  hasRoom(payloadLength: number): boolean {
    if (this.records === 0) return true;
    const bytes = recordBytes(payloadLength);
    const staged = payloadLength <= limits.logCopyBytesMax ? bytes : bytes - payloadLength;
    return (
      this.bytes + bytes <= limits.logGroupBytesMax &&
      this.#partEnd + staged <= limits.logStagingBytes &&
      this.#parts.length + 3 <= limits.logGroupPartsMax
    );
  }

  add(entry: LogEntry, sequence: number): void {
    const stored = this.#store(entry.payload);
    const { length } = stored.bytes;
    writeHeader(this.#staging, this.#partEnd, entry, stored, sequence, this.#durable, this.#salt);
    this.#partEnd += recordHeaderBytes;
    if (length <= limits.logCopyBytesMax) this.#stage(stored.bytes);
    else this.#part(stored.bytes);
    this.#stage(tailOf(length));
    this.bytes += recordBytes(length);
    this.records++;
  }

  /** The parts of the write. */
  finish(): readonly Buffer[] {
    this.#endPart();
    return this.#parts;
  }

  #store(payload: Buffer): StoredPayload {
    const mask = maskFor(payload, this.#position + this.bytes + recordHeaderBytes);
    return { bytes: mask === 0 ? payload : masked(payload, mask), mask };
  }

  #stage(bytes: Buffer): void {
    this.#staging.set(bytes, this.#partEnd);
    this.#partEnd += bytes.length;
  }

  #part(bytes: Buffer): void {
    this.#endPart();
    this.#parts.push(bytes);
  }

  #endPart(): void {
    if (this.#partEnd === this.#partStart) return;
    this.#parts.push(this.#staging.subarray(this.#partStart, this.#partEnd));
    this.#partStart = this.#partEnd;
  }
}
