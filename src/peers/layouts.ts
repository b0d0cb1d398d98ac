import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { type Configuration, decodeConfiguration, encodeConfiguration } from "../raft/configuration.ts";
import type { AppendEntries, AppendReply, InstallSnapshot, Message } from "../raft/message.ts";
import type { Entry, EntryKind, NodeId, Snapshot, Term } from "../raft/types.ts";
import { type FieldReader, type FieldWriter, FrameDamage } from "./fields.ts";
import type { Forward, ForwardReply, PeerMessage, SnapshotPiece } from "./message.ts";

/** The members at the two ends of one direction of a connection. */
export interface Ends {
  readonly from: NodeId;
  readonly to: NodeId;
}

interface RaftEnvelope extends Ends {
  readonly term: Term;
}

/** How a kind of message stands in a frame. README.md has the same as a table. */
interface Layout<M, E> {
  /** On the wire: never used for anything else. */
  readonly kind: number;
  /** Of its fields here, without what all of them begin with. */
  readonly bytesMin: number;
  readonly bytesMax: number;
  /** It holds bytes that outlive the decoding. */
  readonly hasPayload?: true;
  write(out: FieldWriter, message: M): void;
  read(from: FieldReader, envelope: E): M;
}

type RaftLayouts = {
  readonly [T in Message["type"]]: Layout<Extract<Message, { type: T }>, RaftEnvelope>;
};

type HostType = Exclude<PeerMessage["type"], "consensus">;
type HostLayouts = { readonly [T in HostType]: Layout<Extract<PeerMessage, { type: T }>, Ends> };

const entryHeadBytes = 6 + 1 + 4;
/** Kind 8 stands on disks alone. */
const entryKindMax = 7;
const snapshotBytes = 12 + 4 + limits.configurationBytesMax;

/** What the raft core says. */
export const raftLayouts: RaftLayouts = {
  preVote: {
    kind: 1,
    ...fixed(12),
    write: (out, { last }) => out.id(last),
    read: (from, envelope) => ({ type: "preVote", ...envelope, last: from.id() }),
  },
  preVoteReply: {
    kind: 2,
    ...fixed(7),
    write(out, { forTerm, isGranted }) {
      out.u48(forTerm);
      out.flag(isGranted);
    },
    read: (from, envelope) => ({
      type: "preVoteReply",
      ...envelope,
      forTerm: from.u48(),
      isGranted: from.flag(),
    }),
  },
  requestVote: {
    kind: 3,
    ...fixed(13),
    write(out, { last, isTransfer }) {
      out.id(last);
      out.flag(isTransfer);
    },
    read: (from, envelope) => ({
      type: "requestVote",
      ...envelope,
      last: from.id(),
      isTransfer: from.flag(),
    }),
  },
  voteReply: {
    kind: 4,
    ...fixed(1),
    write: (out, { isGranted }) => out.flag(isGranted),
    read: (from, envelope) => ({ type: "voteReply", ...envelope, isGranted: from.flag() }),
  },
  appendEntries: {
    kind: 5,
    bytesMin: 22,
    bytesMax: limits.peerBodyBytesMax - 12,
    hasPayload: true,
    write: writeAppend,
    read: readAppend,
  },
  appendReply: {
    kind: 6,
    bytesMin: 7,
    bytesMax: 19,
    write: writeAppendReply,
    read: (from, envelope) => ({
      type: "appendReply",
      ...envelope,
      index: from.u48(),
      conflict: from.flag() ? from.id() : undefined,
    }),
  },
  heartbeat: {
    kind: 7,
    ...fixed(13),
    write(out, { commitIndex, isConfirmed, round }) {
      out.u48(commitIndex);
      out.flag(isConfirmed);
      out.u48(round);
    },
    read: (from, envelope) => ({
      type: "heartbeat",
      ...envelope,
      commitIndex: from.u48(),
      isConfirmed: from.flag(),
      round: from.u48(),
    }),
  },
  heartbeatReply: {
    kind: 8,
    ...fixed(6),
    write: (out, { round }) => out.u48(round),
    read: (from, envelope) => ({ type: "heartbeatReply", ...envelope, round: from.u48() }),
  },
  installSnapshot: {
    kind: 9,
    bytesMin: 16,
    bytesMax: snapshotBytes,
    write: (out, { snapshot }) => writeSnapshot(out, snapshot),
    read: (from, envelope) => ({ type: "installSnapshot", ...envelope, snapshot: readSnapshot(from) }),
  },
  timeoutNow: {
    kind: 10,
    ...fixed(0),
    write() {},
    read: (_from, envelope) => ({ type: "timeoutNow", ...envelope }),
  },
  readIndex: {
    kind: 11,
    ...fixed(12),
    write(out, { boot, request }) {
      out.u48(boot);
      out.u48(request);
    },
    read: (from, envelope) => ({ type: "readIndex", ...envelope, boot: from.u48(), request: from.u48() }),
  },
  readIndexReply: {
    kind: 12,
    ...fixed(18),
    write(out, { boot, request, index }) {
      out.u48(boot);
      out.u48(request);
      out.u48(index);
    },
    read: (from, envelope) => ({
      type: "readIndexReply",
      ...envelope,
      boot: from.u48(),
      request: from.u48(),
      index: from.u48(),
    }),
  },
};

