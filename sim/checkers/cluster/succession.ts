import type { LogIndex, NodeId, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** A leader that hands over, after a step. */
export interface HandingOver {
  readonly node: NodeId;
  readonly term: Term;
  readonly to: NodeId;
  readonly lastIndex: LogIndex;
  /** By its own clock. */
  readonly atMs: number;
}

interface HandOver {
  readonly term: Term;
  readonly to: NodeId;
  readonly lastIndex: LogIndex;
  readonly sinceMs: number;
  /** Steps after its time, apart from each other, and when the last one was. */
  late: number;
  lateMs: number;
}

/** After a pause the first steps come before the process has looked at its clock. */
const lateMax = 2;
const apartMs = 100;

/**
 * Point 13 of the checklist: who hands the lead over takes nothing new, tells the other one to campaign when that has
 * everything, and gives up after an election timeout (thesis 3.10).
 */
export class Succession implements Checker {
  readonly name = "succession";
  readonly #violations: Violations = new Violations(this.name);
  readonly #mostMs: number;
  readonly #handOvers: WeakMap<object, HandOver> = new WeakMap();

  /** What a hand-over may take, in ms of the leader's clock. */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  handsOver(process: object, { node, term, to, lastIndex, atMs }: HandingOver): void {
    const known = this.#handOvers.get(process);
    if (known?.term !== term || known.to !== to) {
      this.#handOvers.set(process, { ...{ term, to, lastIndex, sinceMs: atMs }, late: 0, lateMs: 0 });
      return;
    }
    const what = `${node}, which leads term ${term} and hands over to ${to},`;
    if (lastIndex > known.lastIndex) this.#violations.add(`${what} has appended entry ${lastIndex}.`);
    if (atMs - known.sinceMs <= this.#mostMs || atMs - known.lateMs < apartMs) return;
    known.lateMs = atMs;
    if (++known.late > lateMax) this.#violations.add(`${what} has not given up after ${this.#mostMs} ms.`);
  }

  /** Nothing is handed over any more. */
  leadsOn(process: object): void {
    this.#handOvers.delete(process);
  }

  /** The other one is told to campaign. */
  told({ node, to, lastIndex }: Pick<HandingOver, "node" | "to" | "lastIndex">, match: LogIndex): void {
    if (match !== lastIndex)
      this.#violations.add(
        `${node} told ${to} to campaign, of which it knows entries up to ${match}, and has ${lastIndex}.`,
      );
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
