import { join } from "node:path";
import { checkHistory } from "../../sim/checkers/history.ts";
import type { ReadMode } from "../../sim/history.ts";
import { Prng } from "../../sim/prng.ts";
import { Numbers, type WorkloadOptions } from "../../sim/run/workload.ts";
import { ChaosClient } from "./client.ts";
import { ClientConnection } from "./client-connection.ts";
import { type Fleet, pause } from "./fleet.ts";
import { HistoryLog } from "./history-log.ts";
import type { Ledger } from "./ledger.ts";
import type { NodeState } from "./orders.ts";
import { type StrikeName, strikes } from "./strikes.ts";

export interface RoundOptions {
  readonly number: number;
  readonly seconds: number;
  /** What may happen: one behind the other, and where there are several, in half of the rounds two at a time. */
  readonly strikes: readonly StrikeName[];
  readonly directory: string;
}

export interface RoundResult {
  readonly history: HistoryLog;
  readonly struck: ReadonlyMap<StrikeName, number>;
  /** Empty where all is well. */
  readonly wrong: readonly string[];
}

const agreeMsMax = 30_000;
const clients = 6;

/** Clients under faults for some seconds; then the cluster has to agree, and what clients saw is judged. */
export class Round {
  readonly #fleet: Fleet;
  readonly #random: Prng;
  readonly #options: RoundOptions;
  readonly #history = new HistoryLog();
  readonly #struck = new Map<StrikeName, number>();

  constructor(fleet: Fleet, random: Prng, options: RoundOptions) {
    this.#fleet = fleet;
    this.#random = random;
    this.#options = options;
  }

  async run(ledgers: readonly Ledger[]): Promise<RoundResult> {
    await this.#clear();
    const players = this.#clients();
    const playing = Promise.all([...players, ...ledgers].map((one) => one.run()));
    const mixes = this.#options.strikes.length > 1 && this.#random.chance(0.5);
    await Promise.all(Array.from({ length: mixes ? 2 : 1 }, () => this.#strike()));
    for (const one of [...players, ...ledgers]) one.leave();
    await playing;
    const wrong = [...this.#fleet.deaths, ...(await this.#agreement()), ...this.#judgement()];
    return { history: this.#history, struck: this.#struck, wrong };
  }

  /** Of the keys that every round has, nothing is left of the one before. */
  async #clear(): Promise<void> {
    await this.#fleet.agree("the round does not begin", async (_, leader) => {
      const connection = new ClientConnection(leader, this.#fleet.addressOf(leader));
      const reply = await connection.call("DEL", "m", "n", "q");
      connection.close();
      if (typeof reply !== "number") this.#history.failed((reply as Error | undefined)?.message ?? "closed");
      return typeof reply === "number";
    });
  }

  #clients(): ChaosClient[] {
    const fleet = this.#fleet;
    const numbers = new Numbers();
    const workload = workloadOf(this.#options.number);
    return Array.from({ length: clients }, (_, i) => {
      const random = new Prng(this.#random.uint32());
      const name = `r${this.#options.number}c${i}`;
      return new ChaosClient({
        ...{ name, fleet, random, workload, numbers },
        ...{ history: this.#history, hasSession: i % 3 === 0 },
      });
    });
  }

  async #strike(): Promise<void> {
    const until = performance.now() + this.#options.seconds * 1000;
    while (performance.now() < until) {
      const name = this.#random.pick(this.#options.strikes);
      this.#struck.set(name, (this.#struck.get(name) ?? 0) + 1);
      await strikes[name].strike(this.#fleet, this.#random);
      await pause(300 + this.#random.below(1_500));
    }
  }

  /** All nodes at one index have the same state. */
  async #agreement(): Promise<string[]> {
    const until = performance.now() + agreeMsMax;
    for (;;) {
      if (isOne([...(await this.#fleet.states()).values()], this.#fleet.alive.length)) {
        // Looked at once more, together with the hash: entries of time may have come in between.
        const states = [...(await this.#fleet.states(true))];
        const [, first] = states[0]!;
        if (
          isOne(
            states.map(([, state]) => state),
            this.#fleet.alive.length,
          )
        )
          return states
            .filter(([, { hash }]) => hash !== first.hash)
            .map(
              ([id, { applied, hash }]) =>
                `${id} has another state at ${applied}: ${hash}, not ${first.hash}`,
            );
      }
      if (performance.now() > until)
        return [`the nodes do not agree: ${described(await this.#fleet.states())}`];
      await pause(50);
    }
  }

  #judgement(): string[] {
    const { directory, number } = this.#options;
    this.#history.save(join(directory, `round-${number}.jsonl`));
    return [...checkHistory(this.#history.operations)].flatMap(({ violations }) =>
      violations.map(({ text }) => text),
    );
  }
}

/** Keys of its own, so that each round can be judged by itself. */
function workloadOf(round: number): WorkloadOptions {
  const modes: ReadMode[] = ["linearizable"];
  return {
    ...{
      clients,
      depth: 4,
      thinkMs: 15,
      timeoutMs: 10_000,
      loyalty: 0,
      movedKeys: [],
      flushChance: 0,
      readShare: 0.4,
    },
    ...{ writeQuorums: [0], ttlsMs: [3_600_000], modes },
    keys: ["a", "b", "c", "d", "e", "f"].map((letter) => `${letter}${round}`),
  };
}

/** So many have applied the same. */
function isOne(states: readonly NodeState[], count: number): boolean {
  return states.length === count && states.every(({ applied }) => applied === states[0]!.applied);
}

function described(states: ReadonlyMap<string, NodeState>): string {
  return [...states]
    .map(([id, { role, term, applied }]) => `${id} ${role} term ${term} applied ${applied}`)
    .join(", ");
}
