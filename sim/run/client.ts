import type { Watched } from "../../src/engine/transaction.ts";
import { encodeArguments } from "../../src/engine/transaction.ts";
import type { Reply as Answer } from "../../src/protocol/reply.ts";
import { type Action, isWrite, keysOf, type ReadMode } from "../history.ts";
import type { Prng } from "../prng.ts";
import type { Scheduler } from "../scheduler.ts";
import { commandOfAction, toldBy } from "../wire.ts";
import { ClientLink } from "./client-link.ts";
import { ClientSession, type SessionWrite } from "./client-session.ts";
import type { NodeLife, SimNode } from "./node.ts";
import type { Execution } from "./observed-engine.ts";
import type { Pending, Recorder } from "./recorder.ts";
import type { Watch } from "./watch.ts";
import { ActionSource, type Numbers, type WorkloadOptions } from "./workload.ts";

export interface ClientParts {
  readonly name: string;
  readonly nodes: readonly SimNode[];
  readonly scheduler: Scheduler;
  readonly random: Prng;
  readonly recorder: Recorder;
  readonly watch: Watch;
  readonly workload: WorkloadOptions;
  readonly voters: number;
  readonly numbers: Numbers;
  readonly hasSession: boolean;
}

/** What is under way on the present connection. */
interface Asked {
  readonly pending: Pending;
  readonly write: SessionWrite | undefined;
}

/**
 * A client of the cluster: one connection at a time, several commands under way on it, another node when one is gone
 * or does not answer. It may number its writes, and then it sends them again until it knows what became of them.
 */
export class SimClient {
  readonly name: string;
  /** No new commands; what is under way is waited for. */
  isLeaving = false;
  readonly #parts: ClientParts;
  readonly #random: Prng;
  readonly #source: ActionSource;
  readonly #session: ClientSession | undefined;
  #link: ClientLink | undefined;
  /** Where it was connected last, unless it was sent away. */
  #last: SimNode | undefined;
  #connections = 0;
  #position = 0;
  #asked: Asked[] = [];
  /** A command that is no part of the history is under way: SESSION OPEN, WATCH. */
  #isBusy = false;
  #busySince = 0;
  /** This node knows no leader: another may. */
  #wantsOther = false;

  constructor(parts: ClientParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#random = parts.random;
    this.#source = new ActionSource(parts.random, parts.workload, parts.numbers);
    this.#session = parts.hasSession ? new ClientSession() : undefined;
  }

  begin(): void {
    this.#parts.scheduler.after(this.#random.below(100), () => this.#step());
  }

  get isAtRest(): boolean {
    return this.#asked.length === 0 && !this.#isBusy && (this.#session?.isAtRest ?? true);
  }

  /** Ends waiting. */
  close(): void {
    this.#drop();
  }

  /** The process at the other end is dead; its machine said so, or is silent. */
  lost(life: NodeLife, isTold: boolean): void {
    if (this.#link?.life === life && isTold)
      this.#parts.scheduler.after(0.3, () => {
        if (this.#link?.life === life) this.#drop();
      });
  }

