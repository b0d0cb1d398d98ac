import { Prng } from "../../sim/prng.ts";
import { Fleet } from "./fleet.ts";
import { Ledger } from "./ledger.ts";
import { Namespaces } from "./namespaces.ts";
import { Round } from "./round.ts";
import type { StrikeName } from "./strikes.ts";
import { Sum } from "./sum.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Rounds begin until so much time is over; at least one. */
  readonly seconds: number;
  readonly roundSeconds: number;
  readonly strikes: readonly StrikeName[];
  /** For data, logs and histories. */
  readonly directory: string;
  readonly print: (line: string) => void;
}

const bookkeepers = 2;

/** A cluster of real processes, under faults and clients for some rounds; ends behind the first that went wrong. */
export async function runChaos(options: ChaosOptions): Promise<Sum> {
  const { seed, seconds, roundSeconds, strikes, directory, print } = options;
  const random = new Prng(seed);
  const ids = Array.from({ length: options.nodes }, (_, i) => `n${i + 1}`);
  const until = performance.now() + seconds * 1000;
  using namespaces = strikes.includes("unplug") ? new Namespaces() : undefined;
  await using fleet = new Fleet(directory, ids, namespaces);
  for (const id of ids) await fleet.start(id);
  for (const id of ids) await fleet.serving(id);
  const ledgers = Array.from(
    { length: bookkeepers },
    (_, i) => new Ledger(String(i), fleet, new Prng(random.uint32())),
  );
  const sum = new Sum(ledgers);
  do {
    const number = sum.rounds + 1;
    const round = new Round(fleet, random, { number, seconds: roundSeconds, strikes, directory });
    sum.add(await round.run(ledgers));
    print(`… round ${number}: ${sum.inShort}`);
  } while (sum.wrong.length === 0 && performance.now() < until);
  for (const ledger of ledgers) for (const id of fleet.awake) sum.wrong.push(...(await ledger.missing(id)));
  return sum;
}
