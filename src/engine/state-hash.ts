import { halfSipHash } from "../base/half-sip-hash.ts";
import { viewOf } from "../base/words.ts";
import type { Arena } from "./arena.ts";
import type { Engine } from "./engine.ts";
import type { Keyspace } from "./keyspace.ts";
import {
  createdOf,
  deadlineOf,
  isRaw,
  keyLength,
  keyStart,
  modifiedOf,
  valueLength,
  versionOf,
  viewOfPage,
} from "./record.ts";
import type { Session } from "./session.ts";

/**
 * A hash of everything that is the same on every member at one index: keys with their databases, values,
 * deadlines, revisions and versions, sessions with their replies, and the engine's revision, time and version. 64 bits in hex. Where records lie
 * and how the tables grew is not in it: the hashes of the records are added up, in whatever order.
 *
 * Against faults, not against people: its keys are known.
 */
export function stateHash(engine: Engine): string {
  const sums = new Uint32Array(lanes.length);
  for (const [db, keyspace] of engine.keyspaces.entries())
    if (keyspace.records > 0) addKeyspace(sums, db, keyspace);
  facts.fill(0);
  facts[0] = engine.revision;
  facts[1] = Math.max(0, engine.now);
  facts[2] = engine.version;
  addFacts(sums);
  for (const session of engine.sessions.all()) addSession(sums, session);
  return [...sums].map((sum) => sum.toString(16).padStart(8, "0")).join("");
}

function addKeyspace(sums: Uint32Array, db: number, keyspace: Keyspace): void {
  keyspace.walk(0, Number.POSITIVE_INFINITY, (handle) => {
    addRecord(sums, db, keyspace.arena, handle);
  });
}

function addRecord(sums: Uint32Array, db: number, arena: Arena, handle: number): void {
  const start = keyStart(arena, handle);
  const keyBytes = keyLength(arena, handle);
  const valueBytes = valueLength(arena, handle);
  const view = viewOfPage(arena, handle);
  facts[0] = 1 + db;
  facts[1] = isRaw(arena, handle) ? 1 : 0;
  facts[2] = keyBytes;
  facts[3] = valueBytes;
  facts[4] = deadlineOf(arena, handle);
  facts[5] = createdOf(arena, handle);
  facts[6] = modifiedOf(arena, handle);
  facts[7] = versionOf(arena, handle);
  for (const [i, key] of lanes.entries()) {
    facts[8 + i] = halfSipHash(key, ~key, view, start, start + keyBytes + valueBytes);
  }
  addFacts(sums);
}

/** Its replies stand for themselves: their order is not state. */
function addSession(sums: Uint32Array, session: Session): void {
  facts.fill(0);
  facts[0] = -1;
  facts[1] = session.id;
  facts[2] = session.ttlMs;
  facts[3] = session.deadline;
  facts[4] = session.low;
  addFacts(sums);
  for (const [sequence, reply] of session.replies) addReply(sums, session.id, sequence, reply);
}

function addReply(sums: Uint32Array, id: number, sequence: number, reply: string | undefined): void {
  facts.fill(0);
  facts[0] = -2;
  facts[1] = id;
  facts[2] = sequence;
  facts[3] = reply?.length ?? -1;
  const bytes = viewOf(Buffer.from(reply ?? "", "latin1"));
  for (const [i, key] of lanes.entries()) facts[8 + i] = halfSipHash(key, ~key, bytes, 0, bytes.byteLength);
  addFacts(sums);
}

function addFacts(sums: Uint32Array): void {
  for (const [i, key] of lanes.entries()) {
    sums[i]! += halfSipHash(~key, key, factsView, 0, facts.byteLength);
  }
}

/** Two hashes of 32 bits with different keys are one of 64. */
const lanes: readonly number[] = [0x243f6a88, 0x13198a2e];
/** What is hashed of a record beside its bytes, and their hashes. */
const facts = new Float64Array(8 + lanes.length);
const factsView: DataView = new DataView(facts.buffer);
