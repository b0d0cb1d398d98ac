import { ReplyWriter } from "./reply-writer.ts";

const CR = 13;

/**
 * A reply that is kept for whoever asks again, maybe on another connection that speaks the other protocol. It is in
 * RESP3, from which RESP2 follows but for one thing: there a null is a bulk or an array. So an array that is null
 * stands here as in RESP2, `*-1`, which RESP3 has no use for.
 */
export class KeptReplyWriter extends ReplyWriter {
  override protocol = 3;

  override nullArray(): void {
    this.raw(noArray);
  }

  /** Empty again, and a large buffer is given back. */
  clear(): void {
    this.overflowed = false;
    this.hits = 0;
    this.misses = 0;
    if (this.buffer.length > bufferKeptMax) this.flush(() => true);
    else this.truncate(0);
  }
}

/** Writes a kept reply as the protocol of `out` has it: each header, line and bulk by itself, in their order. */
export function writeKept(out: ReplyWriter, bytes: Buffer, length: number): void {
  for (let at = 0; at < length; ) {
    const kind = bytes[at++]!;
    const lineEnd = bytes.indexOf(CR, at);
    const next = lineEnd + 2;
    if (kind !== bulkKind && kind !== verbatimKind) {
      lineWriters[String.fromCharCode(kind)]!(out, bytes.toString("latin1", at, lineEnd));
      at = next;
      continue;
    }
    const end = next + Number(bytes.toString("latin1", at, lineEnd));
    if (kind === bulkKind) out.bulk(bytes, next, end);
    else out.verbatim(bytes.toString("latin1", next, next + 3), bytes.toString("latin1", next + 4, end));
    at = end + 2;
  }
}

/** How what stands on one line is written, by its first byte. */
const lineWriters: Readonly<Record<string, (out: ReplyWriter, text: string) => void>> = {
  "+": (out, text) => out.simple(text),
  "-": (out, text) => out.error(text),
  ":": writeInteger,
  _: (out) => out.null(),
  "#": (out, text) => out.boolean(text === "t"),
  ",": (out, text) => out.double(text),
  "*": (out, text) => (text === "-1" ? out.nullArray() : out.array(Number(text))),
  "%": (out, text) => out.map(Number(text)),
  "~": (out, text) => out.set(Number(text)),
  ">": (out, text) => out.push(Number(text)),
};

function writeInteger(out: ReplyWriter, text: string): void {
  if (text.length < exactDigits) out.integer(Number(text));
  else out.bigInteger(BigInt(text));
}

const bulkKind = 36;
/** Shorter numbers are exact in a double. */
const exactDigits = 16;
const verbatimKind = 61;
/** Most replies are short; one buffer for all of them is kept up to this size. */
const bufferKeptMax = 65_536;
const noArray: Buffer = Buffer.from("*-1\r\n", "latin1");
