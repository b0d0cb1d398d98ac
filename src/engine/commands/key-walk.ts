import { Glob, patternTooLong } from "../../base/glob.ts";
import { limits } from "../../base/limits.ts";
import type { ReplyWriter } from "../../protocol/reply-writer.ts";
import type { Execution } from "../execution.ts";
import type { Keyspace } from "../keyspace.ts";
import { bytesOf, keyLength, keyStart } from "../record.ts";

/**
 * A walk over the keys of a database in bounded pieces, which collects those that match, each as a bulk.
 * Other commands may run between two calls.
 */
export class KeyWalk {
  /** Where the next piece begins; 0 again when the walk is over. */
  cursor: number;
  /** Keys that were collected, and their bytes as bulks. */
  count = 0;
  bytes = 0;

  readonly #keyspace: Keyspace;
  readonly #glob: Glob | undefined;
  readonly #writer: ReplyWriter;
  readonly #chunks: Buffer[] = [];

  /** Without a pattern every key matches. The walk collects in `writer`, which is its own until it ends. */
  constructor(keyspace: Keyspace, cursor: number, glob: Glob | undefined, writer: ReplyWriter) {
    this.#keyspace = keyspace;
    this.cursor = cursor;
    this.#glob = glob;
    this.#writer = writer;
    writer.truncate(0);
  }

  /**
   * Looks at about `keys` keys, fewer where they cost more than others: stops as well after so much work on
   * the pattern, or so many bytes, as one turn allows. True: the walk is over.
   */
  go(keys: number): boolean {
    const stepsMax = this.#steps + limits.globStepsMax;
    const bytesMax = this.bytes + limits.outputHighWaterBytes;
    const visit = (handle: number): void => this.#visit(handle);
    let left = keys;
    do {
      this.cursor = this.#keyspace.scan(this.cursor, Math.min(left, pieceKeys), visit);
      left -= pieceKeys;
    } while (this.cursor !== 0 && left > 0 && this.bytes < bytesMax && this.#steps < stepsMax);
    return this.cursor === 0;
  }

  get #steps(): number {
    return this.#glob?.steps ?? 0;
  }

  /** Writes what was collected, about as much as `bytesMax` says. True: nothing is left. */
  writeTo(out: ReplyWriter, bytesMax: number): boolean {
    const writer = this.#writer;
    for (let written = 0; this.#chunks.length > 0; ) {
      if (written >= bytesMax) return false;
      const chunk = this.#chunks.shift()!;
      out.raw(chunk);
      written += chunk.length;
    }
    out.raw(writer.buffer.subarray(0, writer.length));
    writer.truncate(0);
    return true;
  }

  #visit(handle: number): void {
    const { arena } = this.#keyspace;
    const start = keyStart(arena, handle);
    const end = start + keyLength(arena, handle);
    const bytes = bytesOf(arena, handle);
    if (this.#glob !== undefined && (this.#glob.gaveUp || !this.#glob.matches(bytes, start, end))) return;
    const before = this.#writer.length;
    this.#writer.bulk(bytes, start, end);
    this.count++;
    this.bytes += this.#writer.length - before;
    if (this.#writer.length >= limits.outputHighWaterBytes) this.#endChunk();
  }

  #endChunk(): void {
    this.#writer.flush((bytes) => {
      this.#chunks.push(bytes);
      return false;
    });
  }
}

/** The argument as a pattern, whose bytes it keeps; else answers the error and returns undefined. */
export function readPattern(x: Execution, index: number): Glob | undefined {
  if (x.args.lengthOf(index) <= limits.patternBytesMax) return new Glob(x.args.copyOf(index));
  x.out.error(patternTooLong);
  return undefined;
}

export const patternTooCostly: string = `TOO_LARGE the pattern takes more than ${limits.globStepsMax} steps on one key`;

/** Between so many keys it is looked whether the walk has to stop: under 10 ms of the worst pattern on the worst keys. */
const pieceKeys = 4;
