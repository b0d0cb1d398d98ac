import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commands } from "../protocol/spec/table.ts";
import { engineHandlers } from "./commands/index.ts";
import type { Execution, Handler, Slice } from "./execution.ts";
import { SegmentPool } from "./index-table.ts";
import { Keyspace, type Moment, type Shared } from "./keyspace.ts";
import { PagePool } from "./pages.ts";
import { modifiedOf } from "./record.ts";

/**
 * The deterministic state machine: sixteen keyspaces, one revision, one time. The same commands with the
 * same times give the same state and the same replies everywhere; no clock is read here.
 */
export class Engine {
  /** Of the last write that changed anything. */
  revision = 0;
  /** Keys whose deadline passed and that were removed, since the start. */
  expiredKeys = 0;

  readonly keyspaces: Keyspace[] = [];
  readonly #shared: Shared;
  readonly #execution: Running;
  readonly #moment: Moment = { now: Number.NEGATIVE_INFINITY, revision: 0 };

  constructor(hashKey: readonly [number, number]) {
    this.#shared = { pages: new PagePool(), segments: new SegmentPool(), hashKey, moment: this.#moment };
    for (let db = 0; db < limits.databases; db++) this.keyspaces.push(new Keyspace(this.#shared));
    this.#execution = new Running(this);
  }

  /** Bytes that the keyspaces hold, as the operating system sees them. */
  get residentBytes(): number {
    let bytes = this.#shared.pages.spareBytes + this.#shared.segments.spareBytes;
    for (const keyspace of this.keyspaces) bytes += keyspace.residentBytes;
    return bytes;
  }

  /** The earliest deadline of all keys, Infinity where there is none. */
  get earliestDeadline(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const keyspace of this.keyspaces) earliest = Math.min(earliest, keyspace.earliestDeadline);
    return earliest;
  }

  /** Time of the last entry or read, in ms since 1970. */
  get now(): number {
    return this.#moment.now;
  }

  /**
   * Sets the time for what comes next, which never goes back, and removes keys whose deadline has passed by
   * then, the earliest first, at most `most`. Returns how many were removed.
   */
  advance(now: number, most: number): number {
    const moment = this.#moment;
    if (now > moment.now) moment.now = now;
    let removed = 0;
    while (removed < most && this.#firstToExpire().removeExpired()) removed++;
    if (removed > 0) this.revision++;
    this.expiredKeys += removed;
    return removed;
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
    let changed = false;
    run((command, args, db) => {
      this.#run(command, args, db, out);
      if (!x.changed) return;
      changed = true;
      this.keyspaces[db]!.tidy();
    });
    if (changed) this.revision++;
  }

  /** A key's modified revision, 0 where it is absent. What WATCH remembers. */
  revisionOf(db: number, key: Buffer): number {
    const keyspace = this.keyspaces[db]!;
    const handle = keyspace.find(key, 0, key.length);
    return handle === 0 ? 0 : modifiedOf(keyspace.arena, handle);
  }

  /** So little room is left for new records that growth must be refused before it is tried. */
  get isAlmostFull(): boolean {
    return this.keyspaces.some((keyspace) => keyspace.arena.isAlmostFull);
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
    handler(x);
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
  command!: Command;
  args!: Arguments;
  out!: ReplyWriter;
  keyspace!: Keyspace;
  db = 0;
  maySlice = true;
  changed = false;
  slice: Slice | undefined = undefined;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  get now(): number {
    return this.engine.now;
  }
}

const handlersById: readonly (Handler | undefined)[] = commands.map((c) => engineHandlers[c.fullName]);
