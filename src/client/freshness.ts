import { type Reply, ReplyError } from "../protocol/reply.ts";
import { ask } from "./ask.ts";
import type { Consistency } from "./consistency.ts";
import type { ClientNode } from "./node.ts";

/** How long a node is given to apply what others have, at most. */
const awaitMsMax = 1_000;
/** Whoever waits there holds nobody else up. */
const waitingRoom: Consistency = { key: "await", isStale: false, setup: [] };

/**
 * Which nodes have applied what this client has written: a stale read goes to one of these, and so sees it.
 *
 * After a write its node is asked, once somebody wants to read, how far it has applied; the others tell when they have come
 * as far. Who only writes, or reads otherwise, pays nothing.
 */
export class Freshness {
  readonly #awaitMs: number;
  /** All own writes up to the last that was looked at have at most this revision. */
  #floor = 0;
  /** Where the last write was acknowledged, if that was not looked at yet. */
  #writtenAt: ClientNode | undefined;
  /** Writes that were acknowledged. */
  #writes = 0;
  #learning: Promise<void> | undefined;
  readonly #catchingUp = new Set<ClientNode>();

  /** A node that is silent for `silenceMs` is taken for dead. */
  constructor(silenceMs: number) {
    this.#awaitMs = Math.min(awaitMsMax, Math.ceil(silenceMs / 2));
  }

  /** A write was acknowledged by this node. */
  wrote(node: ClientNode | undefined): void {
    this.#writtenAt = node;
    this.#writes++;
  }

  /** Whether it is known up to where a node must have come. */
  get isKnown(): boolean {
    return this.#writtenAt === undefined;
  }

  /** Finds out; rejects where nobody tells. */
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
    const node = this.#writtenAt;
    if (node === undefined) return;
    const writes = this.#writes;
    const revision = await this.#revisionAt(node, 0);
    node.appliedRevision = Math.max(node.appliedRevision, revision);
    this.#floor = Math.max(this.#floor, revision);
    if (this.#writes === writes) this.#writtenAt = undefined;
  }

  async #catchUp(node: ClientNode): Promise<void> {
    this.#catchingUp.add(node);
    try {
      node.appliedRevision = Math.max(node.appliedRevision, await this.#revisionAt(node, this.#floor));
    } catch {
      // It is not asked to read as long as it cannot be asked this.
    } finally {
      this.#catchingUp.delete(node);
    }
  }

  async #revisionAt(node: ClientNode, wanted: number): Promise<number> {
    const reply: Reply = await ask(node.lane(waitingRoom), ["CONSISTENCY", "AWAIT", wanted, this.#awaitMs]);
    if (typeof reply === "number") return reply;
    throw reply instanceof ReplyError ? new Error(reply.message) : new Error("no revision");
  }
}
