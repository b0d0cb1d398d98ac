import { KvorumError } from "../base/errors.ts";

export type RequestArgument = string | Uint8Array | number | bigint;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;

/** One command as a RESP array of bulks: strings in UTF-8, bytes as they are, numbers in decimal. */
export function encodeRequest(args: readonly RequestArgument[]): Buffer {
  if (args.length === 0) throw new KvorumError("ERR", "a command has at least its name");
  const parts = args.map(toBytesOrText);
  const sizes = parts.map((part) => (typeof part === "string" ? Buffer.byteLength(part) : part.length));
  const bytes = Buffer.allocUnsafe(encodedBytes(sizes));
  let at = writeHeader(bytes, 0, STAR, parts.length);
  for (const [i, part] of parts.entries()) {
    at = writeHeader(bytes, at, DOLLAR, sizes[i]!);
    if (typeof part === "string") bytes.write(part, at);
    else bytes.set(part, at);
    at = writeLineEnd(bytes, at + sizes[i]!);
  }
  return bytes;
}

function toBytesOrText(arg: RequestArgument, index: number): string | Uint8Array {
  if (typeof arg !== "number") return typeof arg === "bigint" ? arg.toString() : arg;
  if (Number.isNaN(arg)) throw new KvorumError("ERR", `argument ${index} is not a number`);
  // Redis reads "inf", and not the language's "Infinity".
  if (!Number.isFinite(arg)) return arg > 0 ? "inf" : "-inf";
  return String(arg);
}

function encodedBytes(sizes: readonly number[]): number {
  let total = headerBytes(sizes.length);
  for (const size of sizes) total += headerBytes(size) + size + 2;
  return total;
}

/** `*3\r\n`, `$12\r\n` */
function headerBytes(count: number): number {
  return String(count).length + 3;
}

function writeHeader(bytes: Buffer, at: number, kind: number, count: number): number {
  bytes[at] = kind;
  return writeLineEnd(bytes, at + 1 + bytes.write(String(count), at + 1));
}

function writeLineEnd(bytes: Buffer, at: number): number {
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return at + 2;
}
