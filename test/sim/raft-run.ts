import assert from "node:assert/strict";
import { drawKnobs, type Knobs } from "../../sim/knobs.ts";
import { Prng } from "../../sim/prng.ts";
import { Storm } from "../../sim/storm.ts";
import { SimWorld } from "../../sim/world.ts";
import type { Configuration, LogIndex, NodeId } from "../../src/raft/index.ts";
import { Checker } from "../raft/checker.ts";
import type { Member } from "../raft/member.ts";
import { MemoryDisk } from "../raft/memory-disk.ts";
import { RaftNode } from "./raft-node.ts";

const COMMANDS = 1;
/** A disk that hangs may do so for 30 s after the end of the storm. */
const convergeMsMax = 120_000;

/** A cluster of bare raft cores under a storm, judged by the checker of test/raft. */
export class RaftRun {
  readonly world: SimWorld;
  readonly #nodes: RaftNode[] = [];
  readonly #members: Map<NodeId, Member> = new Map();
  readonly #checker: Checker;
  readonly #random: Prng;
  #proposals = 0;
  #tokens = 0;

  constructor(seed: number, draw: (random: Prng) => Knobs = drawKnobs) {
    const random = new Prng(seed);
    this.world = new SimWorld(random, draw(random));
    this.#random = this.world.fork();
    const configuration = this.#configuration();
    this.#checker = new Checker(this.#members, configuration);
    for (const { id } of configuration.members) this.#add(id, configuration);
  }

  get counts(): { committed: number; elections: number; reads: number } {
    const { committedIndex, elections, readsAnswered } = this.#checker;
    return { committed: committedIndex, elections, reads: readsAnswered };
  }

  /** So long a storm, and then until all agree. */
  async run(stormMs: number): Promise<void> {
    const { scheduler, machines } = this.world;
    const storm = new Storm(this.world);
    for (const machine of machines) machine.start();
    this.#everyNowAndThen();
    storm.begin();
    await scheduler.run(stormMs);
    storm.end();
    await this.#converge();
    this.#checker.lookAtAll();
  }

  #configuration(): Configuration {
    const { voters, learners } = this.world.knobs;
    const members = Array.from({ length: voters + learners }, (_, i) => {
      return { id: `n${i + 1}`, isVoter: i < voters, about: "" };
    });
    return { members };
  }

  #add(id: NodeId, configuration: Configuration): void {
    const { raft, tickMs, snapshotEntries } = this.world.knobs;
    const random = this.world.fork();
    const config = { ...raft, id, random: (below: number) => random.below(below) };
    const options = { config, tickMs, snapshotEntries };
    const node = new RaftNode(options, new MemoryDisk(configuration), this.#checker);
    this.#nodes.push(node);
    this.#members.set(id, node.member);
    this.world.add(id, (platform) => node.start(platform));
  }

  /** A client, and somebody who looks at all of it. */
  #everyNowAndThen(): void {
    const machine = this.#random.below(this.#nodes.length);
    const node = this.#nodes[machine]!;
    if (this.world.machines[machine]!.process?.isPaused === false) {
      if (this.#random.chance(0.7)) node.act((member) => this.#propose(member));
      else node.act((member) => this.#read(member));
    }
    if (this.#random.chance(0.05)) this.#checker.lookAtAll();
    this.world.scheduler.after(1 + this.#random.below(40), () => this.#everyNowAndThen());
  }

  #propose({ node }: Member): LogIndex | undefined {
    const size = this.#random.below(this.#random.pick([1, 30, 2_000]));
    const answer = node.propose(COMMANDS, Buffer.from(`${++this.#proposals}${"x".repeat(size)}`));
    return typeof answer === "number" ? answer : undefined;
  }

  #read(member: Member): void {
    this.#checker.asked(member, ++this.#tokens);
    member.node.readIndex(this.#tokens);
  }

  /** What is committed from now on comes to everybody. */
  async #converge(): Promise<void> {
    const { scheduler } = this.world;
    const limitMs = scheduler.nowMs + convergeMsMax;
    const target = this.#checker.committedIndex + 3;
    const isLevel = () => this.#nodes.every(({ isUp, member }) => isUp && member.appliedIndex >= target);
    assert.ok(await scheduler.runUntil(isLevel, limitMs), "the cluster does not converge");
  }
}
