import { assert } from "../base/assert.ts";
import { type Chunk, ChunkQueue } from "./chunk.ts";
import type { Engine } from "./engine.ts";
import type { Keyspace, Saver } from "./keyspace.ts";
import { modifiedOf, recordLength } from "./record.ts";
import type { Session, SessionSaver, Sessions } from "./session.ts";

/**
 * The state of an engine as of the moment this is made, given out in chunks while writes go on. A cursor goes
 * through each keyspace in the order of hashes, and who is about to change a record in front of it has it saved:
 *
 *     hash   0 ─────────────────── from ───────────────────────── 2^31
 *              in the image       │ saved by the cursor when it comes there, or before it
 *                                 │ by Saver.save, just before the first change
 *
 * No mark on a record tells the two apart: one that was changed since then has a revision of after the image.
 * It was saved when that happened, or did not exist before, and the cursor passes it by. Neither a table that
 * grows nor a record that moves changes its hash or its revision.
 *
 * Of sessions it knows which are still to be saved, since there are not many.
 *
 * A large record, which has a buffer of its own, is not copied: its bytes are lent to the chunk, and who changes the
 * record before that is taken away gives it another place.
 *
 * An image keeps the keyspaces of its start: SWAPDB only changes their numbers, and one that is flushed
 * meanwhile leaves the engine and is given up here when the cursor has gone through it (Engine.clear).
 */
export class Image {
  /** The state is that after this revision, … */
  readonly revision: number;
  /** … at this time, in ms since 1970; 0: before any. */
  readonly now: number;

  readonly #engine: Engine;
  readonly #parts: readonly Part[];
  readonly #sessions: SessionPart;
  readonly #chunks = new ChunkQueue();
  /** Parts that the cursor has gone through. */
  #done = 0;
  /** Those of them that may still have lent something. */
  readonly #lingering: Part[] = [];

  /** Between two commands, and only one at a time. */
  constructor(engine: Engine) {
    assert(engine.image === undefined, "one image is taken at a time");
    this.#engine = engine;
    this.revision = engine.revision;
    this.now = Math.max(0, engine.now);
    this.#parts = engine.keyspaces.map((keyspace, db) => new Part(keyspace, db, this.revision, this.#chunks));
    this.#sessions = new SessionPart(engine.sessions, this.#chunks);
    engine.image = this;
  }

