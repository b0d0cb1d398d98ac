import { Chance } from "./chance.ts";

/** One command. */
export interface Step {
  readonly args: readonly Buffer[];
  /** Whether it is sent as a line, as a person at a terminal would. */
  readonly isInline: boolean;
}

/** Several commands sent at once over one connection. */
export interface Pipeline {
  readonly kind: "pipeline";
  readonly connection: number;
  readonly steps: readonly Step[];
  /** Seed of the places where the bytes are cut into writes; 0: one write. */
  readonly cuts: number;
}

/** Bytes that are no command; a PING follows them, for a server that bears them. */
export interface Garbage {
  readonly kind: "garbage";
  readonly connection: number;
  readonly bytes: Buffer;
}

/** SCAN to its end. Two servers have different cursors: what they found is compared. */
export interface Walk {
  readonly kind: "walk";
  readonly connection: number;
  readonly options: readonly Buffer[];
}

/** RANDOMKEY, compared by whether the key is one of KEYS. */
export interface Draw {
  readonly kind: "draw";
  readonly connection: number;
}

/** A connection closes itself with CLIENT KILL. */
export interface Kill {
  readonly kind: "kill";
  readonly connection: number;
}

/** Gives keys deadlines that come soon, and waits until none of the keys exists any more. */
export interface Expiry {
  readonly kind: "expiry";
  readonly connection: number;
  readonly steps: readonly Step[];
  readonly keys: readonly Buffer[];
}

export type Turn = Pipeline | Garbage | Walk | Draw | Kill | Expiry;

/** What several clients say to one server, one after another. */
export type Conversation = readonly Turn[];

export type Word = string | number | bigint | Buffer;

export function step(...words: readonly Word[]): Step {
  return { args: words.map(toBytes), isInline: false };
}

export function pipeline(connection: number, ...steps: readonly Step[]): Pipeline {
  return { kind: "pipeline", connection, steps, cuts: 0 };
}

export function toBytes(word: Word): Buffer {
  return Buffer.isBuffer(word) ? word : Buffer.from(String(word), "latin1");
}

/** The name in lower case; for a command of a family with its second word: "client|reply". */
export function nameOf(args: readonly Buffer[]): string {
  const name = lower(args[0]);
  return families.has(name) && args.length > 1 ? `${name}|${lower(args[1])}` : name;
}

const families: ReadonlySet<string> = new Set(
  "client command config debug latency memory object slowlog".split(" "),
);

/** An argument as text in lower case, as options are read. */
export function lower(arg: Buffer | undefined): string {
  return (arg ?? Buffer.alloc(0)).toString("latin1").toLowerCase();
}

/** A command as its bytes on the wire. */
export function encodeStep({ args, isInline }: Step): Buffer {
  if (isInline) return Buffer.from(`${args.map(quoted).join(" ")}\r\n`, "latin1");
  const parts = args.flatMap((arg) => [Buffer.from(`$${arg.length}\r\n`), arg, Buffer.from("\r\n")]);
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts]);
}

/** A word as redis-cli and inline commands take it: bare where that is safe. */
export function quoted(word: Buffer): string {
  const text = word.toString("latin1");
  if (/^[\w:.+*-]+$/.test(text)) return text;
  const escaped = text.replace(/[^\x20-\x7e]|["\\]/g, (c) =>
    c === '"' || c === "\\" ? `\\${c}` : `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${escaped}"`;
}

/** Cuts bytes at random places; seed 0 cuts nothing. */
export function cut(bytes: Buffer, seed: number): Buffer[] {
  if (seed === 0) return [bytes];
  const chance = new Chance(seed);
  // A short turn also byte by byte: every place where a decoder can be interrupted comes up.
  const chunkMax = chance.pick(bytes.length < 400 ? [1, 7, 50] : [50, 500, 5_000, 50_000]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + chance.below(chunkMax);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}
