import { assert } from "../base/assert.ts";
import { batchHeaderBytes, batchNumberBytesMax, encodeBatchNumber } from "../engine/batch.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { numberArguments } from "../protocol/spec/session.ts";
import type { Origin, ReadMode } from "./contract.ts";

const none: Buffer = Buffer.alloc(0);

/**
 * What is offered until the next entry is proposed, in the order in which it takes effect: writes, whose bytes
 * are the entry's payload, and reads that wait behind them, whose bytes stay here.
 *
 *     origins   o1      o2      o1       o3
 *     places    8       ~0      41       77        place of a write in the payload, ~place of a read in #reads
 *     payload   [time][db SET a 1][db SET b 2][db DEL a]
 *     #reads    [db GET a]
 */
export class Batch {
  readonly origins: Origin[] = [];
  /** Items: writes and reads. */
  count = 0;
  /** Its entry in the log, once proposed; 0 before. */
  index = 0;
  term = 0;
  /** Of reads alone: they may be answered when this is applied; infinite while it is not known. */
  readIndex: number = Number.POSITIVE_INFINITY;
  /** Cluster time when it was sealed: deadlines that had passed by then have passed for its reads. */
  sealedAtMs = 0;
  /** When it was begun, in monotonic ms. */
  sinceMs = 0;
  /** What its callers are answered instead, when it is their turn. */
  error: string | undefined;
  /** What its writes are answered instead: the leader has used up its number without them. */
  refusal: string | undefined;
  /** How its reads want to be answered, the strictest of them, and by how many voters. */
  readMode: ReadMode = "stale";
  readQuorum = 0;
  /** Voters that must hold it before it is answered; 0: what its commit takes, as it is found out when it is applied. */
  writeQuorum = 0;
  /** Of a batch that is applied and whose callers have still to wait: the reply to each item. */
  replies: Buffer[] | undefined;
  /** All its items are applied. */
  isApplied = false;
  /** It has left the line. */
  isDone = false;
  /** The next item to be applied, where a batch is applied in several turns. */
  next = 0;
  /** Wanted by the expiry of a key: becomes an entry even where nobody offers anything. */
  isTick = false;
  writes = 0;
  /** No more pages than so many are taken when it is applied: Engine.hasRoomFor. */
  pages = 0;
  /** Its number among those of a session; 0: it has none. */
  session = 0;
  sequence = 0;
  /** It was its turn in the session: what follows is its items. */
  isAdmitted = false;
  /** Its payload is in a log, or on its way to one. */
  isLogged = false;
  /** What it held when it was sealed. */
  sealedBytes = 0;
  /** The entry's payload, once sealed. */
  payload: Buffer = none;

  #places = new Int32Array(64);
  readonly #slab: Slab;
  #reads: Buffer = none;
  #readBytes = 0;
  /** By how much the writes have moved, since a number stands in front of them. */
  #shift = 0;

  constructor(slab: Slab) {
    this.#slab = slab;
    slab.begin();
  }

  get isEmpty(): boolean {
    return this.count === 0 && !this.isTick;
  }

  /** Bytes it holds: of the entry, and of the reads. */
  get bytes(): number {
    return this.#slab.length + this.#readBytes;
  }

  addWrite(args: Arguments, db: number, origin: Origin): void {
    this.#add(origin, this.#slab.length - batchNumberBytesMax);
    this.pages += pagesAtMost(args);
    this.#slab.add(db, args);
    this.writes++;
  }

