import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commandOf } from "../protocol/spec/table.ts";
import { readWholeCommand } from "../protocol/whole-command.ts";
import { encodeArguments } from "./transaction.ts";

/**
 * The payload of a log entry of commands, and of one of time, which has none:
 *
 *     0  f64   cluster time of the entry, ms since 1970
 *     8  u8    database   ┐
 *     9  …     command    ┘ as raw RESP, again and again up to the end
 *
 * A transaction is one such command (transaction.ts). A batch that a node forwards begins with its number, in the
 * place of a first command:
 *
 *     SESSION BATCH  session  sequence
 *
 * It is applied only as the next one of that session (Sessions.admit), else nothing of it but the time. There is no
 * row for that: no client can send it.
 */
export const batchHeaderBytes = 8;

export function writeBatchTime(payload: Buffer, timeMs: number): void {
  payload.writeDoubleLE(timeMs, 0);
}

/** The item that begins a forwarded batch. Its database means nothing. */
export function encodeBatchNumber(session: number, sequence: number): Arguments {
  return encodeArguments(
    ["SESSION", "BATCH", String(session), String(sequence)].map((word) => Buffer.from(word)),
  );
}

/** No number takes more. */
export const batchNumberBytesMax: number =
  1 + encodeBatchNumber(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).to;

/** A numbered batch without its commands: when it is applied, its number is used up, and nothing else is done. */
export function withoutCommands(payload: Buffer): Buffer {
  const end = readWholeCommand(payload, batchHeaderBytes + 1, new Arguments());
  return payload.subarray(0, end);
}

/** Goes through the commands of an entry, one after the other, with the same objects for all. */
export class BatchReader {
  /** Cluster time of the entry. */
  timeMs = 0;
  /** The session under which a node has forwarded the batch, 0: it has no number; and the number. */
  session = 0;
  sequence = 0;
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
    this.session = 0;
    if (isNumbered(payload)) this.#readNumber();
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

  #readNumber(): void {
    this.#at = readWholeCommand(this.#payload, this.#at + 1, this.args);
    this.session = Number(this.args.text(2));
    this.sequence = Number(this.args.text(3));
  }
}

/** How the number of a batch begins: byte by byte, since nobody else writes it. */
const numberHead: Buffer = Buffer.from("*4\r\n$7\r\nSESSION\r\n$5\r\nBATCH\r\n", "latin1");
const numberAt: number = batchHeaderBytes + 1;

function isNumbered(payload: Buffer): boolean {
  const end = numberAt + numberHead.length;
  return payload.length >= end && payload.compare(numberHead, 0, numberHead.length, numberAt, end) === 0;
}

const none: Buffer = Buffer.alloc(0);
