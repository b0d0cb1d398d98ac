import type { NodeId, Term } from "../../../src/raft/index.ts";
import { type Checker, type Violation, Violations } from "../checker.ts";

/** How a leader stands to a member. */
export interface Waiting {
  readonly node: NodeId;
  readonly term: Term;
  readonly to: NodeId;
  readonly isWaiting: boolean;
  /** By the leader's own clock. */
  readonly atMs: number;
}

interface Wait {
  readonly term: Term;
  /** When a piece was sent last, or the wait began. */
  sentMs: number;
  late: number;
  lateMs: number;
}

/** Steps that come before a process has looked at its clock, as after a pause, are not counted. */
const lateMax = 2;
const apartMs = 100;

/**
 * Point 10 of the checklist: a leader that waits until a member has its snapshot also sends it. A transfer ends, well or not,
 * and then the member is probed again (dgraph#2707).
 */
export class SnapshotWaits implements Checker {
  readonly name = "snapshot-waits";
  readonly #violations: Violations = new Violations(this.name);
  readonly #mostMs: number;
  readonly #waits: WeakMap<object, Map<NodeId, Wait>> = new WeakMap();

  /** How long a leader may wait without sending anything, in ms of its clock. */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /** A piece leaves. */
  sent(process: object, to: NodeId, atMs: number): void {
    const wait = this.#waits.get(process)?.get(to);
    if (wait === undefined) return;
    wait.sentMs = atMs;
    wait.late = 0;
  }

  /** A leader has taken a step, after which it waits for the member, or does not. */
  led(process: object, { node, term, to, isWaiting, atMs }: Waiting): void {
    let waits = this.#waits.get(process);
    if (!isWaiting) {
      waits?.delete(to);
      return;
    }
    if (waits === undefined) {
      waits = new Map();
      this.#waits.set(process, waits);
    }
    const wait = waits.get(to);
    if (wait?.term !== term) waits.set(to, { term, sentMs: atMs, late: 0, lateMs: 0 });
    else if (atMs - wait.sentMs > this.#mostMs && atMs - wait.lateMs >= apartMs) {
      wait.lateMs = atMs;
      if (++wait.late > lateMax)
        this.#violations.add(
          `${node}, which leads term ${term}, waits until ${to} has a snapshot, and has sent nothing of it for ${this.#mostMs} ms.`,
        );
    }
  }

  finish(): readonly Violation[] {
    return this.#violations.all;
  }
}
