import { limits } from "../base/limits.ts";
import { BatchReader } from "../engine/batch.ts";
import type { Engine } from "../engine/engine.ts";
import type { Admission } from "../engine/session.ts";
import { applyTransaction } from "../engine/transaction.ts";
import { decodeEngineVersion } from "../engine/version.ts";
import type { LogEntry } from "../log/entry.ts";
import { entryKinds } from "../log/entry.ts";
import type { Clock } from "../platform/clock.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commandOf } from "../protocol/spec/table.ts";
import { readWholeCommand } from "../protocol/whole-command.ts";
import type { Batch } from "./batch.ts";
import type { Origin } from "./contract.ts";
import { decodeSessionEntry } from "./session-entry.ts";
import { keys } from "./words.ts";

/**
 * Gives committed entries to the engine, in order: with the callers that wait for them, where they were
 * proposed here, and without, where they come from the log.
 */
export class Applier {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #onSession: (id: number, label: string) => void;
  readonly #reader = new BatchReader();
  /** Where the replies go that nobody waits for. */
  readonly #nobody = new ReplyWriter();
  /** When the others get their turn. */
  #untilMs = 0;

  /** `onSession` is told of each session that a node opens. */
  constructor(engine: Engine, clock: Clock, onSession: (id: number, label: string) => void = () => {}) {
    this.#engine = engine;
    this.#clock = clock;
    this.#onSession = onSession;
    this.#nobody.muted = true;
  }

  /** A turn begins: it has so much time. */
  beginTurn(): void {
    this.#untilMs = this.#clock.monotonicMs() + limits.applyMsPerTurn;
  }

  get isTurnOver(): boolean {
    return this.#clock.monotonicMs() >= this.#untilMs;
  }

  /** The number of a batch: its session, 0 where it has none, and its place in it. */
  numberOf({ payload }: LogEntry): { readonly session: number; readonly sequence: number } {
    this.#reader.begin(payload);
    return this.#reader;
  }

  /**
   * Applies an entry of the log. Throws KvorumError, and has changed nothing, where it asks for an engine version that
   * this program does not know.
   */
  applyEntry(entry: LogEntry): void {
    const { kind, payload } = entry;
    if (kind === entryKinds.session) this.#openSession(payload);
    if (kind === entryKinds.engineVersion) this.#engine.raiseVersion(decodeEngineVersion(payload));
    if (kind === entryKinds.commands || kind === entryKinds.time) this.applyBatchEntry(entry);
  }

  /** The same as far as the turn's time goes. True: it is done; else `goOn` applies the rest. */
  beginEntry(entry: LogEntry): boolean {
    if (entry.kind === entryKinds.commands || entry.kind === entryKinds.time)
      return this.admit(entry) !== "apply" || this.goOn();
    this.applyEntry(entry);
    return true;
  }

  /** In another turn. True: the entry is done. */
  goOn(): boolean {
    const reader = this.#reader;
    for (let item = 1; reader.next(); item++) {
      this.#write(reader.command, reader.args, reader.db, this.#nobody, noOrigin);
      if (this.#isTurnOverAfter(item, reader.command)) return false;
    }
    return true;
  }

  /** Applies a batch for nobody, if it is its turn: tells what its session says to it. */
  applyBatchEntry(entry: LogEntry): Admission {
    const admission = this.admit(entry);
    const reader = this.#reader;
    while (admission === "apply" && reader.next())
      this.#write(reader.command, reader.args, reader.db, this.#nobody, noOrigin);
    return admission;
  }

  /** Applies a batch's time, and asks its session whether it is its turn. */
  admit({ kind, payload }: LogEntry): Admission {
    this.#begin(payload, kind === entryKinds.time);
    const { session, sequence } = this.#reader;
    return session === 0 ? "apply" : this.#engine.sessions.admit(session, sequence);
  }

  /** Applies a batch from its next item on, as far as the turn's time goes. True: it is done. */
  applyBatch(batch: Batch): boolean {
    if (batch.next === 0 && !batch.isReadOnly && !batch.isAdmitted)
      this.#begin(batch.payload, batch.writes === 0);
    for (let i = batch.next; i < batch.count; ) {
      const origin = batch.origins[i]!;
      let settled = 0;
      let isOver = false;
      // What one origin has offered in a row is settled in one go.
      do {
        isOver = this.#applyItem(batch, i++, origin);
        settled++;
      } while (!isOver && i < batch.count && batch.origins[i] === origin);
      batch.next = i;
      if (!origin.isGone && batch.replies === undefined) origin.settled(settled);
      if (isOver && i < batch.count) return false;
    }
    return true;
  }

  #openSession(payload: Buffer): void {
    const { ttlMs, label } = decodeSessionEntry(payload);
    this.#begin(payload, false);
    const id = this.#engine.openSession(ttlMs);
    if (id > 0) this.#onSession(id, label);
  }

  #begin(payload: Buffer, isTime: boolean): void {
    this.#reader.begin(payload);
    this.#engine.advance(this.#reader.timeMs, isTime ? limits.expiredPerTick : limits.expiredPerEntry);
  }

  /** True: the turn is over. */
  #applyItem(batch: Batch, item: number, origin: Origin): boolean {
    const isRead = batch.isRead(item);
    if (isRead && origin.isGone) {
      batch.replies?.push(none);
      return false;
    }
    const bytes = isRead ? batch.reads : batch.payload;
    const place = batch.placeOf(item);
    const { args } = this.#reader;
    readWholeCommand(bytes, place + 1, args);
    const command = commandOf(args);
    const out = origin.isGone ? this.#nobody : origin.out;
    const before = out.length;
    if (!isRead && batch.refusal !== undefined) out.error(batch.refusal);
    else if (isRead) this.#read(command, args, bytes[place]!, out, origin);
    else this.#write(command, args, bytes[place]!, out, origin);
    if (batch.replies !== undefined) batch.replies.push(cutOff(out, before));
    return this.#isTurnOverAfter(item, command);
  }

  #isTurnOverAfter(item: number, command: Command): boolean {
    return ((item & (looksApart - 1)) === 0 || !command.isFast) && this.isTurnOver;
  }

  #write(command: Command, args: Arguments, db: number, out: ReplyWriter, origin: Origin): void {
    if (command.route === "write") {
      this.#engine.execute(command, args, db, out);
    } else {
      applyTransaction(this.#engine, args, out, (c, a) => {
        if (!origin.isGone) origin.perform(c, a);
      });
    }
  }

  /** A read in its turn sees the entry's time, which is not before the time at which it came. */
  #read(command: Command, args: Arguments, db: number, out: ReplyWriter, origin: Origin): void {
    // In the place of a long one, nothing is read: it begins when it is offered again.
    if (command.route === "local" || command === keys) origin.perform(command, args);
    else this.#engine.read(command, args, db, out, this.#engine.now);
  }
}

/** A reply that has to wait: what was written behind `before`. */
function cutOff(out: ReplyWriter, before: number): Buffer {
  const reply = Buffer.from(out.buffer.subarray(before, out.length));
  out.truncate(before);
  return reply;
}

const none: Buffer = Buffer.alloc(0);

/** So many fast commands are carried out between two looks at the clock. */
const looksApart = 64;

/** Who waits for the replies of entries that come from the log: nobody. */
const noOrigin: Origin = {
  out: new ReplyWriter(),
  isGone: true,
  isWaiting: false,
  perform() {},
  settled() {},
  drain() {},
};
