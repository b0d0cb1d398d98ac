import type { LogIndex, NodeId, Role, Term } from "../../../src/raft/index.ts";
import { type Violation, Violations } from "../checker.ts";
import { type ClusterChecker, type Observation, showNode } from "./observation.ts";

interface Standing {
  readonly node: NodeId;
  readonly boot: number;
  readonly role: Role;
  readonly term: Term;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
}

/**
 * Invariant 19: once enough of the cluster is healed, it has one leader within the time, whom all of the healed follow,
 * and all of them have applied everything that was committed when they were.
 */
export class Convergence implements ClusterChecker {
  readonly name = "convergence";
  readonly #violations: Violations = new Violations(this.name);
  readonly #withinUs: number;
  readonly #standings: Map<NodeId, Standing> = new Map();
  #highest: LogIndex = 0;
  #goal:
    | { readonly nodes: () => readonly NodeId[]; readonly target: LogIndex; readonly until: number }
    | undefined;

  constructor(withinUs: number) {
    this.#withinUs = withinUs;
  }

  observe({ node, boot, role, term, commitIndex, appliedIndex }: Observation): void {
    this.#standings.set(node, { node, boot, role, term, commitIndex, appliedIndex });
    this.#highest = Math.max(this.#highest, commitIndex);
  }

  /**
   * From now on nothing happens to these nodes and what is between them; a quorum is among them. None as long as it is not
   * known who they are.
   */
  healed(nodes: () => readonly NodeId[], at: number): void {
    this.#goal = { nodes, target: this.#highest, until: at + this.#withinUs };
  }

  /** Faults begin anew: what was healed is over. */
  disturbed(): void {
    this.#goal = undefined;
  }

  /** True once it has converged, or need not. To be asked again and again, and at the end of the run. */
  isReached(now: number): boolean {
    if (this.#goal === undefined) return true;
    const { target, until } = this.#goal;
    const nodes = this.#goal.nodes();
    if (
      hasConverged(
        nodes.map((node) => this.#standings.get(node)),
        target,
      )
    )
      this.#goal = undefined;
    else if (now > until) this.#fail(nodes, target);
    return this.#goal === undefined;
  }

  #fail(nodes: readonly NodeId[], target: LogIndex): void {
    this.#goal = undefined;
    const known = nodes.length > 0 ? nodes : [...this.#standings.keys()];
    const lines = known.map((node) => showStanding(node, this.#standings.get(node)));
    this.#violations.add(
      `${nodes.join(", ") || "Members that nobody who leads knows"} were healed and have not converged within ${this.#withinUs} µs: one leader, the same term, \
and ${target} applied. ${lines.join("; ")}.`,
    );
  }

  finish(): readonly Violation[] {
    if (this.#goal !== undefined) this.#fail(this.#goal.nodes(), this.#goal.target);
    return this.#violations.all;
  }
}

function hasConverged(standings: readonly (Standing | undefined)[], target: LogIndex): boolean {
  const leaders = standings.filter((standing) => standing?.role === "leader");
  const [leader] = leaders;
  if (leader === undefined || leaders.length > 1) return false;
  return standings.every((one) => one?.term === leader.term && one.appliedIndex >= target);
}

function showStanding(node: NodeId, standing: Standing | undefined): string {
  if (standing === undefined) return `${node} was never seen`;
  const { role, term, commitIndex, appliedIndex } = standing;
  return `${showNode(standing)} is ${role} in term ${term}, committed ${commitIndex}, applied ${appliedIndex}`;
}
