import assert from "node:assert/strict";
import {
  type Change,
  CONFIGURATION,
  type Config,
  type Configuration,
  defaultConfig,
  type Entry,
  emptyConfiguration,
  encodeConfiguration,
  type HardState,
  type LogIndex,
  type Message,
  type NodeId,
  type RawNode,
  type ReadToken,
  type Ready,
  type Refusal,
  type Term,
} from "../../src/raft/index.ts";
import { core } from "./core.ts";
import { Member } from "./member.ts";
import { MemoryDisk } from "./memory-disk.ts";

const COMMANDS = 1;

/** A heartbeat each 2 ticks; an election timeout is 10 ticks for the first member, 11 for the next, and so on. */
const quickConfig: Omit<Config, "id" | "boot" | "random"> = {
  ...defaultConfig,
  heartbeatTicks: 2,
  electionTicksMin: 10,
  electionTicksMax: 20,
  checkQuorumTicks: 8,
  refusedTicksMax: 3,
};

/** How a test begins. */
export interface Scene {
  /** So many voters, n1 and on. */
  readonly voters: number;
  /** So many learners, numbered behind the voters. */
  readonly learners?: number;
  /** Members that run and know nothing yet, also numbered on. */
  readonly strangers?: number;
  /** What members already have in their logs: the terms of entries 1 and on. */
  readonly logs?: Readonly<Record<NodeId, readonly Term[]>>;
  /** Term and vote, where they are not those of the log's end. */
  readonly hardStates?: Readonly<Record<NodeId, HardState>>;
  readonly config?: Partial<Config>;
  /** Who is told what happens, beside the cluster. */
  readonly onReady?: (id: NodeId, ready: Ready) => void;
}

export interface Answered {
  readonly id: NodeId;
  readonly token: ReadToken;
  readonly index: LogIndex;
}

/**
 * A cluster in memory for tests that tell a story: members with the host's loop (member.ts), and between them one
 * queue of messages in the order in which they were sent. Nothing moves unless the test says so: no message is
 * delivered, no tick passes; only disks are at once done with what they are given, where the test does not slow them.
 */
export class Cluster {
  /** Under way, in order. */
  network: Message[] = [];
  readonly reads: Answered[] = [];
  readonly failedReads: { readonly id: NodeId; readonly token: ReadToken }[] = [];
  /** What each member gave to its engine in this life: the payloads. */
  readonly applied: Map<NodeId, string[]> = new Map();
  /** Directed links that lose everything: "n1 n2". */
  readonly cuts: Set<string> = new Set();
  /** Told of each message that is delivered or lost. */
  onMessage: (message: Message, fate: "delivered" | "lost") => void = () => {};
  readonly #members: Map<NodeId, Member> = new Map();

  constructor(scene: Scene) {
    const { voters, learners = 0, strangers = 0 } = scene;
    const configuration = membersNamed(voters, learners);
    for (const { id } of configuration.members) this.#add(id, configuration, scene);
    for (let i = 1; i <= strangers; i++) this.#add(`n${voters + learners + i}`, emptyConfiguration, scene);
  }