  /** `quorum` counts where the mode is "quorum". */
  addRead(args: Arguments, db: number, origin: Origin, mode: ReadMode, quorum: number): void {
    if (strictness[mode] > strictness[this.readMode]) this.readMode = mode;
    if (mode === "quorum") this.readQuorum = Math.max(this.readQuorum, quorum);
    const length = args.to - args.from + 1;
    if (this.#readBytes + length > this.#reads.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1024, this.#readBytes + length, this.#reads.length * 2));
      this.#reads.copy(grown, 0, 0, this.#readBytes);
      this.#reads = grown;
    }
    this.#add(origin, ~this.#readBytes);
    this.#reads[this.#readBytes] = db;
    args.bytes.copy(this.#reads, this.#readBytes + 1, args.from, args.to);
    this.#readBytes += length;
  }

  /** Its number is committed, and its writes are not. */
  refuse(refusal: string): void {
    this.refusal = refusal;
    this.writeQuorum = 0;
  }

  /** It may be in a log. */
  get isProposed(): boolean {
    return this.index > 0 || this.sequence > 0;
  }

  /** It has no entry: nothing in it changes anything. */
  get isReadOnly(): boolean {
    return this.writes === 0 && !this.isTick;
  }

  /** Ends the batch. */
  seal(): void {
    if (this.isReadOnly) this.#slab.giveBack();
    else this.payload = beginningAt(batchNumberBytesMax, this.#slab.end());
  }

  /**
   * Gives it its number, under which it is applied once. The number takes the room in front of the writes, so their places
   * within the payload move.
   */
  number(session: number, sequence: number): void {
    assert(!this.isLogged, "what is in a log has its number");
    const { bytes, from, to } = encodeBatchNumber(session, sequence);
    this.session = session;
    this.sequence = sequence;
    this.#shift = 1 + to - from;
    this.payload = beginningAt(-this.#shift, this.payload);
    this.payload.fill(0, 0, batchHeaderBytes + 1);
    bytes.copy(this.payload, batchHeaderBytes + 1, from, to);
  }

  /** It was refused where it was proposed first: the number is free again. */
  forgetNumber(): void {
    this.payload = beginningAt(this.#shift, this.payload);
    this.payload.fill(0, 0, batchHeaderBytes);
    this.session = 0;
    this.sequence = 0;
    this.#shift = 0;
  }

  /** What is to be logged: what is in a log never changes, so where it is in one, this is a copy. */
  takePayload(): Buffer {
    return this.isLogged ? Buffer.from(this.payload) : this.payload;
  }

  isRead(item: number): boolean {
    return this.#places[item]! < 0;
  }

  /** Where the database and the command of an item begin: in the payload of a write, in `reads` of a read. */
  placeOf(item: number): number {
    const place = this.#places[item]!;
    return place < 0 ? ~place : place + this.#shift;
  }

  get reads(): Buffer {
    return this.#reads;
  }

  #add(origin: Origin, place: number): void {
    if (this.count === this.#places.length) {
      const grown = new Int32Array(this.count * 2);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[this.count++] = place;
    this.origins.push(origin);
  }
}

/** The same memory, from another place on. */
function beginningAt(offset: number, { buffer, byteOffset, length }: Buffer): Buffer {
  return Buffer.from(buffer, byteOffset + offset, length - offset);
}

/** Who waits for a stricter mode has all that a laxer one promises, but for a quorum without a leader. */
const strictness: Readonly<Record<ReadMode, number>> = { stale: 0, quorum: 1, linearizable: 2 };

/**
 * Room for payloads, one behind the other, so that an entry costs no buffer of its own; each with room for a number in
 * front. A payload that does not fit into what is left moves to a new slab; the old one lives as long as its payloads.
 *
 *     … payload │ number? │ time │ writes ………│ number? │ time │ writes …
 */
export class Slab {
  #bytes: Buffer = none;
  #from = 0;
  #to = 0;

  /** Length of the payload that is being written. */
  get length(): number {
    return this.#to - this.#from;
  }

  begin(): void {
    this.#from = this.#to;
    this.#reserve(batchNumberBytesMax + batchHeaderBytes);
    this.#to += batchNumberBytesMax + batchHeaderBytes;
    // It may be sent to another member before the time is known: whatever was in this memory is nobody's business.
    this.#bytes.fill(0, this.#from, this.#to);
  }

  add(db: number, args: Arguments): void {
    const length = args.to - args.from + 1;
    this.#reserve(length);
    this.#bytes[this.#to] = db;
    args.bytes.copy(this.#bytes, this.#to + 1, args.from, args.to);
    this.#to += length;
  }

  /** Nothing becomes of what was begun. */
  giveBack(): void {
    this.#to = this.#from;
  }

  end(): Buffer {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  #reserve(bytes: number): void {
    if (this.#to + bytes <= this.#bytes.length) return;
    const length = this.length;
    const larger = Buffer.allocUnsafeSlow(Math.max(slabBytes, 2 * (length + bytes)));
    this.#bytes.copy(larger, 0, this.#from, this.#to);
    this.#bytes = larger;
    this.#from = 0;
    this.#to = length;
  }
}

const slabBytes = 1_048_576;

/**
 * Far more than a command takes, and quickly told: a page for each key that it sets, and none is shorter than the
 * eight bytes that a key and a value take at least within a transaction.
 */
function pagesAtMost(args: Arguments): number {
  return args.count <= 3 || isShortNumbered(args) ? 1 : (args.to - args.from) >>> 3;
}

/** SESSION ID in front of a command of three words: EXEC with a command in it has four. */
function isShortNumbered(args: Arguments): boolean {
  return args.count <= numberArguments + 3 && args.is(0, "session");
}
