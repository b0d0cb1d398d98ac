import assert from "node:assert/strict";
import {
  type Change,
  type Config,
  type Configuration,
  defaultConfig,
  emptyConfiguration,
  type Message,
  messageText,
  type NodeId,
} from "../../src/raft/index.ts";
import { Chance } from "../differential/chance.ts";
import { Checker } from "./checker.ts";
import { type Core, Member } from "./member.ts";
import { MemoryDisk } from "./memory-disk.ts";

const COMMANDS = 1;

/** How hard it gets. Drawn once a run, so that some runs are quiet in one way and wild in another. */
interface Weather {
  readonly dropPercent: number;
  readonly repeatPercent: number;
  readonly inOrderPercent: number;
  /** Messages that stay on their way for long. */
  readonly latePercent: number;
  /** AppendEntries that come with their first entries alone, as another release of the leader may cut them. */
  readonly shortPercent: number;
  readonly tickWeight: number;
  readonly proposeWeight: number;
  readonly readWeight: number;
  readonly crashWeight: number;
  readonly cutWeight: number;
  /** How often the network is whole again: partitions last for moments or for elections. */
  readonly healWeight: number;
  readonly changeWeight: number;
  readonly writeWeight: number;
  readonly compactWeight: number;
}

/**
 * A cluster in the hands of a seed: thousands of small steps, each of which may deliver, lose, repeat or reorder
 * messages, crash members in the middle of a write, part the network, change members, pause a process. The checker
 * watches. Afterwards all is healed, and the cluster has to work again.
 */
export class Chaos {
  readonly #chance: Chance;
  readonly #core: Core;
  readonly #members: Map<NodeId, Member> = new Map();
  /** So many ticks does the clock of a member miss. */
  readonly #skews: Map<NodeId, number> = new Map();
  readonly #checker: Checker;
  readonly #weather: Weather;
  readonly #config: Omit<Config, "id" | "boot">;
  #network: Message[] = [];
  readonly #late: Message[] = [];
  readonly #cuts: Set<string> = new Set();
  #proposals = 0;
  #tokens = 0;
  readonly trace: string[] = [];

  constructor(core: Core, seed: number) {
    this.#core = core;
    this.#chance = new Chance(seed);
    this.#weather = this.#drawWeather();
    this.#config = this.#drawConfig();
    const configuration = this.#drawMembers();
    this.#checker = new Checker(this.#members, configuration);
    for (const { id } of configuration.members) this.#add(id, configuration);
    for (let i = 0; i < 2; i++) this.#add(`s${i}`, emptyConfiguration);
  }

