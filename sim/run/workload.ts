import type { Action, PartAction, ReadMode } from "../history.ts";
import type { Prng } from "../prng.ts";

/** What clients do: few keys, so that they meet, and every value once, so that it says who wrote it. */
export interface WorkloadOptions {
  readonly clients: number;
  /** Commands of one connection that may be under way. */
  readonly depth: number;
  readonly thinkMs: number;
  /** Without a reply for so long, a client closes its connection. */
  readonly timeoutMs: number;
  /** Chance that a client which has lost its connection looks for the same node again, as those that know one address do. */
  readonly loyalty: number;
  readonly keys: readonly string[];
  /** Keys that RENAME moves values between, and nothing else moves. */
  readonly movedKeys: readonly string[];
  readonly flushChance: number;
  readonly readShare: number;
  readonly modes: readonly ReadMode[];
  /** W of single writes, beside the cluster's. */
  readonly writeQuorums: readonly number[];
  readonly ttlsMs: readonly number[];
}

export function drawWorkload(random: Prng, voters: number): WorkloadOptions {
  const keys = ["a", "b", "c", "d", "e", "f", "g", "h"].slice(0, 3 + random.below(6));
  return {
    clients: 3 + random.below(4),
    depth: random.pick([1, 2, 4, 8]),
    thinkMs: random.pick([20, 60, 120]),
    timeoutMs: random.pick([500, 2_000, 8_000]),
    loyalty: random.pick([0, 0, 0.9]),
    keys,
    movedKeys: random.chance(0.5) ? ["x", "y"] : [],
    flushChance: random.pick([0, 0, 0, 0.002]),
    readShare: random.pick([0.2, 0.5]),
    modes: random.pick<readonly ReadMode[]>([
      ["linearizable"],
      ["linearizable", "linearizable", "quorum", "stale"],
      ["quorum"],
    ]),
    writeQuorums: random.chance(0.3) ? [0, 0, 1 + random.below(voters)] : [0],
    ttlsMs: random.pick([
      [20, 400],
      [1_000, 5_000],
      [300, 3_600_000],
    ]),
  };
}

export function describeWorkload(workload: WorkloadOptions): string {
  const { clients, depth, thinkMs, timeoutMs, loyalty, keys, movedKeys } = workload;
  const stays = loyalty > 0 ? " stay with their nodes" : "";
  return `${clients} clients${stays} of depth ${depth} think ${thinkMs}ms timeout ${timeoutMs}ms keys ${[...keys, ...movedKeys].join("")}`;
}

/** What all clients of a run have in common: values, steps and times to live, each of them once. */
export class Numbers {
  #values = 0;
  #ttls = 0;

  value(): number {
    return ++this.#values;
  }

  /** Near one of these, and unlike all others. */
  ttlMs(random: Prng, near: readonly number[]): number {
    const choice = random.below(near.length);
    return near[choice]! + near.length * ++this.#ttls + choice;
  }
}

/** Draws what a client does next. */
export class ActionSource {
  readonly #random: Prng;
  readonly #options: WorkloadOptions;
  readonly #numbers: Numbers;
  /** What this client has seen last of each key. */
  readonly #seen: Map<string, string | null> = new Map();

  constructor(random: Prng, options: WorkloadOptions, numbers: Numbers) {
    this.#random = random;
    this.#options = options;
    this.#numbers = numbers;
  }

  /** Something was read or written. */
  saw(key: string, value: string | null): void {
    this.#seen.set(key, value);
  }

  draw(): Action {
    const { readShare, flushChance, movedKeys } = this.#options;
    const random = this.#random;
    if (random.chance(flushChance)) return { type: "flush" };
    if (movedKeys.length > 0 && random.chance(0.1)) return this.#moved();
    if (random.chance(0.12)) return this.#several();
    return random.chance(readShare) ? { type: "get", key: this.#key() } : this.#write();
  }

  #key(): string {
    return this.#random.pick(this.#options.keys);
  }

  #write(): PartAction {
    const key = this.#key();
    switch (this.#random.below(10)) {
      case 0:
      case 1:
        return { type: "set", key, argument: this.#value() };
      case 2:
        return { type: "set", key, argument: this.#value(), ttl: this.#ttl() };
      case 3:
      case 4:
        return { type: "cas", key, argument: [this.#seen.get(key) ?? null, this.#value()] };
      case 5:
        return { type: "incr", key: this.#random.pick(["m", "n"]), argument: this.#numbers.value() };
      case 6:
        return { type: "append", key: this.#random.pick(["q", key]), argument: `.${this.#numbers.value()}` };
      case 7:
        return { type: "del", key: this.#random.pick([key, "q"]) };
      case 8:
        return { type: "expire", key, argument: this.#ttl() };
      default:
        return { type: "incr", key: this.#random.pick(["m", "n", key]), argument: this.#numbers.value() };
    }
  }

  #moved(): PartAction {
    const [x = "", y = ""] = this.#options.movedKeys;
    const [key, argument] = this.#random.chance(0.5) ? [x, y] : [y, x];
    if (this.#random.chance(0.3)) return { type: "set", key, argument: this.#value() };
    if (this.#random.chance(0.3)) return { type: "get", key };
    return { type: "rename", key, argument };
  }

  /** MGET, MSET, or a transaction of other parts. */
  #several(): Action {
    const { keys } = this.#options;
    const two = [...keys].sort(() => this.#random.below(3) - 1).slice(0, 2);
    switch (this.#random.below(4)) {
      case 0:
        return { type: "exec", argument: two.map((key) => ({ type: "get", key })) };
      case 1:
        return { type: "exec", argument: two.map((key) => ({ type: "set", key, argument: this.#value() })) };
      default:
        return {
          type: "exec",
          argument: [
            { type: "get", key: two[0]! },
            { type: "set", key: two[1]!, argument: this.#value() },
            { type: "incr", key: "m", argument: this.#numbers.value() },
          ],
        };
    }
  }

  #value(): string {
    const length = this.#random.pick([0, 0, 0, 0, 200]);
    return `v${this.#numbers.value()}${"-".repeat(length)}`;
  }

  /** Each once, so that the command can be told from all others. */
  #ttl(): number {
    return this.#numbers.ttlMs(this.#random, this.#options.ttlsMs);
  }
}