  #add(id: NodeId, configuration: Configuration, { logs, hardStates, config, onReady }: Scene): void {
    const disk = new MemoryDisk(configuration);
    const terms = logs?.[id] ?? [];
    disk.plant(
      terms.map((term, i) => entry(i + 1, term)),
      terms.at(-1) ?? 0,
    );
    disk.hardState = hardStates?.[id] ?? disk.hardState;
    const place = this.#members.size;
    const random = (below: number) => Math.min(place, below - 1);
    this.applied.set(id, []);
    const member = new Member(core, { ...quickConfig, random, ...config, id }, disk, {
      ready: (_, ready) => {
        this.network.push(...ready.messages);
        for (const { token, index } of ready.reads) this.reads.push({ id, token, index });
        for (const token of ready.failedReads) this.failedReads.push({ id, token });
        onReady?.(id, ready);
      },
      written: () => {},
      applied: (_, { kind, payload }) => {
        if (kind === COMMANDS) this.applied.get(id)!.push(payload.toString());
      },
      restored: () => {},
    });
    this.#members.set(id, member);
  }

  get ids(): NodeId[] {
    return [...this.#members.keys()];
  }

  member(id: NodeId): Member {
    const member = this.#members.get(id);
    assert.ok(member !== undefined, `there is a member ${id}`);
    return member;
  }

  node(id: NodeId): RawNode {
    return this.member(id).node;
  }

  /** All members that lead, the one of the highest term first. */
  get leaders(): NodeId[] {
    const running = [...this.#members.values()].filter(({ isDown }) => !isDown);
    const leading = running.filter(({ node }) => node.role === "leader");
    return leading.sort((a, b) => b.node.term - a.node.term).map(({ id }) => id);
  }

  /** The terms of the entries that a member has on its disk. */
  log(id: NodeId): Term[] {
    return this.member(id).disk.all.map(({ term }) => term);
  }

  // One member

  /** Does something to a member, and takes its turn. */
  act<T>(id: NodeId, act: (node: RawNode) => T): T {
    const member = this.member(id);
    const result = act(member.node);
    member.turn();
    return result;
  }

  /** Ticks of one member alone, one after the other. */
  tick(id: NodeId, ticks = 1): void {
    for (let i = 0; i < ticks; i++) this.act(id, (node) => node.tick());
  }

  propose(id: NodeId, text: string): LogIndex | Refusal {
    return this.act(id, (node) => node.propose(COMMANDS, Buffer.from(text)));
  }

  change(id: NodeId, change: Change): LogIndex | Refusal {
    return this.act(id, (node) => node.proposeChange(change));
  }

  read(id: NodeId, token: ReadToken): void {
    this.act(id, (node) => node.readIndex(token));
  }

  crash(id: NodeId): void {
    const member = this.member(id);
    member.stop();
    member.disk.crash(0, { hardState: false, snapshot: false, entries: 0 });
  }

  start(id: NodeId): void {
    this.applied.set(id, []);
    this.member(id).start();
  }

  // Messages

  /** Hands a message to its receiver, and takes out of the network what the receiver sends upon it. */
  hand(message: Message): Message[] {
    const before = this.network.length;
    this.act(message.to, (node) => node.step(message));
    return this.network.splice(before);
  }

  /** Delivers what is under way and meets the condition, but not what is sent upon it. */
  deliver(isWanted: (message: Message) => boolean = () => true): void {
    const wanted = this.network.filter(isWanted);
    this.network = this.network.filter((message) => !isWanted(message));
    for (const message of wanted) this.#deliver(message);
  }

  /** Loses what is under way and meets the condition. */
  lose(isLost: (message: Message) => boolean = () => true): void {
    for (const message of this.network.filter(isLost)) this.onMessage(message, "lost");
    this.network = this.network.filter((message) => !isLost(message));
  }

  /** Delivers until nothing is under way. */
  settle(): void {
    for (let i = 0; this.network.length > 0; i++) {
      assert.ok(i < 10_000, "the members come to rest");
      this.#deliver(this.network.shift()!);
    }
  }

  #deliver(message: Message): void {
    const target = this.member(message.to);
    const isLost = target.isDown || this.cuts.has(`${message.from} ${message.to}`);
    this.onMessage(message, isLost ? "lost" : "delivered");
    if (!isLost) this.act(message.to, (node) => node.step(message));
    if (message.type === "installSnapshot" && !this.member(message.from).isDown)
      this.act(message.from, (node) => node.reportSnapshot(message.to, !isLost));
  }

  /** Both ways between each of the first and each of the second. */
  cut(some: readonly NodeId[], others: readonly NodeId[]): void {
    for (const one of some)
      for (const other of others) this.cuts.add(`${one} ${other}`).add(`${other} ${one}`);
  }

  isolate(id: NodeId): void {
    this.cut(
      [id],
      this.ids.filter((other) => other !== id),
    );
  }

  heal(): void {
    this.cuts.clear();
  }

  // The whole

  /** Time passes for all that run, and messages arrive at once. */
  run(ticks: number): void {
    for (let i = 0; i < ticks; i++) {
      for (const [id, { isDown }] of this.#members) if (!isDown) this.tick(id);
      this.settle();
    }
  }

  /** Time passes until the condition holds. */
  runUntil(isDone: () => boolean, ticksMax = 200): void {
    for (let i = 0; i < ticksMax && !isDone(); i++) this.run(1);
    assert.ok(isDone(), `it comes about within ${ticksMax} ticks`);
  }

  /** Has a member ask for votes, and lets everything arrive: without ticks there are no heartbeats, nobody is sticky. */
  elect(id: NodeId): void {
    this.act(id, (node) => node.campaign());
    this.settle();
    assert.equal(this.node(id).role, "leader", `${id} is elected`);
  }
}

/** The entry that a scene's log has at an index. */
export function entry(index: LogIndex, term: Term, text = `${index}/${term}`): Entry {
  return { index, term, kind: COMMANDS, payload: Buffer.from(text) };
}

export function configurationEntry(index: LogIndex, term: Term, configuration: Configuration): Entry {
  return { index, term, kind: CONFIGURATION, payload: encodeConfiguration(configuration) };
}

/** n1 and on: first voters, then learners. */
export function membersNamed(voters: number, learners = 0): Configuration {
  const members = Array.from({ length: voters + learners }, (_, i) => ({
    id: `n${i + 1}`,
    isVoter: i < voters,
    about: "",
  }));
  return { members };
}