  /** What was reached, so that a run in which nothing happens is noticed. */
  get counts(): { committed: number; elections: number; reads: number } {
    const { committedIndex, elections, readsAnswered } = this.#checker;
    return { committed: committedIndex, elections, reads: readsAnswered };
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this.#step();
      if (i % 10 === 0) this.#checker.lookAtAll();
    }
    this.#recover();
  }

  // The draw

  #drawWeather(): Weather {
    const chance = this.#chance;
    return {
      dropPercent: chance.pick([0, 0, 2, 10, 30]),
      repeatPercent: chance.pick([0, 5, 20]),
      inOrderPercent: chance.pick([0, 50, 95, 100]),
      latePercent: chance.pick([0, 1, 5]),
      shortPercent: chance.pick([0, 20, 60]),
      tickWeight: chance.pick([0, 20, 80]),
      proposeWeight: chance.pick([20, 60, 150]),
      readWeight: chance.pick([5, 20, 60]),
      crashWeight: chance.pick([0, 1, 3, 10]),
      cutWeight: chance.pick([0, 2, 8]),
      healWeight: chance.pick([2, 8, 32]),
      changeWeight: chance.pick([0, 5, 20]),
      writeWeight: chance.pick([30, 100, 400]),
      compactWeight: chance.pick([0, 5, 40]),
    };
  }

  #drawConfig(): Omit<Config, "id" | "boot"> {
    const chance = this.#chance;
    return {
      ...defaultConfig,
      random: (below) => chance.below(below),
      heartbeatTicks: chance.pick([2, 4]),
      checkQuorumTicks: chance.pick([8, 9]),
      electionTicksMin: 10,
      electionTicksMax: chance.pick([11, 13, 20, 20]),
      refusedTicksMax: 3,
      appendBytesMax: chance.pick([1, 150, 1_000]),
      inflightMessagesMax: chance.pick([1, 3, 20]),
      inflightBytesMax: chance.pick([100, 10_000]),
      uncommittedBytesMax: chance.pick([50, 10_000]),
    };
  }

  #drawMembers(): Configuration {
    const voters = this.#chance.pick([1, 2, 3, 3, 3, 4, 5, 5, 7]);
    const learners = this.#chance.pick([0, 0, 1]);
    const members = Array.from({ length: voters + learners }, (_, i) => ({
      id: `n${i + 1}`,
      isVoter: i < voters,
      about: "",
    }));
    return { members };
  }

  #add(id: NodeId, configuration: Configuration): void {
    const member = new Member(this.#core, { ...this.#config, id }, new MemoryDisk(configuration), {
      ready: (at, ready) => {
        this.#checker.ready(at, ready);
        this.#network.push(...ready.messages);
        if (ready.status !== undefined)
          this.#note(`${id} is ${ready.status.role} in term ${ready.status.term}`);
      },
      written: (at, write) => this.#checker.written(at, write),
      applied: (at, entry) => this.#checker.applied(at, entry),
      restored: (at, index) => this.#checker.restored(at, index),
    });
    member.isDiskSlow = true;
    this.#members.set(id, member);
    this.#drawSkew(id);
  }

  /** A clock that is slow for a while: the others have elected another leader before it sees that it lost them. */
  #drawSkew(id: NodeId): void {
    this.#skews.set(id, this.#chance.pick([0, 0, 20, 80]));
  }

  // Steps

  #step(): void {
    const { tickWeight, proposeWeight, changeWeight, crashWeight, cutWeight } = this.#weather;
    const { writeWeight, compactWeight, readWeight, healWeight } = this.#weather;
    this.#chance
      .pickWeighted([
        { weight: 600, act: () => this.#deliverOne() },
        { weight: tickWeight, act: () => this.#tickAll() },
        { weight: 15, act: () => this.#at((member) => member.node.tick(1 + this.#chance.below(4))) },
        { weight: writeWeight, act: () => this.#at((member) => member.finishWrite(), this.#oneThatWrites()) },
        { weight: proposeWeight, act: () => this.#atLeader((member) => this.#propose(member)) },
        { weight: readWeight, act: () => this.#at((member) => this.#read(member)) },
        { weight: readWeight, act: () => this.#atLeader((member) => this.#read(member)) },
        { weight: 5, act: () => this.#network.push(...this.#late.splice(this.#chance.below(20), 1)) },
        { weight: changeWeight, act: () => this.#atLeader((member) => this.#change(member)) },
        { weight: crashWeight, act: () => this.#at((member) => this.#crash(member)) },
        { weight: crashWeight, act: () => this.#at((member) => this.#crash(member), this.#oneThatWrites()) },
        { weight: crashWeight * 4, act: () => this.#start() },
        { weight: cutWeight, act: () => this.#cut() },
        { weight: cutWeight, act: () => this.#atLeader((member) => this.#cutOff(member)) },
        { weight: healWeight, act: () => this.#cuts.clear() },
        { weight: compactWeight, act: () => this.#at((member) => this.#compact(member)) },
        { weight: 2, act: () => this.#atLeader((member) => member.node.transfer(this.#anyId())) },
        { weight: 2, act: () => this.#at((member) => member.node.reportRefused(this.#anyId())) },
        { weight: 2, act: () => this.#at((member) => member.node.reportUnreachable(this.#anyId())) },
        { weight: 1, act: () => this.#at((member) => member.node.tick(1_000)) },
        { weight: 5, act: () => this.#drawSkew(this.#anyId()) },
        { weight: 3, act: () => this.#at((member) => this.#forget(member)) },
        { weight: 10, act: () => this.#at((member) => member.finishLoads()) },
      ])
      .act();
  }

  #oneThatWrites(): Member {
    const writing = [...this.#members.values()].filter(({ disk }) => disk.pending.length > 0);
    return writing.length > 0 ? this.#chance.pick(writing) : this.#members.get(this.#anyId())!;
  }

  #anyId(): NodeId {
    return this.#chance.pick([...this.#members.keys()]);
  }

  /** Does something to a member that runs, and looks at the outcome. */
  #at(act: (member: Member) => void, member: Member = this.#members.get(this.#anyId())!): void {
    if (member.isDown) return;
    act(member);
    if (member.isDown) return;
    this.#checker.look(member);
    // Some turns are taken late, so that bundles hold more.
    if (this.#chance.percent(90)) member.turn();
  }

  #atLeader(act: (member: Member) => void): void {
    const leaders = [...this.#members.values()].filter(
      ({ node, isDown }) => !isDown && node.role === "leader",
    );
    if (leaders.length > 0) this.#at(act, this.#chance.pick(leaders));
  }

  /** A clock that is slow misses some ticks. */
  #tickAll(): void {
    for (const [id, member] of this.#members)
      if (!this.#chance.percent(this.#skews.get(id)!)) this.#at(({ node }) => node.tick(), member);
  }

  #deliverOne(): void {
    // Nothing is under way: time passes.
    if (this.#network.length === 0) {
      this.#tickAll();
      return;
    }
    const isInOrder = this.#chance.percent(this.#weather.inOrderPercent);
    const at = isInOrder ? 0 : this.#chance.below(this.#network.length);
    const isRepeated = this.#chance.percent(this.#weather.repeatPercent);
    const message = this.#shortened(isRepeated ? this.#network[at]! : this.#network.splice(at, 1)[0]!);
    if (this.#late.length < 100 && this.#chance.percent(this.#weather.latePercent)) {
      this.#late.push(message);
      return;
    }
    const isCut = this.#cuts.has(`${message.from} ${message.to}`);
    const target = this.#members.get(message.to)!;
    if (isCut || target.isDown || this.#chance.percent(this.#weather.dropPercent))
      this.#report(message, false);
    else this.#deliver(message, target);
    if (this.#network.length > 1_000) this.#network.splice(0, 500);
  }

  #shortened(message: Message): Message {
    if (message.type !== "appendEntries" || !this.#chance.percent(this.#weather.shortPercent)) return message;
    const { entries } = message;
    return {
      ...message,
      entries: entries.slice(0, this.#chance.below(this.#chance.pick([1, entries.length + 1]))),
    };
  }

  #deliver(message: Message, target: Member): void {
    this.#note(`${message.from} > ${message.to} ${messageText(message)}`);
    this.#at(({ node }) => node.step(message), target);
    this.#report(message, true);
  }

  /** The sender's host says how the transfer of a snapshot ended. */
  #report({ type, from, to }: Message, isDone: boolean): void {
    if (type !== "installSnapshot") return;
    this.#at(({ node }) => node.reportSnapshot(to, isDone), this.#members.get(from)!);
  }

  #propose({ node }: Member): void {
    const size = this.#chance.below(this.#chance.pick([1, 30]));
    const answer = node.propose(COMMANDS, Buffer.from(`${++this.#proposals}${"x".repeat(size)}`));
    this.#note(`${node.status().id} proposes: ${answer}`);
  }

  #read(member: Member): void {
    this.#checker.asked(member, ++this.#tokens);
    member.node.readIndex(this.#tokens);
  }

  #change({ id, node }: Member): void {
    const other = this.#anyId();
    const type = this.#chance.pick([
      "addLearner",
      "promote",
      "promote",
      "remove",
      "demote",
      "describe",
    ] as const);
    const answer = node.proposeChange({ type, id: other, about: `${this.#proposals++}` } as Change);
    this.#note(`${id} proposes ${type} ${other}: ${answer}`);
  }

  #crash(member: Member): void {
    const { pending } = member.disk;
    const whole = this.#chance.below(pending.length + 1);
    const next = pending[whole];
    const torn = {
      hardState: this.#chance.percent(50),
      snapshot: this.#chance.percent(50),
      entries: next === undefined ? 0 : this.#chance.below(next.entries.length + 1),
    };
    member.stop();
    member.disk.crash(whole, torn);
    this.#checker.stopped(member);
    this.#note(`${member.id} crashes`);
    if (this.#chance.percent(50)) this.#network = this.#network.filter(({ from }) => from !== member.id);
  }

  #start(): void {
    const down = [...this.#members.values()].filter(({ isDown }) => isDown);
    if (down.length === 0) return;
    const member = this.#chance.pick(down);
    member.start();
    this.#note(`${member.id} starts`);
    this.#checker.look(member);
  }

  /** One link, one way or both, or a parting of all members in two. */
  #cut(): void {
    const ids = [...this.#members.keys()];
    if (this.#chance.percent(50)) {
      this.#cuts.add(`${this.#anyId()} ${this.#anyId()}`);
      return;
    }
    const side = new Set(ids.filter(() => this.#chance.percent(50)));
    for (const from of ids)
      for (const to of ids) if (side.has(from) !== side.has(to)) this.#cuts.add(`${from} ${to}`);
    this.#rejectCut();
  }

  /** A leader that nobody hears, and that may hear nobody either, goes on for a while. */
  #cutOff(member: Member): void {
    const isDeaf = this.#chance.percent(50);
    for (const id of this.#members.keys()) {
      this.#cuts.add(`${member.id} ${id}`);
      if (isDeaf) this.#cuts.add(`${id} ${member.id}`);
    }
    this.#rejectCut();
    for (let i = this.#chance.below(4); i > 0; i--) this.#propose(member);
  }

  /** Some walls reject what they do not let through: those behind it take the process on the other side for gone. */
  #rejectCut(): void {
    if (this.#chance.percent(50)) return;
    for (const link of this.#cuts) {
      const [from, to] = link.split(" ") as [NodeId, NodeId];
      this.#at(({ node }) => node.reportRefused(from), this.#members.get(to)!);
    }
  }

  #compact(member: Member): void {
    const { appliedIndex, disk } = member;
    if (appliedIndex <= disk.snapshot.index || disk.pending.some(({ snapshot }) => snapshot !== undefined))
      return;
    const kept = this.#chance.percent(50) ? 0 : this.#chance.below(appliedIndex - disk.firstIndex + 2);
    member.compact(appliedIndex + 1 - kept);
  }

  #forget(member: Member): void {
    member.isLoadSlow = this.#chance.percent(50);
    member.disk.inMemoryFrom = member.appliedIndex;
  }

  // Recovery

  /** Everything works again: there is a leader, what it takes comes to all members, and all may read. */
  #recover(): void {
    this.#heal();
    // Late messages of the wild times may still depose a leader or two.
    for (let i = 0; i < 100; i++) this.#round();
    this.#settleUntil(() => this.#isLevel());
    const target = this.#settleUntil(() => this.#proposeLast());
    this.#settleUntil(() => this.#everyMember()?.every(({ appliedIndex }) => appliedIndex >= target));
    for (const member of this.#everyMember() ?? []) {
      const wanted = this.#checker.readsAnswered + 1;
      this.#at((at) => this.#read(at), member);
      this.#settleUntil(() => this.#checker.readsAnswered >= wanted);
    }
    this.#checker.lookAtAll();
  }

  #heal(): void {
    this.#note("all is healed");
    this.#cuts.clear();
    this.#network.push(...this.#late.splice(0));
    for (const member of this.#members.values()) {
      if (member.isDown) member.start();
      this.#skews.set(member.id, 0);
      member.isDiskSlow = false;
      member.isLoadSlow = false;
      while (member.finishWrite());
      member.finishLoads();
    }
  }

  get #leader(): Member | undefined {
    const leaders = [...this.#members.values()].filter(({ node }) => node.role === "leader");
    return leaders.sort((a, b) => b.node.term - a.node.term)[0];
  }

  /** Those that the newest leader counts. */
  #everyMember(): Member[] | undefined {
    return this.#leader?.node.configuration.members.map(({ id }) => this.#members.get(id)!);
  }

  /** Everybody has applied all that there is, without anything new that would bring it along. */
  #isLevel(): boolean {
    const last = this.#leader?.node.status().lastIndex;
    return this.#everyMember()?.every(({ appliedIndex }) => appliedIndex === last) === true;
  }

  #proposeLast(): number | undefined {
    const answer = this.#leader?.node.propose(COMMANDS, Buffer.from("last"));
    return typeof answer === "number" ? answer : undefined;
  }

  #settleUntil<T>(isDone: () => T | undefined): T {
    for (let i = 0; i < 3_000; i++) {
      const done = isDone();
      if (done) return done;
      this.#round();
    }
    return assert.fail("the cluster does not recover");
  }

  #round(): void {
    this.#tickAll();
    for (const message of this.#network.splice(0)) this.#deliver(message, this.#members.get(message.to)!);
  }

  #note(line: string): void {
    this.trace.push(line);
    if (this.trace.length > 400) this.trace.splice(0, 200);
  }
}
