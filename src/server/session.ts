import { limits } from "../base/limits.ts";
import { dependsOnValues, isSteep, mayLengthen, readsValues } from "../engine/cost.ts";
import type { Queued } from "../engine/transaction.ts";
import type { Stream } from "../platform/net.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { slotOf } from "./redirect.ts";
import { Watches } from "./watches.ts";

/** What a client has told its connection, and what CLIENT LIST tells of it. Commands read and write it. */
export class Session {
  readonly id: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly connectedMs: number;
  /** Coarse: good to a tenth of a second. */
  lastActiveMs: number;
  /** The selected database. */
  db = 0;
  name = "";
  libraryName = "";
  libraryVersion = "";
  isAuthenticated = false;
  /** Full name of the last command. */
  lastCommand = "NULL";
  noEvict = false;
  noTouch = false;
  /** CLIENT REPLY: "skip" is for the next command, "skipping" for the one that runs. */
  replyMode: "on" | "off" | "skip" | "skipping" = "on";
  /** Set between MULTI and EXEC. */
  transaction: Transaction | undefined;
  /** Keys that EXEC compares. */
  readonly watched: Watches = new Watches();

  constructor(id: number, stream: Stream, nowMs: number) {
    this.id = id;
    this.remoteAddress = stream.remoteAddress;
    this.localAddress = stream.localAddress;
    this.connectedMs = nowMs;
    this.lastActiveMs = nowMs;
  }

  /** Memory of all this, with the connection that it belongs to. */
  get heldBytes(): number {
    const names = this.name.length + this.libraryName.length + this.libraryVersion.length;
    return limits.clientBytes + names + (this.transaction?.heldBytes ?? 0) + this.watched.heldBytes;
  }
}

/** What MULTI gathers. */
export class Transaction {
  readonly queued: Queued[] = [];
  bytes = 0;
  /** How long it takes at most, by what its commands say: engine/cost.ts. */
  micros = 0;
  /** Some of the queued commands take as long as values are. */
  dependsOnValues = false;
  /** Some of them take as long as values are that they find. */
  readsValues = false;
  /** Some of them take long also where all writes before them are short. */
  isSteep = false;
  /** Some of them may make values long. */
  lengthens = false;
  /** The database that a SELECT among the queued commands has chosen. */
  db: number;
  /** Of the first key of the queued commands, as clients of a cluster route; -1: they have none. */
  slot = -1;
  /** Some of the queued commands are carried out by the connection, and may change it. */
  hasOwnAffairs = false;
  /** Some of the queued commands are refused alone while memory is over maxmemory. */
  denyOom = false;
  /** A command was refused when it was queued: EXEC will answer EXECABORT. */
  isBroken = false;

  constructor(db: number) {
    this.db = db;
  }

  get heldBytes(): number {
    return this.bytes + this.queued.length * queuedBytes;
  }

  /** `micros` is how long the command takes at most, as far as its request tells. */
  queue(command: Command, args: Arguments, micros: number): void {
    const bytes = Buffer.from(args.bytes.subarray(args.from, args.to));
    this.queued.push({ db: this.db, bytes });
    this.bytes += bytes.length;
    this.micros += micros + bytes.length * microsPerByte;
    if (this.slot < 0) this.slot = slotOf(command, args);
    if (dependsOnValues(command)) this.dependsOnValues = true;
    if (readsValues(command, args)) this.readsValues = true;
    if (isSteep(command)) this.isSteep = true;
    if (mayLengthen(command, args)) this.lengthens = true;
    if (command.denyOom) this.denyOom = true;
    if (command.route === "local") this.hasOwnAffairs = true;
  }

  /** A SELECT was queued: what follows it goes to this database, unless it will fail. */
  select(database: number | string): void {
    if (typeof database === "number") this.db = database;
  }
}

/** What stands around the bytes of a queued command in memory: two objects, and often a buffer of its own. */
const queuedBytes = 256;

/** Of a queued command: EXEC copies it into its item, beside what requestMicros tells. */
const microsPerByte = 0.00028;
