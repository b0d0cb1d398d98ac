import type { Prng } from "../../sim/prng.ts";
import { type Reply, ReplyError } from "../../src/protocol/reply.ts";
import { ClientConnection } from "./client-connection.ts";
import { type Fleet, pause } from "./fleet.ts";

/** Writes that one bookkeeper has under way. */
const burst = 16;
/** Keys of one MGET when all is counted. */
const countedAtOnce = 500;
/** Without a reply for so long, it closes its connection. */
const timeoutMs = 8_000;

/**
 * Writes each key once, and remembers of which it was told that they are kept. All of those must be there at the end,
 * whatever happened meanwhile; what was refused must not.
 */
export class Ledger {
  readonly #name: string;
  readonly #fleet: Fleet;
  readonly #random: Prng;
  readonly #acknowledged: number[] = [];
  readonly #refused: number[] = [];
  #last = 0;
  #isLeaving = false;

  constructor(name: string, fleet: Fleet, random: Prng) {
    this.#name = name;
    this.#fleet = fleet;
    this.#random = random;
  }

  get acknowledged(): number {
    return this.#acknowledged.length;
  }

  /** Ends behind `leave`; may be called again. */
  async run(): Promise<void> {
    this.#isLeaving = false;
    while (!this.#isLeaving) {
      const { alive } = this.#fleet;
      if (alive.length > 0) await this.#write(this.#random.pick(alive));
      await pause(20);
    }
  }

  leave(): void {
    this.#isLeaving = true;
  }

  /** Looks at one node whether everything is there: what is not, by its key. */
  async missing(node: string): Promise<string[]> {
    const connection = new ClientConnection(node, this.#fleet.addressOf(node));
    const wrong: string[] = [];
    const looks = async (numbers: readonly number[], isThere: boolean): Promise<void> => {
      for (let from = 0; from < numbers.length; from += countedAtOnce) {
        const some = numbers.slice(from, from + countedAtOnce);
        const found = await connection.call("MGET", ...some.map((number) => this.#key(number)));
        if (!Array.isArray(found))
          return void wrong.push(`${node} does not tell what is kept: ${textOf(found)}`);
        for (const [i, number] of some.entries())
          if (found[i] !== (isThere ? String(number) : null))
            wrong.push(`${this.#key(number)} is ${String(found[i])} at ${node}`);
      }
    };
    try {
      await looks(this.#acknowledged, true);
      await looks(this.#refused, false);
    } finally {
      connection.close();
    }
    return wrong;
  }

  /** Bursts to one node, until it is gone or does not take them. */
  async #write(node: string): Promise<void> {
    const connection = new ClientConnection(node, this.#fleet.addressOf(node));
    for (let isTaken = true; isTaken && connection.isOpen && !this.#isLeaving; ) {
      const timer = setTimeout(() => connection.close(), timeoutMs);
      const taken = await Promise.all(
        Array.from({ length: burst }, () => this.#add(connection, ++this.#last)),
      );
      clearTimeout(timer);
      isTaken = taken.every(Boolean);
      await pause(10 + this.#random.below(20));
    }
    connection.close();
  }

  async #add(connection: ClientConnection, number: number): Promise<boolean> {
    const reply = await connection.call("SET", this.#key(number), String(number));
    if (reply === "OK") this.#acknowledged.push(number);
    else if (reply instanceof ReplyError && isRefusal(reply)) this.#refused.push(number);
    return reply === "OK";
  }

  #key(number: number): string {
    return `ledger:${this.#name}:${number}`;
  }
}

/** It says that nothing was applied. */
function isRefusal({ code }: ReplyError): boolean {
  return ["CLUSTERDOWN", "NOREPLICAS", "LOADING", "MISCONF", "BUSY", "OOM"].includes(code);
}

function textOf(reply: Reply | undefined): string {
  return reply instanceof ReplyError ? reply.message : String(reply);
}
