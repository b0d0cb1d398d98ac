import { type Reply, ReplyError } from "../protocol/reply.ts";
import { ask } from "./ask.ts";
import { type Consistency, linearizable } from "./consistency.ts";
import type { ClientNode } from "./node.ts";

/** How long a node is given to apply what others have, at most. */
const awaitMsMax = 1_000;
/** Whoever waits there holds nobody else up. */
const waitingRoom: Consistency = { key: "await", isStale: false, setup: [] };

/**
 * Which nodes have applied what this client has written, and what it has seen with its revision: a stale read goes to one
 * of these, and so sees it.
 *
 * After writes the nodes that have acknowledged them are asked, once somebody wants to read, how far they have applied; the
 * others tell when they have come as far. Who only writes, or reads otherwise, pays nothing. A read waits for the writes
 * that were acknowledged before it, and not for those that go on beside it.
 */
export class Freshness {
  readonly #awaitMs: number;
  /** The first `#covered` writes have at most this revision. */
  #floor = 0;
  #covered = 0;
  /** Writes that were acknowledged. */
  #writes = 0;
  /** Who acknowledged those that are not covered, and the last of them there. */
  readonly #tellers = new Map<ClientNode, number>();
  #learning: Promise<void> | undefined;
  readonly #catchingUp = new Set<ClientNode>();
  /** The latest revision that was told since it came into doubt whether revisions go on; undefined: it is not in doubt. */
  #toldInDoubt: number | undefined;

  /** A node that is silent for `silenceMs` is taken for dead. */
  constructor(silenceMs: number) {
    this.#awaitMs = Math.min(awaitMsMax, Math.ceil(silenceMs / 2));
  }

  get writes(): number {
    return this.#writes;
  }

  /** A write was acknowledged by this node, which has applied it. */
  wrote(node: ClientNode): void {
    this.#tellers.set(node, ++this.#writes);
  }

  /** This node has applied the first so many writes, whoever acknowledged them: those need not be asked any more. */
  sawAll(node: ClientNode, writes: number): void {
    for (const [teller, last] of this.#tellers) if (last <= writes) this.#tellers.delete(teller);
    this.#tellers.set(node, Math.max(writes, this.#tellers.get(node) ?? 0));
  }

  /** A reply told this revision. */
  saw(revision: number): void {
    this.#told(revision);
  }

  /** Whether it is known how far a node must have come to have the first so many writes. */
  covers(writes: number): boolean {
    return this.#covered >= writes;
  }

  /** Finds out how far, for all writes until now, or until the question before this one; rejects where somebody does not tell. */
  learn(): Promise<void> {
    this.#learning ??= this.#learn().finally(() => {
      this.#learning = undefined;
    });
    return this.#learning;
  }

  /** Whether a stale read there sees all own writes. If not, it is asked to tell when one would. */
  has(node: ClientNode): boolean {
    if (node.appliedRevision >= this.#floor) return true;
    if (!this.#catchingUp.has(node)) void this.#catchUp(node);
    return false;
  }

  async #learn(): Promise<void> {
    const writes = this.#writes;
    await Promise.all([...this.#tellers].map(([node, last]) => this.#ask(node, last)));
    this.#covered = writes;
  }

  async #ask(node: ClientNode, last: number): Promise<void> {
    const revision = await this.#revisionAt(node, 0);
    node.appliedRevision = Math.max(node.appliedRevision, revision);
    this.#told(revision);
    if (this.#tellers.get(node) === last) this.#tellers.delete(node);
  }

  async #catchUp(node: ClientNode): Promise<void> {
    this.#catchingUp.add(node);
    try {
      const floor = this.#floor;
      const revision = await this.#revisionAt(node, floor);
      node.appliedRevision = Math.max(node.appliedRevision, revision);
      if (revision < floor) await this.#doubt(node, floor);
    } catch {
      // It is not asked to read as long as it cannot be asked this.
    } finally {
      this.#catchingUp.delete(node);
    }
  }

  /**
   * Behind for so long, a node lags, or revisions have begun anew (in memory, or in another cluster at the same addresses),
   * and nobody would ever come so far. Who can read all writes of the present knows how far they go.
   */
  async #doubt(node: ClientNode, floor: number): Promise<void> {
    if (this.#toldInDoubt !== undefined) return;
    this.#toldInDoubt = 0;
    try {
      const lane = node.lane(linearizable);
      // Of one turn: they go over one connection, one behind the other.
      const [read, revision] = await Promise.all([
        ask(lane, ["EXISTS", ""]),
        ask(lane, ["CONSISTENCY", "AWAIT", 0, 1]),
      ]);
      if (read instanceof ReplyError || typeof revision !== "number") return;
      node.appliedRevision = Math.max(node.appliedRevision, revision);
      if (revision < floor) this.#floor = Math.max(revision, this.#toldInDoubt);
    } finally {
      this.#toldInDoubt = undefined;
    }
  }

  #told(revision: number): void {
    this.#floor = Math.max(this.#floor, revision);
    if (this.#toldInDoubt !== undefined) this.#toldInDoubt = Math.max(this.#toldInDoubt, revision);
  }

  async #revisionAt(node: ClientNode, wanted: number): Promise<number> {
    const reply: Reply = await ask(node.lane(waitingRoom), ["CONSISTENCY", "AWAIT", wanted, this.#awaitMs]);
    if (typeof reply === "number") return reply;
    throw reply instanceof ReplyError ? new Error(reply.message) : new Error("no revision");
  }
}
