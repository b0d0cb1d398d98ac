import { assert } from "../base/assert.ts";
import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { Arguments } from "../protocol/arguments.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import { numberArguments } from "../protocol/spec/session.ts";
import { commandNamed, commandOf, commands } from "../protocol/spec/table.ts";
import { engineHandlers } from "./commands/index.ts";
import { Demand, pagesAmple, pagesReserved } from "./demand.ts";
import type { Execution, Handler, Slice } from "./execution.ts";
import type { Image } from "./image.ts";
import { SegmentPool } from "./index-table.ts";
import { Keyspace, type Moment, type Shared } from "./keyspace.ts";
import { PagePool } from "./pages.ts";
import { bytesOf, modifiedOf, valueLength, valueStart } from "./record.ts";
import { Sessions } from "./session.ts";
import { applyTransaction, forEachQueued } from "./transaction.ts";
import { engineVersionMax } from "./version.ts";

/**
 * The deterministic state machine: sixteen keyspaces, one revision, one time. The same commands with the
 * same times give the same state and the same replies everywhere; no clock is read here.
 */
export class Engine {
  /** Of the last write that changed anything. */
  revision = 0;
  /** By which entries are applied, so that members of two releases do the same: version.ts. */
  version = 1;
  /** Keys whose deadline passed and that were removed, since the start. */
  expiredKeys = 0;

  readonly keyspaces: Keyspace[] = [];
  readonly sessions: Sessions;
  /** The image that is being taken. Set by itself. */
  image: Image | undefined = undefined;

