import { assert } from "../base/assert.ts";
import type { Arguments } from "./arguments.ts";

const CR = 13;
const STAR = 42;
const DOLLAR = 36;

/**
 * Finds the arguments of one command that is known to be whole and well formed, since it was decoded before
 * it went into a log entry: no limit is checked again, or a limit that changes with a release would change
 * what old entries mean. Returns the byte behind it.
 */
export function readWholeCommand(bytes: Buffer, at: number, args: Arguments): number {
  assert(bytes[at] === STAR, "a logged command is a RESP array");
  const count = numberAt(bytes, at + 1);
  args.reserve(count);
  let p = numberEnd;
  for (let i = 0; i < count; i++) {
    assert(bytes[p] === DOLLAR, "an argument of a logged command is a bulk");
    const size = numberAt(bytes, p + 1);
    args.start[i] = numberEnd;
    args.end[i] = numberEnd + size;
    p = numberEnd + size + 2;
  }
  assert(p <= bytes.length, "a logged command ends within its entry");
  args.bytes = bytes;
  args.count = count;
  args.from = at;
  args.to = p;
  return p;
}

/** Where the line of the last number ends: a second result of numberAt. */
let numberEnd = 0;

function numberAt(bytes: Buffer, at: number): number {
  let value = 0;
  let p = at;
  for (let digit = bytes[p]!; digit !== CR; digit = bytes[++p]!) {
    assert(digit >= 0x30 && digit <= 0x39, "a number of a logged command has digits alone");
    value = value * 10 + digit - 0x30;
  }
  numberEnd = p + 2;
  return value;
}
