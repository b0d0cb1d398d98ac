import { type Config, defaultConfig } from "../src/raft/index.ts";
import type { Delay } from "./chance.ts";
import type { SimClockOptions } from "./clock.ts";
import { type DiskFaultKind, diskFaults } from "./disk-faults.ts";
import type { DiskPaceOptions } from "./disk-pace.ts";
import { calmNetwork, type NetworkWeather } from "./network.ts";
import type { Prng } from "./prng.ts";

/** What a storm does to machines and to what is between them. storm.ts has what each means. */
export const machineFaults = [
  "crash",
  "machine off",
  "pause",
  "suspend",
  "partition",
  "slow link",
  "half-open",
  "slow disk",
  "clock jump",
  "clock freeze",
  "clock rate",
  "block",
] as const;

/** What an operator does to the cluster that runs on them. run/operator.ts has what each means. */
const orders = [
  "transfer",
  "clean restart",
  "members",
  "amnesia",
  "foreign directory",
  "old directory",
  "bit flip",
] as const;

export type MachineFault = (typeof machineFaults)[number];
export type OperatorFault = (typeof orders)[number] | DiskFaultKind;
export type StormFault = MachineFault | OperatorFault;

const operatorFaults: readonly OperatorFault[] = [...orders, ...diskFaults];

export const stormFaults: readonly StormFault[] = [...machineFaults, ...operatorFaults];

export function isOperatorFault(fault: StormFault): fault is OperatorFault {
  return (operatorFaults as readonly StormFault[]).includes(fault);
}

const fewFaultsMax = 5;

/** All that chance decides before a run begins. */
export interface Knobs {
  readonly voters: number;
  readonly learners: number;
  /** Nodes that are no members at first, and wait to be told. */
  readonly spares: number;
  readonly tickMs: number;
  readonly raft: Omit<Config, "id" | "boot" | "random">;
  /** Entries of the log after which somebody asks for a snapshot. */
  readonly snapshotEntries: number;
  /** Bytes of the log after which a node takes one by itself; 0: never. */
  readonly snapshotLogBytes: number;
  /** How much of a snapshot goes to another member at a time. */
  readonly snapshotPieceBytes: number;
  /** How long the sessions live under which nodes forward. */
  readonly nodeSessionMs: number;
  readonly segmentBytes: number;
  readonly writeTimeoutMs: number;
  /** Voters that must hold each write; 0: a majority. */
  readonly writeQuorum: number;
  readonly network: NetworkWeather;
  readonly disk: DiskPaceOptions;
  readonly clock: SimClockOptions;
  /** Wall clocks start up to so far off, to either side. */
  readonly skewMsMax: number;
  /** Clocks go up to this part too fast or too slow. */
  readonly driftMax: number;
  /** Kinds of faults that happen; the others do not. */
  readonly faults: readonly StormFault[];
  /** Time between two faults. */
  readonly faultEvery: Delay;
  /** How long a fault lasts. */
  readonly faultFor: Delay;
}

/**
 * Draws the knobs of a run. Each kind of fault is left out of half of the runs, some runs have none, and some few kinds, which
 * are frequent then: faults that always come together hide what one of them alone would show.
 */
export function drawKnobs(random: Prng): Knobs {
  const isQuiet = random.chance(0.1);
  const voters = random.pick([1, 2, 3, 3, 3, 4, 5, 5, 7]);
  return {
    voters,
    learners: random.pick([0, 0, 0, 1, 2]),
    spares: random.pick([0, 1, 2]),
    ...drawTimes(random),
    snapshotEntries: random.pick([1, 7, 50, 50, 1_000, 1_000]),
    snapshotLogBytes: random.pick([0, 1, 20_000, 200_000]),
    snapshotPieceBytes: random.pick([300, 2_000, 262_144]),
    nodeSessionMs: random.pick([60_000, 60_000, 3_000]),
    segmentBytes: random.pick([2_048, 8_192, 65_536, 1_048_576]),
    writeTimeoutMs: random.pick([300, 1_000, 5_000]),
    writeQuorum: random.chance(0.2) ? voters - random.below(2) : 0,
    network: isQuiet ? calmNetwork : drawNetwork(random),
    disk: drawDisk(random),
    clock: { turnMs: random.pick([0.01, 0.01, 0.1, 1]), latenessMs: random.pick([0.1, 1, 5]) },
    skewMsMax: random.pick([0, 10, 1_000, 3_600_000]),
    driftMax: random.pick([0, 0, 0.001, 0.1]),
    faults: isQuiet ? [] : drawFaults(random),
    faultEvery: { minMs: 1, meanMs: random.pick([200, 700, 3_000]) },
    faultFor: { minMs: 1, meanMs: random.pick([30, 500, 3_000]) },
  };
}

function drawFaults(random: Prng): readonly StormFault[] {
  if (random.chance(0.7)) return stormFaults.filter(() => random.chance(0.5));
  const kinds = Array.from({ length: 1 + random.below(fewFaultsMax) }, () => random.pick(stormFaults));
  return [...new Set(kinds)];
}

