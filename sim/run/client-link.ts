import type { Watched } from "../../src/engine/transaction.ts";
import type { Reply as Answer } from "../../src/protocol/reply.ts";
import { type Delay, drawMs } from "../chance.ts";
import type { Prng } from "../prng.ts";
import type { Scheduler } from "../scheduler.ts";
import type { NodeLife } from "./node.ts";
import { type Call, type ConnectionEvents, NodeConnection } from "./node-connection.ts";

/** Clients are near their nodes: what happens between nodes is the network's affair. */
const delay: Delay = { minMs: 0.05, meanMs: 0.3 };

/** A client's connection to one process of a node. Both ends see it close, or the node goes silent. */
export class ClientLink {
  readonly life: NodeLife;
  isOpen = true;
  readonly #scheduler: Scheduler;
  readonly #random: Prng;
  readonly #connection: NodeConnection;
  /** Nothing overtakes anything, in each direction. */
  #arrivesMs = 0;
  #answersMs = 0;

  /** The node serves, or is loading. */
  constructor(life: NodeLife, scheduler: Scheduler, random: Prng, events: ConnectionEvents) {
    this.life = life;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#connection = new NodeConnection(life, events);
  }

  /** Where the node writes this connection's replies. */
  get out(): NodeConnection["out"] {
    return this.#connection.out;
  }

  send(call: Call): void {
    const answered = (answer: Answer, watched: readonly Watched[]): void =>
      this.#answer(call, answer, watched);
    const arriving: Call = { ...call, answered };
    this.#arrivesMs = this.#next(this.#arrivesMs);
    this.#scheduler.at(this.#arrivesMs, () => this.life.reach(() => this.#connection.arrive(arriving)));
  }

  /** The client goes away: what it sent may still be carried out. */
  close(): void {
    this.isOpen = false;
    this.#scheduler.after(drawMs(this.#random, delay), () => this.life.reach(() => this.#connection.close()));
  }

  #answer(call: Call, answer: Answer, watched: readonly Watched[]): void {
    this.#answersMs = this.#next(this.#answersMs);
    this.#scheduler.at(this.#answersMs, () => {
      if (this.isOpen) call.answered(answer, watched);
    });
  }

  #next(after: number): number {
    return Math.max(after, this.#scheduler.nowMs + drawMs(this.#random, delay));
  }
}
