import { type Action, isWrite, type PartAction, type ReadMode } from "../../sim/history.ts";
import type { Prng } from "../../sim/prng.ts";
import { ClientSession, type SessionWrite } from "../../sim/run/client-session.ts";
import { ActionSource, type Numbers, type WorkloadOptions } from "../../sim/run/workload.ts";
import { type Told, toldBy, wordsOf } from "../../sim/wire.ts";
import { type Reply, ReplyError } from "../../src/protocol/reply.ts";
import { ClientConnection } from "./client-connection.ts";
import { type Fleet, pause } from "./fleet.ts";
import { type Begun, HistoryLog } from "./history-log.ts";

export interface ClientParts {
  readonly name: string;
  readonly fleet: Fleet;
  readonly random: Prng;
  readonly workload: WorkloadOptions;
  readonly numbers: Numbers;
  readonly history: HistoryLog;
  /** It numbers its writes, and sends them again until it knows what became of them. */
  readonly hasSession: boolean;
}

/** A client of the simulator's workload on real sockets: another node when one is gone or does not answer. */
export class ChaosClient {
  readonly #parts: ClientParts;
  readonly #source: ActionSource;
  readonly #session: ClientSession | undefined;
  #connection: ClientConnection | undefined;
  #connections = 0;
  #position = 0;
  #mode: ReadMode = "linearizable";
  #isLeaving = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#source = new ActionSource(parts.random, parts.workload, parts.numbers);
    this.#session = parts.hasSession ? new ClientSession() : undefined;
  }

  /** Ends behind `leave`, when nothing is under way any more. */
  async run(): Promise<void> {
    const { workload, random } = this.#parts;
    while (!this.#isLeaving || !this.#isAtRest) {
      if (this.#connection?.isOpen !== true) this.#connect();
      if (this.#connection?.isConnected === true) this.#ask(this.#connection);
      await pause(1 + random.below(2 * workload.thinkMs));
    }
    this.#connection?.close();
  }

  leave(): void {
    this.#isLeaving = true;
  }

  get #isAtRest(): boolean {
    const isQuiet = this.#connection === undefined || this.#connection.waiting === 0;
    return isQuiet && (this.#session?.isAtRest ?? true);
  }

  #connect(): void {
    const { fleet, random, workload } = this.#parts;
    if (fleet.alive.length === 0) return;
    const node = random.pick(fleet.alive);
    const connection = new ClientConnection(node, fleet.addressOf(node));
    this.#connection = connection;
    this.#connections++;
    this.#position = 0;
    const mode = random.pick(workload.modes);
    if (mode !== "linearizable") connection.send(["CONSISTENCY", "READ", mode], () => {});
    this.#mode = mode;
  }

  #ask(connection: ClientConnection): void {
    const { workload } = this.#parts;
    if (this.#session !== undefined && !this.#session.isOpen) {
      if (!this.#isLeaving && connection.waiting === 0) this.#openSession(connection);
      return;
    }
    for (const write of this.#session?.due() ?? []) this.#send(connection, write.action, write);
    if (this.#isLeaving || connection.waiting >= workload.depth) return;
    const action = this.#source.draw();
    const isNumbered = this.#session !== undefined && action.type !== "exec" && isWriting(action);
    const write = isNumbered ? this.#session!.add(action) : undefined;
    if (!isNumbered || write !== undefined) this.#send(connection, action, write);
  }

  #openSession(connection: ClientConnection): void {
    this.#call(connection, ["SESSION", "OPEN", "60000"], (reply) => {
      if (typeof reply === "number") this.#session!.opened(String(reply));
    });
  }

  #send(connection: ClientConnection, action: Action, write: SessionWrite | undefined): void {
    const number = write === undefined ? undefined : this.#session!.numberOf(write);
    const begun: Begun = {
      process: `${this.#parts.name}.${this.#connections}`,
      ...{ position: this.#position++, action, node: connection.node, number, start: HistoryLog.now() },
      mode: isWriting(action) ? "linearizable" : this.#mode,
    };
    if (write !== undefined) write.isUnderWay = true;
    const ended = (reply: Reply | undefined): void => {
      const told = toldOf(action, reply);
      this.#parts.history.end(begun, told);
      if (write !== undefined) this.#session!.answered(write, told);
      if (told.outcome === "known") this.#learn(action, told.reply);
    };
    if (action.type === "exec") this.#sendTransaction(connection, action.argument, ended);
    else {
      const front =
        number === undefined ? [] : ["SESSION", "ID", number.session, number.sequence, number.low];
      this.#call(connection, [...front.map(String), ...wordsOf(action)], ended);
    }
  }

  /** MULTI, the parts, and EXEC in one piece: only the reply of EXEC tells. */
  #sendTransaction(
    connection: ClientConnection,
    parts: readonly PartAction[],
    ended: (reply: Reply | undefined) => void,
  ): void {
    let refusal: ReplyError | undefined;
    const queued = (reply: Reply | undefined): void => {
      if (reply instanceof ReplyError) refusal ??= reply;
    };
    this.#call(connection, ["MULTI"], queued);
    for (const part of parts) this.#call(connection, wordsOf(part), queued);
    this.#call(connection, ["EXEC"], (reply) => {
      const isAborted = reply instanceof ReplyError && reply.code === "EXECABORT";
      ended(isAborted ? (refusal ?? reply) : reply);
    });
  }

  /** Sends one command, and gives up the connection where the reply takes too long. */
  #call(
    connection: ClientConnection,
    words: readonly string[],
    answered: (reply: Reply | undefined) => void,
  ): void {
    const timer = setTimeout(() => connection.close(), this.#parts.workload.timeoutMs);
    connection.send(words, (reply) => {
      clearTimeout(timer);
      answered(reply);
    });
  }

  #learn(action: Action, reply: unknown): void {
    if (action.type === "get") this.#source.saw(action.key, reply as string | null);
    else if (action.type === "set") this.#source.saw(action.key, action.argument);
    else if (action.type === "cas" && reply === "OK") this.#source.saw(action.key, action.argument[1]);
  }
}

function toldOf(action: Action, reply: Reply | undefined): Told {
  if (reply === undefined) return { outcome: "unknown", error: "closed" };
  return toldBy(action, reply);
}

function isWriting(action: Action): boolean {
  return isWrite({ action } as Parameters<typeof isWrite>[0]);
}