function drawTimes(random: Prng): Pick<Knobs, "tickMs" | "raft"> {
  const tickMs = random.pick([10, 10, 20, 50]);
  const heartbeatTicks = random.pick([1, 3, 5]);
  // Not below what a vote takes: a slow disk syncs three times for it.
  const checkQuorumTicks = heartbeatTicks * 2 + 8 + random.below(24);
  const electionTicksMin = checkQuorumTicks + 1 + random.below(20);
  const raft = {
    ...defaultConfig,
    heartbeatTicks,
    checkQuorumTicks,
    electionTicksMin,
    // Below it: with one value alone, two that campaign together do so for ever.
    electionTicksMax: electionTicksMin + random.pick([2, 5, electionTicksMin]),
    refusedTicksMax: random.pick([1, 6]),
    appendBytesMax: random.pick([1, 200, 4_096, defaultConfig.appendBytesMax]),
    inflightMessagesMax: random.pick([1, 3, 20, defaultConfig.inflightMessagesMax]),
    inflightBytesMax: random.pick([200, 65_536, defaultConfig.inflightBytesMax]),
    uncommittedBytesMax: random.pick([4_096, defaultConfig.uncommittedBytesMax]),
  };
  return { tickMs, raft };
}

function drawNetwork(random: Prng): NetworkWeather {
  const minMs = random.pick([0.05, 0.3, 5]);
  return {
    ...calmNetwork,
    delay: { minMs, meanMs: minMs * random.pick([1.5, 3, 10]) },
    lossChance: random.pick([0, 0, 0.01, 0.1, 0.3]),
    repeatChance: random.pick([0, 0, 0.05, 0.5]),
    reorderChance: random.pick([0, 0, 0.05, 0.3]),
    holdMsMax: random.pick([5, 100, 1_000]),
    corruptChance: random.pick([0, 0, 0.001]),
    splitChance: random.pick([0, 0.1, 0.5]),
    bytesPerMs: random.pick([1_000, 10_000, 125_000]),
    queueBytesMax: random.pick([65_536, 16_777_216]),
    stallMsMax: random.pick([300, 2_000]),
    retry: { minMs: 10, meanMs: random.pick([20, 100, 500]) },
  };
}

function drawDisk(random: Prng): DiskPaceOptions {
  const minMs = random.pick([0.01, 0.05]);
  return {
    call: { minMs, meanMs: 2 * minMs },
    sync: { minMs: 2 * minMs, meanMs: random.pick([0.2, 2, 20]) },
  };
}

/** In one line, for the head of a report. */
export function describeKnobs(knobs: Knobs): string {
  const { raft, network, disk, clock } = knobs;
  const odds = (name: string, chance: number) => (chance > 0 ? `${name} ${chance * 100}%` : undefined);
  const words = [
    `${knobs.voters} voters${knobs.learners > 0 ? ` + ${knobs.learners} learners` : ""}`,
    knobs.spares > 0 ? `${knobs.spares} spares` : undefined,
    `tick ${knobs.tickMs}ms`,
    `heartbeat ${raft.heartbeatTicks}`,
    `quorum ${raft.checkQuorumTicks}`,
    `election ${raft.electionTicksMin}-${raft.electionTicksMax}`,
    `append ${raft.appendBytesMax}B`,
    `inflight ${raft.inflightMessagesMax}/${raft.inflightBytesMax}B`,
    `uncommitted ${raft.uncommittedBytesMax}B`,
    `snapshot ${knobs.snapshotEntries} or ${knobs.snapshotLogBytes}B of segments of ${knobs.segmentBytes}B, sent by ${knobs.snapshotPieceBytes}B`,
    knobs.nodeSessionMs < 60_000 ? `sessions of nodes ${knobs.nodeSessionMs}ms` : undefined,
    `write timeout ${knobs.writeTimeoutMs}ms quorum ${knobs.writeQuorum}`,
    `net ${delayText(network.delay)} ${network.bytesPerMs}B/ms queue ${network.queueBytesMax}B`,
    odds("loss", network.lossChance),
    odds("repeat", network.repeatChance),
    odds("reorder", network.reorderChance),
    odds("corrupt", network.corruptChance),
    odds("split", network.splitChance),
    `sync ${delayText(disk.sync)}`,
    `turn ${clock.turnMs}ms late ${clock.latenessMs}ms`,
    `skew ${knobs.skewMsMax}ms drift ${knobs.driftMax * 100}%`,
    `faults ${knobs.faults.join(", ") || "none"}`,
    `every ${knobs.faultEvery.meanMs}ms for ${knobs.faultFor.meanMs}ms`,
  ];
  return words.filter((word) => word !== undefined).join("; ");
}

function delayText({ minMs, meanMs }: Delay): string {
  return `${minMs}~${Math.round(meanMs * 100) / 100}ms`;
}