  /**
   * Lets the cursor go on: over so many records, where each KiB of a larger one counts as one too. False: the
   * image is complete, and take gives the rest of it.
   */
  next(recordsMax: number): boolean {
    let left = recordsMax;
    while (this.#done < this.#parts.length && left > 0) {
      const part = this.#parts[this.#done]!;
      left -= part.go(left);
      if (!part.isDone) continue;
      if (this.#chunks.hasLentAny) this.#lingering.push(part);
      else this.#release(part);
      this.#done++;
    }
    if (this.#done < this.#parts.length || !this.#sessions.go(left)) return true;
    this.#chunks.endChunk();
    return false;
  }

  /**
   * The next chunk, as long as there is a full one, and the last ones when the image is complete. Its bytes are
   * the caller's until the next one is taken.
   */
  take(): Chunk | undefined {
    const chunk = this.#chunks.take();
    if (this.#lingering.length > 0 && !this.#chunks.hasLentAny) this.#releaseLingering();
    return chunk;
  }

  /** Bytes that wait to be taken. Writes add to them, and so must be held back where they are too many. */
  get pendingBytes(): number {
    return this.#chunks.bytes;
  }

  /** Memory that is held by this alone. */
  get residentBytes(): number {
    let bytes = this.#chunks.bytes;
    for (const part of this.#parts) if (!this.#isInUse(part)) bytes += part.keyspace.residentBytes;
    return bytes;
  }

  /** Gives up what is not taken yet. */
  close(): void {
    for (const part of this.#parts.slice(this.#done)) this.#release(part);
    this.#releaseLingering();
    this.#done = this.#parts.length;
    this.#sessions.end();
    if (this.#engine.image === this) this.#engine.image = undefined;
  }

  #releaseLingering(): void {
    for (const part of this.#lingering.splice(0)) this.#release(part);
  }

  #release(part: Part): void {
    part.keyspace.saver = undefined;
    if (!this.#isInUse(part)) part.keyspace.clear();
  }

  #isInUse({ keyspace }: Part): boolean {
    return this.#engine.keyspaces.includes(keyspace);
  }
}

/** What one keyspace has to give. */
class Part implements Saver {
  readonly keyspace: Keyspace;
  readonly revision: number;
  from = 0;
  isDone = false;

  readonly #db: number;
  readonly #chunks: ChunkQueue;
  /** Records that are still to be saved. */
  #left: number;

  constructor(keyspace: Keyspace, db: number, revision: number, chunks: ChunkQueue) {
    this.keyspace = keyspace;
    this.revision = revision;
    this.#db = db;
    this.#chunks = chunks;
    this.#left = keyspace.records;
    keyspace.saver = this;
  }

  /** Returns what it cost: at least `costMax`, unless the part is done. */
  go(costMax: number): number {
    let cost = 0;
    while (cost < costMax && !this.isDone) cost += this.#goOn(costMax - cost);
    return cost;
  }

  /** Passes a few records, and none after those that cost enough. */
  #goOn(costMax: number): number {
    // Most databases are empty; and what is behind the last old record is new.
    if (this.#left === 0) {
      this.#end();
      return 0;
    }
    const { keyspace, revision } = this;
    const { arena } = keyspace;
    const few: number[] = [];
    const next = keyspace.walk(this.from, fewRecords, (handle) => few.push(handle));
    // First a look at all of them, then the work: they lie anywhere in the memory, and a processor waits for
    // several as long as for one.
    const old = few.filter((handle) => modifiedOf(arena, handle) <= revision);
    let cost = few.length - old.length;
    for (let i = 0; i < old.length; i++) {
      // Records of one hash are never parted.
      if (cost >= costMax && i > 0 && keyspace.hashOf(old[i]!) !== keyspace.hashOf(old[i - 1]!)) {
        this.from = keyspace.hashOf(old[i]!);
        return cost;
      }
      cost += this.#add(old[i]!);
    }
    this.from = next;
    if (next < 0) this.#end();
    return cost;
  }

  #end(): void {
    this.isDone = true;
    this.from = Number.POSITIVE_INFINITY;
    assert(this.#left === 0, "an image holds every record once");
  }

  /** What is large is lent, not copied: see hasLent. */
  #add(handle: number): number {
    const { arena } = this.keyspace;
    if (arena.isLarge(handle)) this.#chunks.addLarge(this.#db, arena, handle);
    else this.#chunks.add(this.#db, arena, handle);
    this.#left--;
    return 1 + (recordLength(arena, handle) >>> 10);
  }

  hasLent(bytes: Buffer): boolean {
    return this.#chunks.hasLent(bytes);
  }

  save(handle: number): boolean {
    const { arena } = this.keyspace;
    this.#left--;
    const isLarge = arena.isLarge(handle);
    if (isLarge) this.#chunks.addLarge(this.#db, arena, handle);
    else this.#chunks.add(this.#db, arena, handle);
    return isLarge;
  }
}

/** What the sessions have to give. */
class SessionPart implements SessionSaver {
  readonly #sessions: Sessions;
  readonly #chunks: ChunkQueue;
  /** Those of the image's start that are still to be saved. */
  readonly #left: Set<Session>;

  constructor(sessions: Sessions, chunks: ChunkQueue) {
    this.#sessions = sessions;
    this.#chunks = chunks;
    this.#left = new Set(sessions.all());
    sessions.saver = this;
  }

  /** False: some are left, since it would cost more than may be. Each KiB counts as another one. */
  go(costMax: number): boolean {
    let cost = 0;
    for (const session of this.#left) {
      if (cost >= costMax) return false;
      this.save(session);
      cost += 1 + (session.replyBytes >>> 10);
    }
    this.end();
    return true;
  }

  save(session: Session): void {
    if (this.#left.delete(session)) this.#chunks.addSession(session);
  }

  end(): void {
    this.#left.clear();
    if (this.#sessions.saver === this) this.#sessions.saver = undefined;
  }
}

/** Looked at together. */
const fewRecords = 16;
