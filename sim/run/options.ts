import type { Knobs, StormFault } from "../knobs.ts";
import { calmNetwork } from "../network.ts";
import type { WorkloadOptions } from "./workload.ts";

/** What of a run is not left to its seed. */
export interface RunOptions {
  /** Simulated seconds of the safety phase. */
  readonly seconds?: number;
  readonly voters?: number;
  readonly learners?: number;
  readonly clients?: number;
  /** The kinds of faults that may happen, instead of those that the seed has drawn. */
  readonly faults?: readonly StormFault[];
  /** Nothing goes wrong in the network, but for cuts and slow links. */
  readonly isCalm?: boolean;
}

const usualSeconds = 30;

export interface Drawn {
  readonly knobs: Knobs;
  readonly workload: WorkloadOptions;
}

export function limited(
  { knobs, workload }: Drawn,
  { seconds = usualSeconds, voters, learners, clients, faults, isCalm }: RunOptions,
): Drawn & { readonly seconds: number } {
  return {
    seconds,
    knobs: {
      ...knobs,
      voters: voters ?? knobs.voters,
      learners: learners ?? knobs.learners,
      spares: learners === 0 ? 0 : knobs.spares,
      writeQuorum: Math.min(knobs.writeQuorum, voters ?? knobs.voters),
      faults: faults ?? knobs.faults,
      network: isCalm ? calmNetwork : knobs.network,
    },
    workload: { ...workload, clients: clients ?? workload.clients },
  };
}

/** As arguments of the command line. */
export function argumentsOf({ seconds, voters, learners, clients, faults, isCalm }: RunOptions): string {
  const words = [
    seconds === undefined ? "" : `--seconds ${seconds}`,
    voters === undefined ? "" : `--voters ${voters}`,
    learners === undefined ? "" : `--learners ${learners}`,
    clients === undefined ? "" : `--clients ${clients}`,
    faults === undefined ? "" : `--faults "${faults.join(",") || "none"}"`,
    isCalm ? "--calm" : "",
  ];
  return words.filter((word) => word !== "").join(" ");
}