  readonly #shared: Shared;
  readonly #execution: Running;
  readonly #moment: Moment = {
    now: Number.NEGATIVE_INFINITY,
    estimate: Number.NEGATIVE_INFINITY,
    metOverdue: false,
    revision: 0,
  };
  readonly #demand = new Demand();
  /** The database that `tidy` came to last. */
  #tidiedLast = 0;

  constructor(hashKey: readonly [number, number], pages: PagePool = new PagePool()) {
    this.sessions = new Sessions(this.#moment);
    this.#shared = { pages, segments: new SegmentPool(), hashKey, moment: this.#moment };
    for (let db = 0; db < limits.databases; db++) this.keyspaces.push(new Keyspace(this.#shared));
    this.#execution = new Running(this);
  }

  /** Bytes that keyspaces and sessions hold, as the operating system sees them. */
  get residentBytes(): number {
    let bytes = this.#shared.pages.spareBytes + this.#shared.segments.spareBytes;
    bytes += this.sessions.residentBytes;
    for (const keyspace of this.keyspaces) bytes += keyspace.residentBytes;
    return bytes + (this.image?.residentBytes ?? 0);
  }

  /** The earliest deadline of all keys and sessions, Infinity where there is none. */
  get earliestDeadline(): number {
    let earliest = this.sessions.earliestDeadline;
    for (const keyspace of this.keyspaces) earliest = Math.min(earliest, keyspace.earliestDeadline);
    return earliest;
  }

  /** Time of the last entry, in ms since 1970. */
  get now(): number {
    return this.#moment.now;
  }

  /** Time as a read sees it: that of the last entry, or the estimate it was given. */
  get estimate(): number {
    return this.#moment.estimate;
  }

  /**
   * Takes over a state whose records come next, with loadChunk: its revision, its time, and how many keys each
   * database will have. Comes before everything else. Throws KvorumError where a later version made it.
   */
  begin(revision: number, timeMs: number, keys: readonly number[], version: number = 1): void {
    assert(this.revision === 0 && keys.length <= limits.databases, "a state begins in a new engine");
    this.raiseVersion(version);
    this.revision = revision;
    this.advance(timeMs, 0);
    for (const [db, count] of keys.entries()) this.keyspaces[db]!.reserve(count);
  }

  /** The cluster's key of the hash, which was not known when this engine was made: as long as it holds nothing. */
  rekey(hashKey: readonly [number, number]): void {
    for (const keyspace of this.keyspaces) keyspace.rekey(hashKey);
  }

  /** Forgets everything, as if new: what was being taken over has turned out to be damaged. */
  reset(): void {
    for (const keyspace of this.keyspaces) keyspace.clear();
    this.sessions.clear();
    this.revision = 0;
    this.version = 1;
    this.expiredKeys = 0;
    this.#moment.now = Number.NEGATIVE_INFINITY;
    this.#moment.estimate = Number.NEGATIVE_INFINITY;
  }

  /** Opens a session for a node, as an entry of its own. Returns its id, 0 where there are too many. */
  openSession(ttlMs: number): number {
    if (this.sessions.openRefusal !== "") return 0;
    this.revision++;
    this.sessions.open(this.revision, ttlMs);
    return this.revision;
  }

  /**
   * What comes next is applied by this version, or a later one that was asked for before. Throws KvorumError where
   * this program does not know it: then nothing more may be applied, since the other members do it otherwise.
   */
  raiseVersion(version: number): void {
    if (version > engineVersionMax) {
      const versions = `engine version ${version}, and this one knows ${engineVersionMax}`;
      throw new KvorumError("ERR", `a newer kvorum wrote this state (${versions}): start that one`);
    }
    this.version = Math.max(this.version, version);
  }

  /**
   * Sets the time for what comes next, which never goes back, and removes keys and then sessions whose deadline has
   * passed by then, the earliest first, at most `most`. Returns how many were removed. Tidies up a little.
   */
  advance(now: number, most: number): number {
    const moment = this.#moment;
    if (now > moment.now) moment.now = now;
    moment.estimate = moment.now;
    let removed = 0;
    let tidied = 0;
    for (; removed < most; removed++) {
      const first = this.#firstToExpire();
      if (!first.removeExpired()) break;
      if (tidied < tidiedPerAdvance) tidied += first.tidy();
    }
    if (removed > 0) this.revision++;
    this.expiredKeys += removed;
    this.tidy();
    return removed + this.sessions.expire(most - removed);
  }

  /**
   * Gives back memory of what was deleted, in one keyspace a call, going round: some microseconds, and next to
   * nothing where there is nothing to do. Changes no answer. For whoever has a tick, since gaps that are left
   * when no more writes come would stay.
   */
  tidy(): void {
    for (let looked = 0; looked < limits.databases; looked++) {
      this.#tidiedLast = (this.#tidiedLast + 1) % limits.databases;
      if (this.keyspaces[this.#tidiedLast]!.tidyTurn()) return;
    }
  }

  /**
   * Carries out one command of the engine and writes its reply. Returns a slice where the command answers
   * later: see Execution.slice.
   */
  execute(command: Command, args: Arguments, db: number, out: ReplyWriter): Slice | undefined {
    const x = this.#execution;
    this.#moment.revision = this.revision + 1;
    x.maySlice = true;
    this.#run(command, args, db, out);
    if (x.changed) this.#finishWrite(db);
    return x.slice;
  }

  /**
   * Carries out a read at an estimate of the time, which may be ahead of the last entry. False: it met a key
   * whose deadline has passed by the estimate and not by the entries, so that its answer is worth nothing
   * yet: drop what it wrote, and ask again behind an entry of that time. Not for commands that answer in slices.
   */
  read(command: Command, args: Arguments, db: number, out: ReplyWriter, estimate: number): boolean {
    const moment = this.#moment;
    if (estimate > moment.now) moment.estimate = estimate;
    moment.metOverdue = false;
    this.#execution.maySlice = false;
    this.#run(command, args, db, out);
    assert(!this.#execution.changed, "a read changes nothing");
    moment.estimate = moment.now;
    return !moment.metOverdue;
  }

  /**
   * Carries out several commands as one: nothing comes between, and one revision covers them all.
   * `run` calls `step` for each.
   */
  transaction(
    out: ReplyWriter,
    run: (step: (command: Command, args: Arguments, db: number) => void) => void,
  ): void {
    const x = this.#execution;
    this.#moment.revision = this.revision + 1;
    x.maySlice = false;
    const drawn = x.draws;
    // Spread: the draws of one transaction are not those of the next one, moved by one.
    x.draws = Math.imul(this.revision, 0x9e3779b1);
    let changed = false;
    run((command, args, db) => {
      this.#run(command, args, db, out);
      if (!x.changed) return;
      changed = true;
      this.keyspaces[db]!.tidy();
    });
    x.draws = drawn;
    if (changed) this.revision++;
  }

  /**
   * Carries out a write, or EXEC with its whole transaction, that stands in the one that is being carried out, and
   * takes the revision alone. It has its reply in `out`.
   */
  executeWithin(command: Command, args: Arguments, out: ReplyWriter): void {
    const x = this.#execution;
    const { command: outerCommand, args: outerArgs, out: outerOut, db } = x;
    if (command === exec) applyTransaction(this, args, out, refuseLocal);
    else this.execute(command, args, db, out);
    x.command = outerCommand;
    x.args = outerArgs;
    x.out = outerOut;
    x.db = db;
    x.keyspace = this.keyspaces[db]!;
    x.changed = false;

    function refuseLocal({ fullName }: Command): void {
      out.error(`ERR '${fullName}' is a connection's own affair, and cannot be numbered`);
    }
  }

  /**
   * Removes all keys of a database. False: there were none. Costs hardly more for many than for few, with an
   * image too: the keyspace goes over to it, and the database gets another one.
   */
  clear(db: number): boolean {
    const keyspace = this.keyspaces[db]!;
    if (keyspace.records === 0) return false;
    if (keyspace.saver === undefined) keyspace.clear();
    else this.keyspaces[db] = new Keyspace(this.#shared);
    return true;
  }

  /** A key's modified revision, 0 where it is absent. What WATCH remembers. */
  revisionOf(db: number, key: Buffer): number {
    const keyspace = this.keyspaces[db]!;
    const handle = keyspace.find(key, 0, key.length);
    return handle === 0 ? 0 : modifiedOf(keyspace.arena, handle);
  }

  /** Records of the database that has the most. */
  get recordsMax(): number {
    return this.keyspaces.reduce((most, { records }) => Math.max(most, records), 0);
  }

  /** Length of the value of the key that an argument names, 0 where it is absent. */
  valueLengthAt(db: number, { bytes, start, end }: Arguments, index: number): number {
    const keyspace = this.keyspaces[db]!;
    const handle = keyspace.find(bytes, start[index]!, end[index]!);
    return handle === 0 ? 0 : valueLength(keyspace.arena, handle);
  }

  /** The value of the key that an argument names, "" where it is absent or has more than `most` bytes. */
  shortTextAt(db: number, { bytes, start, end }: Arguments, index: number, most: number): string {
    const keyspace = this.keyspaces[db]!;
    const handle = keyspace.find(bytes, start[index]!, end[index]!);
    if (handle === 0 || valueLength(keyspace.arena, handle) > most) return "";
    const from = valueStart(keyspace.arena, handle);
    return bytesOf(keyspace.arena, handle).toString(
      "latin1",
      from,
      from + valueLength(keyspace.arena, handle),
    );
  }

  /** So little room is left for new records that growth must be refused before it is tried. */
  get isAlmostFull(): boolean {
    const { pages } = this.#shared;
    return pages.leastLeft < pagesReserved(pages);
  }

  /**
   * Whether there is room for the most that a command, or EXEC with its whole transaction, may need. To be asked
   * before it is proposed, and only there: what was proposed is carried out. `promised` are the pages demanded by
   * what was proposed before and is not carried out yet.
   *
   * What may be refused when memory is short leaves a reserve to the others (EXPIRE, RENAME …), and those that
   * take nothing (DEL, FLUSHALL …) always have room.
   */
  hasRoomFor(command: Command, args: Arguments, promised = 0): boolean {
    const { pages } = this.#shared;
    if (pages.leastLeft - promised >= pagesAmple(pages)) return true;
    const demand = this.#demand;
    demand.clear();
    this.#demandFor(command, args);
    const reserved = demand.grows ? pagesReserved(pages) : 0;
    return demand.pages === 0 || pages.leastLeft - promised - reserved >= demand.pages;
  }

  #demandFor(command: Command, args: Arguments): void {
    if (command === exec) {
      forEachQueued(args, (queued, its) => this.#demand.add(queued, its));
    } else if (command === numbered) {
      const inner = new Arguments();
      inner.takeRest(args, numberArguments);
      this.#demandFor(commandOf(inner), inner);
    } else {
      this.#demand.add(command, args);
    }
  }

  #run(command: Command, args: Arguments, db: number, out: ReplyWriter): void {
    const x = this.#execution;
    x.command = command;
    x.args = args;
    x.out = out;
    x.db = db;
    x.keyspace = this.keyspaces[db]!;
    x.changed = false;
    x.slice = undefined;
    const handler = handlersById[command.id];
    assert(handler !== undefined, "only commands of the engine come here");
    out.begins(command, args);
    handler(x);
    if (x.slice === undefined) out.ends(command, args);
    else x.slice = out.goesOn(command, args, x.slice);
  }

  #finishWrite(db: number): void {
    this.revision++;
    this.keyspaces[db]!.tidy();
  }

  #firstToExpire(): Keyspace {
    let first = this.keyspaces[0]!;
    for (const keyspace of this.keyspaces) {
      if (keyspace.earliestDeadline < first.earliestDeadline) first = keyspace;
    }
    return first;
  }
}

/** The one Execution of an engine. */
class Running implements Execution {
  readonly engine: Engine;
  readonly scratch: ReplyWriter = new ReplyWriter();
  command!: Command;
  args!: Arguments;
  out!: ReplyWriter;
  keyspace!: Keyspace;
  db = 0;
  maySlice = true;
  draws = 0;
  changed = false;
  slice: Slice | undefined = undefined;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  get now(): number {
    return this.engine.estimate;
  }
}

/** Bytes moved along with the keys that one advance removes: under a millisecond. */
const tidiedPerAdvance = 1 << 20;

const exec = commandNamed("exec")!;
const numbered = commandNamed("session|id")!;

const handlersById: readonly (Handler | undefined)[] = commands.map((c) => engineHandlers[c.fullName]);
