import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commandOf } from "../protocol/spec/table.ts";
import { readWholeCommand } from "../protocol/whole-command.ts";

/**
 * The payload of a log entry of commands, and of one of time, which has none:
 *
 *     0  f64   cluster time of the entry, ms since 1970
 *     8  u8    database   ┐
 *     9  …     command    ┘ as raw RESP, again and again up to the end
 *
 * A transaction is one such command (transaction.ts).
 */
export const batchHeaderBytes = 8;

export function writeBatchTime(payload: Buffer, timeMs: number): void {
  payload.writeDoubleLE(timeMs, 0);
}

/** Goes through the commands of an entry, one after the other, with the same objects for all. */
export class BatchReader {
  /** Cluster time of the entry. */
  timeMs = 0;
  db = 0;
  command!: Command;
  readonly args: Arguments = new Arguments();

  #payload: Buffer = none;
  #at = 0;

  begin(payload: Buffer): void {
    assert(payload.length >= batchHeaderBytes, "an entry of commands begins with its time");
    this.timeMs = payload.readDoubleLE(0);
    this.#payload = payload;
    this.#at = batchHeaderBytes;
  }

  /** Reads the next command. False: there is none. */
  next(): boolean {
    if (this.#at >= this.#payload.length) {
      // Nothing of a large entry is held on to.
      this.#payload = none;
      return false;
    }
    this.db = this.#payload[this.#at]!;
    assert(this.db < limits.databases, "the database of a logged command is there");
    this.#at = readWholeCommand(this.#payload, this.#at + 1, this.args);
    this.command = commandOf(this.args);
    return true;
  }
}

const none: Buffer = Buffer.alloc(0);