/** What hosts say beside it. */
export const hostLayouts: HostLayouts = {
  snapshotPiece: {
    kind: 32,
    bytesMin: 6 + 16 + 18,
    bytesMax: 6 + snapshotBytes + 18 + limits.snapshotPieceBytesMax,
    hasPayload: true,
    write: writePiece,
    read: readPiece,
  },
  snapshotProgress: {
    kind: 33,
    ...fixed(13),
    write(out, { transfer, received, hasFailed }) {
      out.u48(transfer);
      out.u48(received);
      out.flag(hasFailed);
    },
    read: (from, ends) => ({
      type: "snapshotProgress",
      ...ends,
      transfer: from.u48(),
      received: from.u48(),
      hasFailed: from.flag(),
    }),
  },
  forward: {
    kind: 34,
    bytesMin: 17,
    bytesMax: 17 + limits.logPayloadBytesMax,
    hasPayload: true,
    write: writeForward,
    read: (from, ends) => ({
      type: "forward",
      ...ends,
      session: from.u48(),
      sequence: from.u48(),
      kind: entryKindOf(from),
      voters: from.u32(),
      payload: from.payload(from.left),
    }),
  },
  forwardReply: {
    kind: 35,
    bytesMin: 13,
    bytesMax: 13 + 4 + limits.refusalBytesMax,
    write: writeForwardReply,
    read: (from, ends) => ({
      type: "forwardReply",
      ...ends,
      session: from.u48(),
      sequence: from.u48(),
      refusal: from.flag() ? from.text(limits.refusalBytesMax).toString() : undefined,
    }),
  },
  logEndRequest: {
    kind: 36,
    ...fixed(12),
    write(out, { boot, round }) {
      out.u48(boot);
      out.u48(round);
    },
    read: (from, ends) => ({ type: "logEndRequest", ...ends, boot: from.u48(), round: from.u48() }),
  },
  logEnd: {
    kind: 37,
    ...fixed(30),
    write(out, { boot, round, lastIndex, configurationIndex, heldIndex }) {
      out.u48(boot);
      out.u48(round);
      out.u48(lastIndex);
      out.u48(configurationIndex);
      out.u48(heldIndex);
    },
    read: (from, ends) => ({
      type: "logEnd",
      ...ends,
      boot: from.u48(),
      round: from.u48(),
      lastIndex: from.u48(),
      configurationIndex: from.u48(),
      heldIndex: from.u48(),
    }),
  },
  alive: {
    kind: 38,
    ...fixed(0),
    write() {},
    read: (_from, ends) => ({ type: "alive", ...ends }),
  },
};

function fixed(bytes: number): { bytesMin: number; bytesMax: number } {
  return { bytesMin: bytes, bytesMax: bytes };
}

function writeAppend(out: FieldWriter, { previous, commitIndex, entries }: AppendEntries): void {
  out.id(previous);
  out.u48(commitIndex);
  out.u32(entries.length);
  let index = previous.index;
  for (const entry of entries) {
    assert(entry.index === ++index, "entries follow each other without a gap");
    out.u48(entry.term);
    out.u8(entry.kind);
    out.u32(entry.payload.length);
  }
  for (const { payload } of entries) out.payload(payload);
}

function readAppend(from: FieldReader, envelope: RaftEnvelope): AppendEntries {
  const previous = from.id();
  const commitIndex = from.u48();
  const count = from.u32();
  if (count * entryHeadBytes > from.left) throw new FrameDamage(`${count} entries do not fit into it`);
  const heads = Array.from({ length: count }, () => readEntryHead(from));
  const entries = heads.map(({ term, kind, length }, i): Entry => {
    return { term, index: previous.index + 1 + i, kind, payload: from.payload(length) };
  });
  return { type: "appendEntries", ...envelope, previous, entries, commitIndex };
}

function readEntryHead(from: FieldReader): { term: Term; kind: EntryKind; length: number } {
  return { term: from.u48(), kind: entryKindOf(from), length: from.u32() };
}

function entryKindOf(from: FieldReader): EntryKind {
  const kind = from.u8();
  if (kind === 0 || kind > entryKindMax) throw new FrameDamage(`an entry is of unknown kind ${kind}`);
  return kind as EntryKind;
}

function writeAppendReply(out: FieldWriter, { index, conflict }: AppendReply): void {
  out.u48(index);
  out.flag(conflict !== undefined);
  if (conflict !== undefined) out.id(conflict);
}

function writeSnapshot(out: FieldWriter, snapshot: Snapshot): void {
  out.id(snapshot);
  out.text(encodeConfiguration(snapshot.configuration));
}

function readSnapshot(from: FieldReader): Snapshot {
  const id = from.id();
  return { ...id, configuration: configurationOf(from.text(limits.configurationBytesMax)) };
}

function configurationOf(bytes: Buffer): Configuration {
  try {
    return decodeConfiguration(bytes);
  } catch (error) {
    throw new FrameDamage("a configuration is none", { cause: error });
  }
}

function writePiece(out: FieldWriter, piece: SnapshotPiece): void {
  out.u48(piece.install.term);
  writeSnapshot(out, piece.install.snapshot);
  out.u48(piece.transfer);
  out.u48(piece.offset);
  out.u48(piece.totalBytes);
  out.payload(piece.bytes);
}

function readPiece(from: FieldReader, ends: Ends): SnapshotPiece {
  const install: InstallSnapshot = {
    type: "installSnapshot",
    ...ends,
    term: from.u48(),
    snapshot: readSnapshot(from),
  };
  const place = { transfer: from.u48(), offset: from.u48(), totalBytes: from.u48() };
  return { type: "snapshotPiece", ...ends, install, ...place, bytes: from.payload(from.left) };
}

function writeForward(out: FieldWriter, { session, sequence, kind, voters, payload }: Forward): void {
  out.u48(session);
  out.u48(sequence);
  out.u8(kind);
  out.u32(voters);
  out.payload(payload);
}

function writeForwardReply(out: FieldWriter, { session, sequence, refusal }: ForwardReply): void {
  out.u48(session);
  out.u48(sequence);
  out.flag(refusal !== undefined);
  if (refusal !== undefined) out.text(Buffer.from(refusal));
}