  #step(): void {
    const { workload, scheduler } = this.#parts;
    this.#dropWhenLate();
    if (this.#wantsOther && this.#asked.length === 0 && !this.#isBusy) {
      this.#last = undefined;
      this.#drop();
    }
    if (this.#link === undefined && !(this.isLeaving && this.isAtRest)) this.#connect();
    if (this.#link !== undefined && !this.#isBusy && !this.#wantsOther) this.#ask();
    const pause = 1 + this.#random.below(2 * workload.thinkMs);
    scheduler.after(pause, () => this.#step());
  }

  #connect(): void {
    const { nodes, scheduler, workload } = this.#parts;
    const last = this.#random.chance(workload.loyalty) ? this.#last : undefined;
    const node = last ?? this.#random.pick(nodes);
    const life = node.alive;
    if (life?.member === undefined || life.isClosing) return;
    // Who has been told of a cluster is told of its members, and asks seldom who knows no leader.
    const { status } = life.member;
    const isLost = last === undefined && status !== undefined && status.leaderId === undefined;
    if (isLost && this.#random.chance(0.8)) return;
    this.#last = node;
    this.#wantsOther = false;
    this.#connections++;
    this.#position = 0;
    const { settlement, outs } = this.#parts.watch;
    // An earlier connection may still have something carried out.
    const executed = (execution: Execution): void => {
      if (this.#link === link) this.#executed(execution, life);
    };
    const link = new ClientLink(life, scheduler, this.#random, { settlement, executed });
    outs.set(link.out, executed);
    this.#link = link;
  }

  /** A node has carried out a command of this connection. */
  #executed({ wire, revision, hasChanged, time }: Execution, life: NodeLife): void {
    const asked = this.#asked.find(({ pending }) => pending.wire === wire && pending.index === 0);
    if (asked === undefined) return;
    const { pending } = asked;
    const { appliedIndex } = life.member!;
    pending.index = appliedIndex + 1;
    const { mode, committedBefore } = pending;
    if (mode === "linearizable" && !isWriting(pending.action))
      this.#parts.watch.checkers.readPoints.read({
        ...{ node: life.id, what: JSON.stringify(wire), appliedIndex, committedBefore },
      });
    if (pending.number === undefined) {
      pending.revision = revision;
      pending.hasChanged = hasChanged;
    }
    pending.clock ??= time;
  }

  #ask(): void {
    const { workload } = this.#parts;
    const { depth } = workload;
    if (this.#session !== undefined && !this.#session.isOpen) {
      if (!this.isLeaving) this.#openSession();
      return;
    }
    for (const write of this.#session?.due() ?? []) this.#send(write.action, write, []);
    if (this.isLeaving || this.#asked.length >= depth) return;
    const action = this.#source.draw();
    if (this.#session !== undefined && isWriting(action)) {
      const write = this.#session.add(action);
      if (write !== undefined) this.#send(action, write, []);
    } else if (
      action.type === "exec" &&
      isWriting(action) &&
      this.#asked.length === 0 &&
      this.#random.chance(0.5)
    ) {
      this.#watchFirst(action);
    } else this.#send(action, undefined, []);
  }

  #openSession(): void {
    const ttlMs = this.#random.pick([2_000, 60_000]);
    const args = encodeArguments(["SESSION", "OPEN", String(ttlMs)].map((word) => Buffer.from(word)));
    this.#call(args, [], (answer) => {
      if (typeof answer === "number") this.#session!.opened(String(answer));
    });
  }

  /** WATCH, and then the transaction. */
  #watchFirst(action: Action): void {
    const keys = [...keysOf({ action } as never)];
    const args = encodeArguments(["WATCH", ...keys].map((word) => Buffer.from(word, "latin1")));
    this.#call(args, keys, (answer, watched) => {
      if (answer === "OK") this.#send(action, undefined, watched);
    });
  }

  #call(
    args: ReturnType<typeof encodeArguments>,
    watches: readonly string[],
    answered: (answer: Answer, watched: readonly Watched[]) => void,
  ): void {
    this.#isBusy = true;
    this.#busySince = this.#parts.scheduler.nowMs;
    this.#link!.send({
      ...{ args, watches, readMode: "linearizable", readQuorum: 0, writeQuorum: 0 },
      arrives: () => {},
      leaves: () => {},
      answered: (answer, watched) => {
        this.#isBusy = false;
        answered(answer, watched);
      },
    });
  }

  #send(action: Action, write: SessionWrite | undefined, watched: readonly Watched[]): void {
    const number = write === undefined ? undefined : this.#session!.numberOf(write);
    const args = commandOfAction(action, number, watched, `-${this.#parts.numbers.value()}`);
    const wire = args.bytes.toString("latin1", args.from, args.to);
    // Two of the same could not be told apart.
    if (this.#asked.some(({ pending }) => pending.wire === wire)) return;
    const { workload, recorder, voters, watch } = this.#parts;
    const isWriteAction = isWriting(action);
    const mode: ReadMode = isWriteAction ? "linearizable" : this.#random.pick(workload.modes);
    const writeQuorum = isWriteAction ? this.#random.pick(workload.writeQuorums) : 0;
    const readQuorum = mode === "quorum" ? this.#random.pick([0, 0, 1 + this.#random.below(voters)]) : 0;
    const link = this.#link!;
    const pending = recorder.begin({
      ...{ process: `${this.name}.${this.#connections}`, position: this.#position++ },
      ...{ action, node: link.life.id, mode, number, wire },
    });
    const asked = { pending, write };
    this.#asked.push(asked);
    if (write !== undefined) write.isUnderWay = true;
    link.send({
      ...{ args, readMode: mode, readQuorum, writeQuorum, watches: [] },
      arrives: () => {
        pending.committedBefore = watch.checkers.committedIndex;
      },
      leaves: (answer) => {
        if (isWriteAction && toldBy(action, answer).outcome === "known")
          watch.acknowledged(link.life, pending.index, writeQuorum);
      },
      answered: (answer) => this.#answered(asked, answer),
    });
  }

  #answered(asked: Asked, answer: Answer): void {
    const { pending, write } = asked;
    this.#asked = this.#asked.filter((one) => one !== asked);
    const told = toldBy(pending.action, answer);
    this.#parts.recorder.end(pending, told.outcome, told.outcome === "known" ? told.reply : null);
    if (write !== undefined) this.#session!.answered(write, told);
    if (told.outcome === "failed" && told.error.startsWith("CLUSTERDOWN")) this.#wantsOther = true;
    if (told.outcome === "known") this.#learn(pending, told.reply);
  }

  #learn({ action }: Pending, reply: unknown): void {
    if (action.type === "get" && (reply === null || typeof reply === "string"))
      this.#source.saw(action.key, reply);
    else if (action.type === "set") this.#source.saw(action.key, action.argument);
    else if (action.type === "cas" && reply === "OK") this.#source.saw(action.key, action.argument[1]);
  }

  #dropWhenLate(): void {
    const { workload, scheduler } = this.#parts;
    const before = scheduler.nowMs - workload.timeoutMs;
    const isLate = this.#asked.some(({ pending }) => pending.start / 1000 < before);
    if (!isLate && !(this.#isBusy && this.#busySince < before)) return;
    this.#last = undefined;
    this.#drop();
  }

  #drop(): void {
    this.#link?.close();
    this.#link = undefined;
    this.#isBusy = false;
    for (const { pending, write } of this.#asked.splice(0)) {
      this.#parts.recorder.end(pending, "unknown", null);
      if (write !== undefined) write.isUnderWay = false;
    }
  }
}

function isWriting(action: Action): boolean {
  return isWrite({ action } as never);
}
