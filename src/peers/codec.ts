import { assert } from "../base/assert.ts";
import { writeU32 } from "../base/numbers.ts";
import { crc32 } from "../platform/crc32.ts";
import type { Message } from "../raft/message.ts";
import { type FieldReader, FieldWriter } from "./fields.ts";
import { type Ends, hostLayouts, raftLayouts } from "./layouts.ts";
import type { Consensus, PeerMessage } from "./message.ts";

export const headBytes = 13;
/** Time and term, with which begins what raft says. */
const raftHeadBytes = 12;

/** A kind of frame, with whatever it is that all of its like begin with. */
export interface FrameKind {
  readonly name: string;
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly hasPayload: boolean;
  read(from: FieldReader, ends: Ends): PeerMessage;
}

/**
 * A message as a frame, in parts that are to be sent one behind the other. The first is the caller's, the others are
 * the message's own payloads. `from` and `to` are not in it.
 */
export function encodeFrame(message: PeerMessage): Buffer[] {
  writer.begin(headBytes);
  const kind = writeBody(message);
  const length = writer.length - headBytes;
  const { name, bytesMin, bytesMax } = frameKinds[kind]!;
  assert(length >= bytesMin && length <= bytesMax, `a ${name} of ${length} bytes is within its bounds`);
  const parts = writer.parts();
  writeHead(parts, kind, length);
  return parts;
}

const writer = new FieldWriter();

function writeBody(message: PeerMessage): number {
  if (message.type === "consensus") return writeConsensus(message);
  const { kind, write } = hostLayouts[message.type];
  // The row is the one of this very type, which TypeScript cannot know.
  (write as (out: FieldWriter, message: PeerMessage) => void)(writer, message);
  return kind;
}

function writeConsensus({ message, timeMs, from, to }: Consensus): number {
  assert(message.from === from && message.to === to, "a message goes where its envelope goes");
  writer.u48(timeMs);
  writer.u48(message.term);
  const { kind, write } = raftLayouts[message.type];
  (write as (out: FieldWriter, message: Message) => void)(writer, message);
  return kind;
}

function writeHead(parts: readonly Buffer[], kind: number, length: number): void {
  const head = parts[0]!;
  let crc = crc32(head, headBytes, head.length);
  for (let i = 1; i < parts.length; i++) crc = crc32(parts[i]!, 0, parts[i]!.length, crc);
  writeU32(head, 4, length);
  writeU32(head, 8, crc);
  head[12] = kind;
  writeU32(head, 0, crc32(head, 4, headBytes));
}

/** By their numbers. */
export const frameKinds: readonly (FrameKind | undefined)[] = makeFrameKinds();

function makeFrameKinds(): (FrameKind | undefined)[] {
  const kinds: (FrameKind | undefined)[] = [];
  for (const [name, layout] of Object.entries(raftLayouts)) {
    assert(kinds[layout.kind] === undefined, "each kind has its number");
    kinds[layout.kind] = {
      name,
      bytesMin: layout.bytesMin + raftHeadBytes,
      bytesMax: layout.bytesMax + raftHeadBytes,
      hasPayload: layout.hasPayload === true,
      read(fields, { from, to }) {
        const timeMs = fields.u48();
        const message = layout.read(fields, { from, to, term: fields.u48() });
        return { type: "consensus", from, to, message, timeMs };
      },
    };
  }
  for (const [name, layout] of Object.entries(hostLayouts)) {
    assert(kinds[layout.kind] === undefined, "each kind has its number");
    const { bytesMin, bytesMax, hasPayload, read } = layout;
    kinds[layout.kind] = { name, bytesMin, bytesMax, hasPayload: hasPayload === true, read };
  }
  return kinds;
}

/** The same for everybody: who speaks to whom is not in it. */
export const aliveFrame: Buffer = encodeFrame({ type: "alive", from: "", to: "" })[0]!;
