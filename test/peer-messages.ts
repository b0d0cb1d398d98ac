import fc from "fast-check";
import { encodeFrame } from "../src/peers/codec.ts";
import type { PeerMessage } from "../src/peers/message.ts";
import type { EntryKind, Message, Snapshot } from "../src/raft/index.ts";

/** Whom the messages here go between. */
export const ends = { from: "n1", to: "n2" } as const;

/** A message as it goes over the wire. */
export function sent(message: PeerMessage): Buffer {
  return Buffer.concat(encodeFrame(message));
}

/** With a prototype, as everybody else makes objects. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const u48 = fc.oneof(
  fc.nat(1000),
  fc.maxSafeNat().map((n) => n % 2 ** 48),
  fc.constant(2 ** 48 - 1),
);
const id = record({ term: u48, index: u48 });
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const kind = fc.integer({ min: 1, max: 7 }).map((number) => number as EntryKind);

const snapshot: fc.Arbitrary<Snapshot> = fc
  .tuple(
    id,
    fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 4 }),
    fc.boolean(),
    fc.string(),
  )
  .map(([place, ids, isVoter, about]) => ({
    ...place,
    configuration: { members: ids.sort((a, b) => (a < b ? -1 : 1)).map((id) => ({ id, isVoter, about })) },
  }));

const entries = fc.array(record({ term: u48, kind, payload: bytes }), { maxLength: 5 });

const raft: { readonly [T in Message["type"]]: fc.Arbitrary<Fields<Extract<Message, { type: T }>>> } = {
  preVote: record({ last: id }),
  preVoteReply: record({ forTerm: u48, isGranted: fc.boolean() }),
  requestVote: record({ last: id, isTransfer: fc.boolean() }),
  voteReply: record({ isGranted: fc.boolean() }),
  appendEntries: fc.tuple(id, u48, entries).map(([previous, commitIndex, list]) => ({
    previous,
    commitIndex,
    entries: list.map(({ term, kind, payload }, i) => ({
      term,
      index: previous.index + 1 + i,
      kind,
      payload,
    })),
  })),
  appendReply: record({ index: u48, conflict: fc.option(id, { nil: undefined }) }),
  heartbeat: record({ commitIndex: u48, isConfirmed: fc.boolean(), round: u48 }),
  heartbeatReply: record({ round: u48 }),
  installSnapshot: record({ snapshot }),
  timeoutNow: fc.constant({}),
  readIndex: record({ boot: u48, request: u48 }),
  readIndexReply: record({ boot: u48, request: u48, index: u48 }),
};

type Fields<M extends { type: string }> = Omit<M, "type" | "from" | "to" | "term">;

type HostMessage = Exclude<PeerMessage, { type: "consensus" }>;

const host: {
  readonly [T in HostMessage["type"]]: fc.Arbitrary<
    Omit<Extract<HostMessage, { type: T }>, "type" | "from" | "to">
  >;
} = {
  snapshotPiece: record({
    install: fc
      .record({ term: u48, snapshot })
      .map((rest) => ({ type: "installSnapshot", ...ends, ...rest }) as const),
    transfer: u48,
    offset: u48,
    totalBytes: u48,
    bytes,
  }),
  snapshotProgress: record({ transfer: u48, received: u48, hasFailed: fc.boolean() }),
  forward: record({ session: u48, sequence: u48, kind, voters: fc.nat(9), payload: bytes }),
  forwardReply: record({
    session: u48,
    sequence: u48,
    refusal: fc.option(fc.string(), { nil: undefined }),
  }),
  logEndRequest: record({ boot: u48, round: u48 }),
  logEnd: record({ boot: u48, round: u48, lastIndex: u48, configurationIndex: u48, heldIndex: u48 }),
  alive: fc.constant({}),
};

/** All that members can say. */
export const messageKinds: readonly string[] = [...Object.keys(raft), ...Object.keys(host)];

/** Any message from one end to the other. */
export const anyMessage: fc.Arbitrary<PeerMessage> = fc.oneof(
  ...Object.entries(raft).map(([type, fields]) =>
    fc.tuple(fields as fc.Arbitrary<object>, u48, u48).map(([rest, term, timeMs]): PeerMessage => {
      const message = { type, ...ends, term, ...rest } as Message;
      return { type: "consensus", ...ends, message, timeMs };
    }),
  ),
  ...Object.entries(host).map(([type, fields]) =>
    (fields as fc.Arbitrary<object>).map((rest) => ({ type, ...ends, ...rest }) as PeerMessage),
  ),
);
