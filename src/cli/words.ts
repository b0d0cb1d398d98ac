import { Arguments } from "../protocol/arguments.ts";
import { InlineSplitter } from "../protocol/inline.ts";

/** The words of a line, quoted as in redis-cli. Undefined: a quote is left open. */
export function splitLine(line: string | Buffer): Buffer[] | undefined {
  const bytes = typeof line === "string" ? Buffer.from(line) : line;
  const args = new Arguments();
  if (!new InlineSplitter().split(bytes, 0, bytes.length, args)) return undefined;
  return Array.from({ length: args.count }, (_, i) => args.copyOf(i));
}

/** A word in capitals, to compare it with: command names and options are plain ASCII. */
export function upper(word: Buffer | undefined): string {
  return word === undefined ? "" : word.toString("latin1").toUpperCase();
}
