import type { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";

/**
 * Tells whether memory is over its limit. To add up what is used takes longer than a small write, so it is not
 * done for each: a look gives credit for what is sure to fit, and the next one comes when that is used up or
 * the turn is over. The limit is passed by one command at most, as if there had been a look before each.
 */
export class MemoryLimit {
  readonly #usedBytes: () => number;
  /** Bytes of requests that are sure to fit. */
  #credit = 0;
  /** What the credit was given for. */
  #limitBytes = 0;

  constructor(usedBytes: () => number) {
    this.#usedBytes = usedBytes;
  }

  /** Whether a command that may take memory has to be refused. */
  isPassed(limitBytes: number, command: Command, args: Arguments): boolean {
    const bytes = growsWithRequest(command) ? args.to - args.from + smallBytes : Number.POSITIVE_INFINITY;
    if (bytes <= this.#credit && limitBytes === this.#limitBytes) {
      this.#credit -= bytes;
      return false;
    }
    const roomBytes = limitBytes - this.#usedBytes();
    this.#limitBytes = limitBytes;
    this.#credit = Math.max(0, roomBytes / growthMax - bytes);
    return roomBytes < 0;
  }

  /** A turn is over: what is used may be another sum now. */
  forget(): void {
    this.#credit = 0;
  }
}

/** What the shortest of requests is counted for beside its bytes. */
const smallBytes = 64;
/** With these, no request of the growing kind takes more than so many times its bytes: records have headers and
 * places of certain sizes, and the index has an entry for each. */
const growthMax = 4;

/** SETRANGE pads with zeros, COPY and APPEND move what is there: nothing in the request tells how much. */
function growsWithRequest({ name }: Command): boolean {
  return name !== "setrange" && name !== "copy" && name !== "append" && name !== "exec";
}
