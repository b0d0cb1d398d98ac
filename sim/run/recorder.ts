import type { LogIndex } from "../../src/raft/types.ts";
import type { Action, Operation, Outcome, ReadMode, Reply } from "../history.ts";
import type { Scheduler } from "../scheduler.ts";
import { type Numbered, wireOfPart } from "../wire.ts";
import type { CarriedOut } from "./observed-engine.ts";

/** An operation that is under way, and what is known of it until now. */
export interface Pending {
  readonly process: string;
  readonly position: number;
  readonly action: Action;
  readonly node: string;
  readonly mode: ReadMode;
  readonly number: Numbered | undefined;
  /** The command's bytes. */
  readonly wire: string;
  /** µs. */
  readonly start: number;
  /** No entry with a later time was applied anywhere when it began. */
  readonly clockStart: number;
  outcome: Outcome;
  reply: Reply;
  end: number;
  /** As soon as a node has carried it out: where that was, and in which state. */
  revision: number | undefined;
  /** The revision is its own. */
  hasChanged: boolean;
  clock: number | undefined;
  /** What was committed anywhere when it arrived at the node. */
  committedBefore: LogIndex;
  index: number;
  /** Of a session's write: what the attempt that was carried out said of its lowest sequence. */
  lowCarriedOut: number | undefined;
  isEnded: boolean;
}

/** What all clients asked and were answered: the history of a run. */
export class Recorder {
  readonly #scheduler: Scheduler;
  readonly #clusterTime: () => number;
  readonly #operations: Pending[] = [];
  /** Writes whose bytes no other write has. */
  readonly #byWire: Map<string, Pending> = new Map();
  /** Attempts of each write of a session. */
  readonly #byNumber: Map<string, Pending[]> = new Map();
  readonly counts: Record<"known" | "unknown" | "failed", number> = { known: 0, unknown: 0, failed: 0 };

  /** `clusterTime` is the latest time that any node has applied. */
  constructor(scheduler: Scheduler, clusterTime: () => number) {
    this.#scheduler = scheduler;
    this.#clusterTime = clusterTime;
  }

  begin(
    what: Pick<Pending, "process" | "position" | "action" | "node" | "mode" | "number" | "wire">,
  ): Pending {
    const start = Math.floor(this.#scheduler.nowMs * 1000);
    const pending: Pending = {
      ...what,
      ...{ start, end: start, clockStart: this.#clusterTime() },
      ...{
        outcome: "unknown",
        reply: null,
        revision: undefined,
        hasChanged: false,
        clock: undefined,
        committedBefore: 0,
        index: 0,
        lowCarriedOut: undefined,
        isEnded: false,
      },
    };
    this.#operations.push(pending);
    if (pending.number !== undefined) this.#remember(nameOf(pending.number), pending);
    else this.#name(pending);
    return pending;
  }

  end(pending: Pending, outcome: Outcome, reply: Reply): void {
    if (pending.isEnded) return;
    pending.isEnded = true;
    pending.outcome = outcome;
    pending.reply = reply;
    pending.end = Math.ceil(this.#scheduler.nowMs * 1000);
    this.counts[outcome]++;
  }

  /** The unnumbered write of these bytes, where it can be told from all others. */
  unnumbered(wire: string): Pending | undefined {
    return this.#byWire.get(wire);
  }

  /** A session's write was carried out, and not answered from memory. */
  carriedOut({ session, sequence, low, revision, hasChanged, time }: CarriedOut): void {
    for (const attempt of this.#byNumber.get(`${session}/${sequence}`) ?? []) {
      attempt.revision = revision;
      attempt.lowCarriedOut = low;
      attempt.hasChanged = hasChanged;
      attempt.clock ??= time;
    }
  }

  get history(): Operation[] {
    return this.#operations.map((pending) => this.#operationOf(pending));
  }

  /** Linearizable operations that happened at an earlier cluster time than what was applied before they began. */
  get beforeTheirTime(): Operation[] {
    return this.#operations
      .filter(({ mode, number, outcome, clock, clockStart }) => {
        const isJudged = mode === "linearizable" && number === undefined && outcome === "known";
        return isJudged && clock !== undefined && clock < clockStart;
      })
      .map((pending) => this.#operationOf(pending));
  }

  #name(pending: Pending): void {
    const { action, wire } = pending;
    if (!isUnique(action)) return;
    this.#byWire.set(wire, pending);
    if (action.type !== "exec") return;
    for (const part of action.argument) if (isUnique(part)) this.#byWire.set(wireOfPart(part), pending);
  }

  #remember(name: string, pending: Pending): void {
    const attempts = this.#byNumber.get(name);
    if (attempts === undefined) this.#byNumber.set(name, [pending]);
    else {
      pending.revision = attempts[0]!.revision;
      pending.hasChanged = attempts[0]!.hasChanged;
      pending.lowCarriedOut = attempts[0]!.lowCarriedOut;
      attempts.push(pending);
    }
  }

  #operationOf(pending: Pending): Operation {
    const { process, position, action, reply, start, end, mode, node } = pending;
    const { number, revision, hasChanged, clock, clockStart } = pending;
    const outcome = number === undefined && isVain(pending) ? "failed" : pending.outcome;
    const showsRevision = hasChanged || (action.type !== "flush" && outcome === "known");
    const isPlaced = revision !== undefined && revision > 0 && outcome !== "failed" && showsRevision;
    return {
      ...{ process, position, action, outcome, reply, start, end, mode, node },
      ...(isPlaced && { revision }),
      ...(number !== undefined && numberOf(pending, number)),
      clock: clock === undefined ? [clockStart, clockStart] : [clock, clock],
    };
  }
}

/**
 * Nobody was told, and nothing came of it; as the run is over, nothing will. (Of the attempts of a session's write
 * another one may have been told.)
 */
function isVain({ action, outcome, revision, hasChanged }: Pending): boolean {
  return outcome === "unknown" && !hasChanged && (revision !== undefined || isUnique(action));
}

/** The lowest sequence counts where it was said by the attempt that was carried out. */
function numberOf({ lowCarriedOut }: Pending, { session, sequence, low }: Numbered): Partial<Numbered> {
  return { session, sequence, ...((lowCarriedOut ?? low) === low && { low }) };
}

function nameOf({ session, sequence }: Numbered): string {
  return `${session}/${sequence}`;
}

/** Workloads write each value once. */
function isUnique(action: Action): boolean {
  if (action.type === "exec") return action.argument.some(isUnique);
  return ["set", "cas", "append", "incr", "expire", "del"].includes(action.type);
}
