import { limits } from "../base/limits.ts";
import { copyRange, viewOf } from "../base/words.ts";
import type { Arena } from "./arena.ts";
import { refuseChunk as refuse } from "./chunk-fault.ts";
import type { Engine } from "./engine.ts";
import type { RecordFacts } from "./keyspace.ts";
import {
  bytesOf,
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
import { readSession, sessionLength, writeSession } from "./session-chunk.ts";

/**
 * The engine's state outside of it: in a snapshot, or on its way to another member. A chunk is read by itself;
 * their order does not matter. Numbers are little endian.
 *
 *     chunk    0  u8   kind: 1 records, 2 sessions; 3 users is reserved
 *              1  …    records or sessions, up to the end
 *
 *     record   0  u8   database 4 bits | raw 1 bit | deadline 1 bit | history 1 bit | 0
 *              1  u16  length of the key
 *              3  u32  length of the value
 *              7  u48  modified revision
 *            ┌    u64  deadline, ms since 1970 ┐ with `deadline`
 *            ┌    u48  created revision        ┐ with `history`; without, the record was written once:
 *            └    u48  version                 ┘ created is modified, and the version is 1
 *                 …    key, value
 *
 *     session  0  u48  id
 *              6  u32  time to live, ms
 *             10  u64  deadline, ms since 1970
 *             18  u48  lowest sequence that may still be applied or asked for
 *             24  u32  number of replies
 *            ┌    u48  sequence                           ┐ each
 *            │    u32  length; 2^32 − 1: it was not kept  │
 *            └    …    reply                              ┘
 */
const recordsKind = 1;
const sessionsKind = 2;
const fixedBytes = 13;
const deadlineBytes = 8;
const historyBytes = 12;

const databaseMask = 15;
const rawBit = 16;
const deadlineBit = 32;
const historyBit = 64;
const unusedBit = 128;

/** Bytes of a chunk, one part behind the other. */
export type Chunk = readonly Buffer[];

/** Records and sessions on their way out, gathered into chunks of about `limits.chunkBytes`; a larger record makes one alone. */
export class ChunkQueue {
  /** Bytes that were not taken yet. */
  bytes = 0;

  readonly #ready: Chunk[] = [];
  /** The chunk that is being filled, and up to where it is; 0: it is not begun. */
  #open: Buffer = noBytes;
  #end = 0;
  /** The buffers of chunks in #ready that can be used again: new memory costs more than what is copied into it. */
  readonly #buffers = new Map<Chunk, Buffer>();
  readonly #spares: Buffer[] = [];
  #taken: Buffer | undefined;
  /** The buffers of large records that chunks read from, and the chunk that the caller has. */
  readonly #lent = new Map<Chunk, Buffer>();
  #takenChunk: Chunk | undefined;

  /** Adds a copy of a record. */
  add(db: number, arena: Arena, handle: number): void {
    const start = keyStart(arena, handle);
    const size = keyLength(arena, handle) + valueLength(arena, handle);
    const at = this.#reserve(recordsKind, headBytesMax + size);
    const body = at + writeHead(this.#open, at, db, arena, handle);
    const page = bytesOf(arena, handle);
    copyRange(page, viewOfPage(arena, handle), start, start + size, this.#open, viewOf(this.#open), body);
    this.#end = body + size;
    this.bytes += this.#end - at;
  }

  /**
   * Adds a record that has a buffer of its own, without copying it: nobody may write there while it `hasLent` that.
   */
  addLarge(db: number, arena: Arena, handle: number): void {
    const head = Buffer.allocUnsafe(1 + headBytesMax);
    head[0] = recordsKind;
    const headEnd = 1 + writeHead(head, 1, db, arena, handle);
    const start = keyStart(arena, handle);
    const end = start + keyLength(arena, handle) + valueLength(arena, handle);
    const bytes = bytesOf(arena, handle);
    const chunk = [head.subarray(0, headEnd), bytes.subarray(start, end)];
    this.#ready.push(chunk);
    this.#lent.set(chunk, bytes);
    this.bytes += headEnd + end - start;
  }

  /** Adds a copy of a session. */
  addSession(session: Session): void {
    const at = this.#reserve(sessionsKind, sessionLength(session));
    this.#end = writeSession(this.#open, at, session);
    this.bytes += this.#end - at;
  }

  /** Whether a record in this buffer was added and its chunk is not done with. */
  hasLent(bytes: Buffer): boolean {
    if (this.#lent.size === 0) return false;
    for (const lent of this.#lent.values()) if (lent === bytes) return true;
    return false;
  }

  get hasLentAny(): boolean {
    return this.#lent.size > 0;
  }

  /** The next chunk that is full, and any chunk after endChunk. Its bytes are the caller's until the next one is taken. */
  take(): Chunk | undefined {
    if (this.#taken !== undefined && this.#spares.length < sparesMax) this.#spares.push(this.#taken);
    this.#taken = undefined;
    if (this.#takenChunk !== undefined) this.#lent.delete(this.#takenChunk);
    const chunk = this.#ready.shift();
    this.#takenChunk = chunk;
    if (chunk === undefined) return undefined;
    for (const part of chunk) this.bytes -= part.length;
    this.#taken = this.#buffers.get(chunk);
    this.#buffers.delete(chunk);
    return chunk;
  }

  endChunk(): void {
    if (this.#end === 0) return;
    const chunk = [this.#open.subarray(0, this.#end)];
    this.#ready.push(chunk);
    if (this.#open.length === limits.chunkBytes) this.#buffers.set(chunk, this.#open);
    this.#end = 0;
    this.#open = noBytes;
  }

  /** Where in the open chunk, which is of this kind, there are so many bytes for what comes next. */
  #reserve(kind: number, bytes: number): number {
    if (this.#end + bytes > this.#open.length || this.#open[0] !== kind) {
      this.endChunk();
      this.#open = this.#bufferOf(1 + bytes);
      this.#open[0] = kind;
      this.#end = 1;
      this.bytes++;
    }
    return this.#end;
  }

  #bufferOf(bytes: number): Buffer {
    if (bytes > limits.chunkBytes) return Buffer.allocUnsafeSlow(bytes);
    return this.#spares.pop() ?? Buffer.allocUnsafeSlow(limits.chunkBytes);
  }
}

/** As many chunks as a turn of the image fills. */
const sparesMax = 16;

const headBytesMax: number = fixedBytes + deadlineBytes + historyBytes;
const noBytes: Buffer = Buffer.alloc(0);

/** Writes what stands before the key. Returns its length. */
function writeHead(into: Buffer, at: number, db: number, arena: Arena, handle: number): number {
  const view = viewOf(into);
  const deadline = deadlineOf(arena, handle);
  const created = createdOf(arena, handle);
  const modified = modifiedOf(arena, handle);
  const version = versionOf(arena, handle);
  const isNew = version === 1 && created === modified;
  const flags =
    (isRaw(arena, handle) ? rawBit : 0) | (deadline === 0 ? 0 : deadlineBit) | (isNew ? 0 : historyBit);
  view.setUint8(at, db | flags);
  view.setUint16(at + 1, keyLength(arena, handle), true);
  view.setUint32(at + 3, valueLength(arena, handle), true);
  setU48(view, at + 7, modified);
  let end = at + fixedBytes;
  if (deadline !== 0) {
    view.setUint32(end, deadline, true);
    view.setUint32(end + 4, Math.floor(deadline / 2 ** 32), true);
    end += deadlineBytes;
  }
  if (!isNew) {
    setU48(view, end, created);
    setU48(view, end + 6, version);
    end += historyBytes;
  }
  return end - at;
}

/**
 * Puts the records or sessions of a chunk into an engine (Engine.begin comes first). Throws KvorumError where the
 * bytes are no such chunk, or hold what cannot be: the engine is worth nothing then.
 */
export function loadChunk(engine: Engine, chunk: Buffer): void {
  for (const _ of loadSteps(engine, chunk));
}

/** The same a step at a time, which is short also where a value is long. The chunk is needed to the end. */
export function* loadSteps(engine: Engine, chunk: Buffer): Iterable<void> {
  const { revision, sessions } = engine;
  if (chunk[0] === recordsKind) return yield* recordSteps(engine, chunk);
  forEachIn(
    chunk,
    revision,
    () => {},
    (at, session) => {
      if (!sessions.restore(session)) refuse(at, "a session that is there already");
    },
  );
}

function* recordSteps({ revision, keyspaces }: Engine, chunk: Buffer): Iterable<void> {
  for (let at = 1; at < chunk.length; ) {
    readRecord(chunk, at, revision);
    const { db, keyFrom, keyTo, valueTo } = place;
    const keyspace = keyspaces[db]!;
    const handle = keyspace.restore(facts, chunk, keyFrom, keyTo, valueTo);
    if (handle === 0) refuse(at, "a key that is there already");
    for (let from = keyFrom + limits.copyBytesPerStep; from < valueTo; from += limits.copyBytesPerStep) {
      yield;
      keyspace.fill(handle, chunk, keyFrom, from, valueTo);
    }
    at = valueTo;
  }
}

/** How much of everything some chunks hold. */
export interface Counts {
  /** In each database. */
  readonly keys: number[];
  sessions: number;
}

/** Adds what a chunk holds to the counts. Throws as loadChunk does. */
export function countChunk(chunk: Buffer, revision: number, counts: Counts): void {
  forEachIn(
    chunk,
    revision,
    () => counts.keys[place.db]!++,
    () => counts.sessions++,
  );
}

/** Visits each record, which is in `facts` and `place` then, or each session. */
function forEachIn(
  chunk: Buffer,
  revision: number,
  onRecord: (at: number) => void,
  onSession: (at: number, session: Session) => void,
): void {
  if (chunk[0] === recordsKind) {
    for (let at = 1; at < chunk.length; at = place.valueTo) {
      readRecord(chunk, at, revision);
      onRecord(at);
    }
  } else if (chunk[0] === sessionsKind) {
    for (let at = 1; at < chunk.length; ) {
      const { session, end } = readSession(chunk, at, revision);
      onSession(at, session);
      at = end;
    }
  } else {
    refuse(0, `a chunk of kind ${chunk[0]}, which this version does not know`);
  }
}

/** One object each for all records that are read. */
const facts: RecordFacts = { deadline: 0, created: 0, modified: 0, version: 0, isRaw: false };
/** The database of a record, and where in its chunk key and value are; the next record begins at `valueTo`. */
const place: Place = { db: 0, keyFrom: 0, keyTo: 0, valueTo: 0 };

interface Place {
  db: number;
  keyFrom: number;
  keyTo: number;
  valueTo: number;
}

/** Reads a record of a state of this revision into `facts` and `place`. */
function readRecord(chunk: Buffer, at: number, revision: number): void {
  const view = viewOf(chunk);
  const flags = chunk[at]!;
  const hasDeadline = (flags & deadlineBit) !== 0;
  const hasHistory = (flags & historyBit) !== 0;
  const keyFrom = at + fixedBytes + (hasDeadline ? deadlineBytes : 0) + (hasHistory ? historyBytes : 0);
  if (keyFrom > chunk.length) refuse(at, "it ends within a record");
  const keyTo = keyFrom + view.getUint16(at + 1, true);
  const valueTo = keyTo + view.getUint32(at + 3, true);
  if (valueTo > chunk.length) refuse(at, "it ends within a record");
  if ((flags & unusedBit) !== 0) refuse(at, "a record with a flag that this version does not know");
  const history = keyFrom - historyBytes;
  facts.isRaw = (flags & rawBit) !== 0;
  facts.modified = getU48(view, at + 7);
  facts.created = hasHistory ? getU48(view, history) : facts.modified;
  facts.version = hasHistory ? getU48(view, history + 6) : 1;
  facts.deadline = hasDeadline ? getU64(view, at + fixedBytes) : 0;
  place.db = flags & databaseMask;
  place.keyFrom = keyFrom;
  place.keyTo = keyTo;
  place.valueTo = valueTo;
  checkFacts(revision, at, hasDeadline, valueTo - keyTo);
}

function checkFacts(revision: number, at: number, hasDeadline: boolean, valueBytes: number): void {
  const { created, modified, version, deadline } = facts;
  if (created < 1 || created > modified || modified > revision) {
    refuse(at, `a record of revisions ${created} to ${modified} in a state of revision ${revision}`);
  }
  if (version < 1) refuse(at, "a record that was never written");
  if (hasDeadline && (deadline < 1 || deadline > limits.deadlineMsMax))
    refuse(at, `a deadline at ${deadline}`);
  if (valueBytes > limits.valueBytesMax) refuse(at, `a value of ${valueBytes} bytes`);
}

function setU48(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint16(at + 4, Math.floor(value / 2 ** 32), true);
}

function getU48(view: DataView, at: number): number {
  return view.getUint16(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

function getU64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}
