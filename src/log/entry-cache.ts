import { limits } from "../base/limits.ts";
import type { LogEntry } from "./entry.ts";
import { recordBytes } from "./record.ts";

/**
 * The newest entries of the log in memory: all that are not written yet, and before them as many as there is
 * room for.
 *
 *     entries  [ -  -  c  d  e  f ]
 *                     ^head, firstIndex
 */
export class EntryCache {
  /** The first entry that is here; behind the last of the log where none is. */
  firstIndex: number;
  #bytes = 0;
  #entries: (LogEntry | undefined)[] = [];
  #head = 0;

  constructor(firstIndex: number) {
    this.firstIndex = firstIndex;
  }

  /** Takes an entry; those with the same index or a higher one leave. */
  push(entry: LogEntry): void {
    if (entry.index < this.firstIndex) this.clear(entry.index);
    const keep = this.#head + entry.index - this.firstIndex;
    while (this.#entries.length > keep) this.#bytes -= costOf(this.#entries.pop()!);
    this.#entries.push(entry);
    this.#bytes += costOf(entry);
  }

  /** Leaves nothing. The next entry is this one. */
  clear(nextIndex: number): void {
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
    this.firstIndex = nextIndex;
  }

  /** Drops the oldest entries that are on the disk, while there are too many. */
  shrink(stableIndex: number): void {
    while (this.#bytes > limits.logCacheBytesMax && this.firstIndex <= stableIndex) {
      this.#bytes -= costOf(this.#entries[this.#head]!);
      this.#entries[this.#head++] = undefined;
      this.firstIndex++;
    }
    if (this.#head * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#head);
    this.#head = 0;
  }

  /** Entries from this one on, which is here: at least one, and no more than so many bytes on disk. */
  read(from: number, bytesMax: number): LogEntry[] {
    const found: LogEntry[] = [];
    let bytes = 0;
    for (let at = this.#head + from - this.firstIndex; at < this.#entries.length; at++) {
      const entry = this.#entries[at]!;
      bytes += costOf(entry);
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }
}

function costOf(entry: LogEntry): number {
  return recordBytes(entry.payload.length);
}
