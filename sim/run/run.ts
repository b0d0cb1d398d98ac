import { observeReached } from "../../src/base/reached.ts";
import type { Member } from "../../src/raft/configuration.ts";
import { consensusTickMs } from "../../src/replica/consensus.ts";
import { type Violation, Violations } from "../checkers/checker.ts";
import { checkHistory, type Judgement } from "../checkers/history.ts";
import { showOperation } from "../checkers/show.ts";
import { FaultCounts } from "../fault-counts.ts";
import { describeKnobs, drawKnobs, type Knobs } from "../knobs.ts";
import type { SimMachine } from "../machine.ts";
import { calmNetwork } from "../network.ts";
import { Prng } from "../prng.ts";
import { Storm } from "../storm.ts";
import { SimWorld } from "../world.ts";
import { SimClient } from "./client.ts";
import { type NodeLife, SimNode } from "./node.ts";
import { ClusterOperator } from "./operator.ts";
import { limited, type RunOptions } from "./options.ts";
import { Progress, StandStill } from "./progress.ts";
import { Recorder } from "./recorder.ts";
import { Watch } from "./watch.ts";
import { describeWorkload, drawWorkload, Numbers, type WorkloadOptions } from "./workload.ts";

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
  readonly traceLines: readonly string[];
  readonly description: string;
  readonly simulatedMs: number;
  readonly events: number;
  readonly operations: Readonly<Record<"known" | "unknown" | "failed", number>>;
  /** Keys for which the search for an order gave up, so that only the replay has judged them. */
  readonly undecided: number;
  readonly faults: readonly (readonly [kind: string, count: number])[];
  /** How often each of the states that src names was reached: src/base/points.ts. */
  readonly reached: readonly (readonly [point: string, count: number])[];
}

/** A disk that hangs may do so for 30 s after the end of the storm, and then an election has to come. */
const convergeMsMax = 90_000;
/** Operations tell the cluster time at which they happened and their revision: so deadlines are exact, and the replay
 * judges what takes the search for an order too long. */
const judging = {
  tolerance: { drift: 0, lateMs: 0 },
  ...{ configurationsMax: 20_000, stepsMax: 300_000, mayGiveUp: true },
};
/** Until what is under way has its outcome: the longest write timeout, and the clients' own. */
const restMsMax = 60_000;
/** Longest election timeouts that pass when all agree. */
const timeoutsOfRest = 2;
/** With shorter times, late timers and slow disks alone bring elections. */
const restTicksMin = 15;

/**
 * One run: a cluster of production nodes and its clients, made from a seed.
 *
 *     storm and clients (safety) ──► everything heals (liveness) ──► all agree ──► checkers
 */
export class SimRun {
  readonly world: SimWorld;
  readonly #seed: number;
  readonly #seconds: number;
  readonly #nodes: SimNode[] = [];
  readonly #clients: SimClient[] = [];
  readonly #watch: Watch;
  readonly recorder: Recorder;
  readonly #workload: WorkloadOptions;
  readonly #operator: ClusterOperator;
  readonly #violations = new Violations("run");
  readonly #crashes = new Violations("crash");
  readonly #reached = new FaultCounts();
  readonly #progress: Progress;

