import type { Engine } from "../../src/engine/engine.ts";
import type { Watched } from "../../src/engine/transaction.ts";
import type { Arguments } from "../../src/protocol/arguments.ts";
import type { Reply } from "../../src/protocol/reply.ts";
import { BROKEN, PUSH, REPLY, ReplyDecoder } from "../../src/protocol/reply-decoder.ts";
import { ReplyWriter } from "../../src/protocol/reply-writer.ts";
import type { Command } from "../../src/protocol/spec/row.ts";
import { commandOf } from "../../src/protocol/spec/table.ts";
import {
  DONE,
  FULL,
  type Origin,
  type ReadMode,
  type Replica,
  type Request,
  type Trouble,
} from "../../src/replica/contract.ts";
import type { Settlement } from "../checkers/settlement.ts";
import type { NodeLife } from "./node.ts";
import type { Execution } from "./observed-engine.ts";

/** A command on its way through a connection. */
export interface Call {
  readonly args: Arguments;
  readonly readMode: ReadMode;
  readonly readQuorum: number;
  readonly writeQuorum: number;
  /** Of WATCH: the keys. */
  readonly watches: readonly string[];
  /** The node has it. */
  arrives(): void;
  /** The node has written the reply. */
  leaves(answer: Reply): void;
  /** It has arrived. With what WATCH saw, of WATCH. */
  answered(answer: Reply, watched: readonly Watched[]): void;
}

export interface ConnectionEvents {
  readonly settlement: Settlement;
  /** The node has carried out a command of this connection. */
  executed(execution: Execution): void;
}

/**
 * The node's end of a connection: offers commands to the replica in their order, as src/server does, and reads what it
 * answers.
 */
export class NodeConnection implements Origin {
  readonly out: ReplyWriter;
  isGone = false;
  readonly #life: NodeLife;
  readonly #replica: Replica;
  readonly #events: ConnectionEvents;
  readonly #decoder = new ReplyDecoder("bytes");
  /** Not offered yet. */
  readonly #line: Call[] = [];
  /** Taken, and not answered. */
  readonly #taken: Call[] = [];
  /** Those of them that are to be settled, as the checker knows them. */
  readonly #unsettled: number[] = [];
  #isFull = false;
  #isOffering = false;
  #watched: Watched[] = [];

  constructor(life: NodeLife, events: ConnectionEvents) {
    this.#life = life;
    this.#replica = life.member!;
    this.#events = events;
    this.out = new ConnectionOutput(life.engine!, ({ bytes, from, to }, hasChanged) => {
      const { revision, now: time } = life.engine!;
      const wire = bytes.toString("latin1", from, to);
      events.executed({ wire, out: this.out, revision, hasChanged, time });
    });
    life.connections.add(this);
  }

  get isWaiting(): boolean {
    return this.#unsettled.length > 0;
  }

  /** Nobody waits any more, or the process is dead. */
  close(): void {
    this.isGone = true;
    for (const call of this.#unsettled.splice(0)) this.#events.settlement.settled(call, "given up");
  }

  /** A command arrives. */
  arrive(call: Call): void {
    call.arrives();
    this.#line.push(call);
    this.#offerAll();
  }

  drain(): void {
    this.#isFull = false;
    this.#offerAll();
  }

  settled(count: number): void {
    for (let i = 0; i < count; i++)
      this.#events.settlement.settled(this.#unsettled.shift() ?? 0, "by the replica");
    this.#read();
    this.#offerAll();
  }

  perform(_command: Command, _args: Arguments): void {
    const call = this.#taken[0] ?? this.#line[0]!;
    this.#watched = call.watches.map((key) => {
      const bytes = Buffer.from(key, "latin1");
      return { db: 0, key: bytes, revision: this.#replica.revisionOf(0, bytes) };
    });
    this.out.ok();
  }

  #offerAll(): void {
    if (this.#isOffering) return;
    this.#isOffering = true;
    while (!this.#isFull && !this.isGone && this.#line.length > 0) if (!this.#offer(this.#line[0]!)) break;
    this.#isOffering = false;
  }

  /** False: not now. */
  #offer(call: Call): boolean {
    const command = commandOf(call.args);
    const refusal = refusalOf(this.#replica.trouble, command);
    // What is refused here is answered in its turn.
    if (refusal !== undefined && this.isWaiting) return false;
    if (refusal !== undefined) {
      this.out.error(refusal);
      this.#done();
      return true;
    }
    const verdict = this.#replica.submit(this.#requestOf(call, command));
    if (verdict === FULL) this.#isFull = true;
    else if (verdict === DONE) this.#done();
    else this.#take();
    return verdict !== FULL;
  }

  #requestOf({ args, readMode, readQuorum, writeQuorum }: Call, command: Command): Request {
    return { command, args, db: 0, origin: this, readMode, readQuorum, readLagMs: 0, writeQuorum };
  }

  #done(): void {
    this.#taken.push(this.#line.shift()!);
    this.#read();
  }

  #take(): void {
    this.#taken.push(this.#line.shift()!);
    const call = this.#taken.at(-1)!;
    this.#unsettled.push(this.#events.settlement.asked(showCall(this.#life, call)));
  }

  #read(): void {
    const { out } = this;
    if (out.length === 0) return;
    this.#decoder.push(out.buffer, out.length);
    out.truncate(0);
    for (let found = this.#decoder.next(); found === REPLY || found === PUSH; found = this.#decoder.next()) {
      const watched = this.#watched;
      this.#watched = [];
      const call = this.#taken.shift()!;
      call.leaves(this.#decoder.value);
      call.answered(this.#decoder.value, watched);
    }
    if (this.#decoder.error !== "" || this.#decoder.next() === BROKEN)
      throw new Error("a node answers in RESP");
  }
}

function showCall({ id }: NodeLife, { args }: Call): string {
  return `${JSON.stringify(args.bytes.toString("latin1", args.from, args.to))} on ${id}`;
}

/** Tells when a transaction is over, which the engine itself does not know as a command. */
class ConnectionOutput extends ReplyWriter {
  readonly #engine: Engine;
  readonly #transacted: (item: Arguments, hasChanged: boolean) => void;
  #before = 0;

  constructor(engine: Engine, transacted: (item: Arguments, hasChanged: boolean) => void) {
    super();
    this.#engine = engine;
    this.#transacted = transacted;
  }

  override beginsTransaction(): void {
    this.#before = this.#engine.revision;
  }

  override endsTransaction(item: Arguments): void {
    this.#transacted(item, this.#engine.revision > this.#before);
  }
}

/** As src/server has it (dispatch.ts). */
function refusalOf(trouble: Trouble | undefined, command: Command): string | undefined {
  if (trouble === undefined) return undefined;
  if (trouble.everything !== undefined) return trouble.everything;
  const isWrite = command.isWrite || command.name === "exec";
  return isWrite ? (trouble.everyWrite ?? (command.denyOom ? trouble.growth : undefined)) : undefined;
}