  constructor(seed: number, options: RunOptions = {}, progress: Progress = new Progress()) {
    this.#seed = seed;
    this.#progress = progress;
    const random = new Prng(seed);
    const knobs = drawKnobs(random);
    const drawn = { knobs, workload: drawWorkload(new Prng(random.uint32()), knobs.voters) };
    const { knobs: own, workload, seconds } = limited(drawn, options);
    this.world = new SimWorld(random, own);
    this.#seconds = seconds;
    this.#workload = workload;
    const first = firstMembers(own);
    this.#watch = new Watch(this.world, this.#nodes, () => this.recorder, {
      first: { members: first },
      convergeWithinUs: convergeMsMax * 1000,
    });
    this.recorder = new Recorder(this.world.scheduler, () => this.#watch.clusterTime);
    this.#watch.onDied = (life) => this.#died(life);
    this.#watch.onRefused = (life, error) => this.#refused(life, error);
    this.world.leading = () => this.#leading;
    this.#addNodes(first);
    this.#addClients();
    this.#operator = new ClusterOperator(this.world, this.#nodes);
  }

  get description(): string {
    return `${describeKnobs(this.world.knobs)}; ${describeWorkload(this.#workload)}`;
  }

  /** What a smaller run would have less of. */
  get size(): Required<RunOptions> {
    const { voters, learners, faults, network } = this.world.knobs;
    const isCalm = network === calmNetwork;
    return { seconds: this.#seconds, voters, learners, clients: this.#clients.length, faults, isCalm };
  }

  async run(): Promise<RunResult> {
    observeReached((point) => this.#reached.count(point));
    try {
      await this.#safety();
      await this.#liveness();
    } catch (error) {
      if (error instanceof StandStill) this.#violations.add(error.message);
      else this.#crashes.add(`A node has crashed: ${error instanceof Error ? error.stack : error}`);
    }
    this.#stopAll();
    observeReached(undefined);
    return this.#result();
  }

  async #safety(): Promise<void> {
    const { machines } = this.world;
    for (const machine of machines) machine.start();
    for (const client of this.#clients) client.begin();
    const storm = new Storm(this.world, this.#operator);
    storm.begin();
    await this.#advance(this.#seconds * 1000);
    storm.end();
  }

  async #liveness(): Promise<void> {
    const { scheduler } = this.world;
    const { convergence } = this.#watch.checkers;
    convergence.healed(() => this.#watch.members, scheduler.nowMs * 1000);
    for (const client of this.#clients) client.isLeaving = true;
    const limitMs = scheduler.nowMs + convergeMsMax;
    if (!(await this.#until(() => convergence.isReached(scheduler.nowMs * 1000), limitMs))) {
      // As long as they live: the dead are members of nothing.
      convergence.isReached(limitMs * 1000 + 1);
      return;
    }
    if (!(await this.#until(() => this.#clients.every((client) => client.isAtRest), limitMs + restMsMax)))
      this.#violations.add("Clients still wait for replies, long after everything was healed.");
    for (const client of this.#clients) client.close();
    // Until the nodes have heard of it.
    await this.#advance(scheduler.nowMs + 10);
    const isDone = (): boolean => this.#isSettled && !this.#operator.isBusy;
    if (!(await this.#until(isDone, scheduler.nowMs + restMsMax)))
      this.#violations.add(`The nodes do not come to the same state: ${this.#standing}.`);
    else {
      for (const { life } of this.#members) this.#watch.hash(life!);
      await this.#rest();
    }
  }

  /** Nothing happens any more: whoever leads leads on. */
  async #rest(): Promise<void> {
    const { scheduler, knobs } = this.world;
    if (knobs.raft.checkQuorumTicks < restTicksMin) return;
    // A connection that looks well and is not is noticed by then.
    await this.#advance(scheduler.nowMs + 2 * calmNetwork.stallMsMax);
    await this.#until(() => this.#isSettled, scheduler.nowMs + restMsMax);
    const before = this.#terms;
    await this.#advance(scheduler.nowMs + timeoutsOfRest * knobs.raft.electionTicksMax * consensusTickMs);
    if (this.#terms !== before)
      this.#violations.add(`There are elections, and nothing is wrong: ${before}, and then ${this.#terms}.`);
  }

  get #isSettled(): boolean {
    return this.#areEven && this.#leading.length === 1;
  }

  get #terms(): string {
    const states = this.#members.map(({ id, life }) => {
      const { role, term } = life!.member!.status!;
      return `${id} ${role} in term ${term}`;
    });
    return states.join(", ");
  }

  get #leading(): readonly SimMachine[] {
    return this.#nodes.filter(({ alive }) => alive?.member?.consensus?.leads).map(({ machine }) => machine);
  }

  get #members(): SimNode[] {
    const { members } = this.#watch;
    return this.#nodes.filter(({ id }) => members.includes(id));
  }

  /** All members have applied all of the log. */
  get #areEven(): boolean {
    const members = this.#members.map(({ alive }) => alive?.member);
    if (members.length === 0) return false;
    const last = members[0]?.status?.lastIndex ?? 0;
    return members.every(
      (member) =>
        member?.status?.lastIndex === last && member.appliedIndex === last && member.isBetweenEntries,
    );
  }

  get #standing(): string {
    return this.#nodes
      .map(({ id, life }) => {
        const { role, term, lastIndex, commitIndex } = life?.member?.status ?? {};
        return `${id} ${role} term ${term} last ${lastIndex} committed ${commitIndex} applied ${life?.member?.appliedIndex}`;
      })
      .join("; ");
  }

  /** No code of the nodes runs any more. */
  #stopAll(): void {
    for (const { process } of this.world.machines) process?.kill();
  }

  #advance(untilMs: number): Promise<boolean> {
    return this.#until(() => false, untilMs);
  }

  #until(isDone: () => boolean, limitMs: number): Promise<boolean> {
    const { scheduler } = this.world;
    return scheduler.runUntil(() => {
      this.#progress.at(scheduler.nowMs, scheduler.events);
      this.#watch.look();
      return isDone();
    }, limitMs);
  }

  #result(): RunResult {
    const { world } = this;
    const { known, unknown, failed } = this.recorder.counts;
    const judgements = this.#judgeHistory();
    return {
      seed: this.#seed,
      violations: [
        ...[...this.#crashes.all, ...this.#violations.all, ...this.#watch.finish()],
        ...judgements.flatMap(({ violations }) => violations),
      ],
      traceHash: world.trace.hash,
      traceLines: world.trace.lines,
      description: this.description,
      simulatedMs: world.scheduler.nowMs,
      events: world.scheduler.events,
      operations: { known, unknown, failed },
      undecided: judgements.reduce((sum, { undecided = 0 }) => sum + undecided, 0),
      faults: world.faults.all,
      reached: this.#reached.all,
    };
  }

  #judgeHistory(): Judgement[] {
    for (const operation of this.recorder.beforeTheirTime)
      this.#violations.add(
        `Happened at a time before that of what was applied before it began: ${showOperation(operation)}`,
      );
    return [...checkHistory(this.recorder.history, judging)];
  }

  // The cluster

  #addNodes(members: readonly Member[]): void {
    const { knobs } = this.world;
    const random = this.world.fork();
    const count = members.length;
    const spares = Array.from({ length: knobs.spares }, (_, i) => ({ id: `n${count + i + 1}` }));
    const identity = {
      clusterId: random.bytes(16).toString("hex"),
      hashKey: [random.uint32() | 0, random.uint32() | 0] as const,
    };
    for (const { id } of [...members, ...spares]) {
      const first = { members: members.some((one) => one.id === id) ? members : [] };
      const node = new SimNode(id, { knobs, identity, first }, this.#watch);
      node.machine = this.world.add(id, (platform) => node.start(platform));
      this.#nodes.push(node);
    }
  }

  #addClients(): void {
    const numbers = new Numbers();
    for (let i = 0; i < this.#workload.clients; i++) {
      const random = this.world.fork();
      this.#clients.push(
        new SimClient({
          ...{ name: `c${i + 1}`, nodes: this.#nodes, scheduler: this.world.scheduler, random },
          ...{ recorder: this.recorder, watch: this.#watch, workload: this.#workload },
          voters: this.world.knobs.voters,
          numbers,
          hasSession: i % 3 === 2,
        }),
      );
    }
  }

  #died(life: NodeLife): void {
    for (const client of this.#clients) client.lost(life, true);
  }

  #refused(life: NodeLife, error: unknown): void {
    if (life.node.isForeign && String(error).includes("belongs to node")) {
      this.world.faults.count("foreign directory refused");
      return;
    }
    if (life.node.hasOldVote && String(error).includes("hard-state is not right")) {
      this.world.faults.count("old vote refused");
      return;
    }
    if (life.node.isDamaged) {
      life.node.wasRefused = true;
      this.world.faults.count("damage refused");
      return;
    }
    if (life.node.machine.isSpoilt) {
      this.world.faults.count("start refused by the disk");
      return;
    }
    this.#violations.add(
      `${life.id} does not start: ${error instanceof Error ? error.stack : String(error)}`,
    );
  }
}

function firstMembers({ voters, learners }: Knobs): readonly Member[] {
  return Array.from({ length: voters + learners }, (_, i) => {
    return { id: `n${i + 1}`, isVoter: i < voters, about: "1" };
  });
}
