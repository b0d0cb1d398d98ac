import { type Address, parseAddress } from "../base/address.ts";
import { pause, type Timer } from "../platform/clock.ts";
import { ReplyError } from "../protocol/reply.ts";
import { ask } from "./ask.ts";
import type { Outside } from "./connection.ts";
import { asConfigured, type Consistency } from "./consistency.ts";
import type { ConnectionError } from "./errors.ts";
import type { Events } from "./events.ts";
import { ClientNode, type NodeParts } from "./node.ts";
import { nameOf, type Settings } from "./options.ts";
import { isStranger, reportIn, Topology } from "./topology.ts";

/** How often nodes are looked at: those that rested, and connections that nobody uses. */
const lookMs = 200;
/** Two refreshes are so far apart at least, by chance a half more or less; twice as far behind each that found no leader. */
const refreshGapMsMin = 100;
const refreshGapMsMax = 1_600;
/** Looks between two sweeps of unused connections. */
const sweepLooks = 300;
/** Nodes asked at once, when it is not known whom to believe. */
const askedMax = 8;
/** Questions to a node whose shared connection is in use: what waits there would be in front of them. */
const questions: Consistency = { key: "questions", isStale: false, setup: [] };

/**
 * All nodes that there may be, what is known of them, and the one question after another by which it is kept up to date:
 * never two at a time, never one right behind the other.
 */
export class ClientCluster {
  readonly #settings: Settings;
  readonly #outside: Outside;
  readonly #chance: () => number;
  readonly #events: Events;
  readonly #topology: Topology;
  readonly #seeds: readonly string[];
  readonly #nodes = new Map<string, ClientNode>();
  readonly #nodeParts: NodeParts;
  #refreshing: Promise<void> | undefined;
  #refreshGapMs = refreshGapMsMin;
  #refreshedMs = Number.NEGATIVE_INFINITY;
  #nextRefreshMs: number;
  #looks = 0;
  readonly #look: Timer;
  #isClosed = false;
  /** Nodes with which nothing is wrong; undefined: to be found out. */
  #healthy: readonly ClientNode[] | undefined;

  constructor(settings: Settings, outside: Outside, chance: () => number, events: Events) {
    this.#settings = settings;
    this.#outside = outside;
    this.#chance = chance;
    this.#events = events;
    this.#nodeParts = {
      settings,
      outside,
      chance,
      onConnected: (node) => this.#connected(node),
      onUnreachable: (node, error) => this.#unreachable(node, error),
      onLost: (node, error) => this.#lost(node, error),
    };
    this.#seeds = settings.seeds.map(nameOf);
    this.#topology = new Topology(this.#seeds, settings.translate);
    for (const seed of settings.seeds) this.node(nameOf(seed));
    this.#nextRefreshMs = 0;
    this.#look = outside.clock.every(lookMs, () => this.#lookAround());
  }

  get term(): number {
    return this.#topology.view.term;
  }

  /** The node that leads, as far as is known. */
  get leader(): ClientNode | undefined {
    const { leader } = this.#topology.view;
    return leader === undefined ? undefined : this.#nodes.get(leader);
  }

  /** The members, or the addresses that were given as long as no members are known. */
  get nodes(): readonly ClientNode[] {
    const { members } = this.#topology.view;
    const names = members.size > 0 ? [...members.values()] : this.#seeds;
    return [...new Set(names)].map((name) => this.node(name));
  }

  /** Those of them with which nothing is wrong. */
  get healthy(): readonly ClientNode[] {
    this.#healthy ??= this.nodes.filter(({ breaker }) => breaker.isClosed);
    return this.#healthy;
  }

  /** Where nothing is healthy: all that do not rest at the moment. */
  get triable(): readonly ClientNode[] {
    return this.#all().filter(({ isResting }) => !isResting);
  }

  node(name: string): ClientNode {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = new ClientNode(parseAddress(name)!, this.#nodeParts);
      this.#nodes.set(name, node);
      this.#healthy = undefined;
    }
    return node;
  }

  /** Where a server says that the leader is. Whether that is so, and in which term, is asked. */
  hinted(address: Address): ClientNode | undefined {
    void this.refresh();
    const name = this.#topology.hinted(address);
    return name === undefined ? undefined : this.node(name);
  }

  /** Asks who leads; resolves when that is known as well as it can be now. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Somebody wants something: a client that connects late begins now. */
  wake(): void {
    if (this.#refreshedMs < 0 && this.#refreshing === undefined) void this.refresh();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#look.cancel();
    await Promise.all([...this.#nodes.values()].map((node) => node.close()));
  }

  destroy(error: ConnectionError): void {
    this.#isClosed = true;
    this.#look.cancel();
    for (const node of this.#nodes.values()) node.destroy(error);
  }

  /** Members and seeds. */
  #all(): ClientNode[] {
    return [...new Set([...this.nodes, ...this.#seeds.map((seed) => this.node(seed))])];
  }

  async #refresh(): Promise<void> {
    const { clock } = this.#outside;
    const gapMs = this.#refreshGapMs * (0.5 + this.#chance());
    const waitMs = this.#refreshedMs + gapMs - clock.monotonicMs();
    if (waitMs > 0) await pause(clock, waitMs);
    if (this.#isClosed) return;
    this.#refreshedMs = clock.monotonicMs();
    this.#nextRefreshMs = this.#refreshedMs + this.#settings.refreshMs * (0.75 + this.#chance() / 2);
    const { leader } = this;
    const knows = leader?.breaker.isClosed === true && (await this.#question(leader));
    if (this.#isClosed) return;
    const others = this.#all().filter((node) => node !== leader);
    const asked = (): Promise<boolean>[] =>
      some(others, askedMax, this.#chance).map((node) => this.#question(node));
    if (!knows) await firstTrue(asked());
    // Who is nearest is found out by asking everybody.
    else if (this.#settings.readFrom === "nearest") await Promise.all(asked());
    const isLed = this.leader?.breaker.isClosed === true;
    this.#refreshGapMs = isLed ? refreshGapMsMin : Math.min(refreshGapMsMax, 2 * this.#refreshGapMs);
  }

  /** True: it knows of a leader, who is not one that we have lost. */
  async #question(node: ClientNode): Promise<boolean> {
    const { clock } = this.#outside;
    const lane = node.lane(node.inFlight === 0 ? asConfigured : questions);
    try {
      if ((await lane.open()) !== undefined) return false;
      const askedMs = clock.monotonicMs();
      const reply = await ask(lane, ["KVORUM", "STATUS"]);
      if (this.#isClosed) return false;
      node.answeredIn(clock.monotonicMs() - askedMs);
      const report = isStranger(reply)
        ? aloneAt(node)
        : reply instanceof ReplyError
          ? undefined
          : reportIn(reply);
      if (report === undefined) return false;
      const isLed = this.leader?.breaker.isClosed === true;
      if (this.#topology.learn(report, node.name, isLed)) this.#changed();
      return this.leader?.breaker.isClosed === true;
    } catch {
      // It has been noted by the node that it could not be reached, and another one is asked.
      return false;
    }
  }

  #changed(): void {
    this.#healthy = undefined;
    this.#dropStrangers();
    const { term, leader, members } = this.#topology.view;
    this.#events.emit("topology", { term, leader, members: [...members.values()] });
  }

  /** Nodes that are no members any more, nor given: nothing new goes there. */
  #dropStrangers(): void {
    const known = new Set(this.#all());
    for (const [name, node] of this.#nodes) {
      if (known.has(node) || node.inFlight > 0 || node.pool.inUse > 0) continue;
      this.#nodes.delete(name);
      void node.close();
    }
  }

  #connected(node: ClientNode): void {
    this.#healthy = undefined;
    this.#events.emit("connect", { address: node.name });
  }

  #unreachable(node: ClientNode, error: ConnectionError): void {
    this.#healthy = undefined;
    this.#events.emit("unreachable", { address: node.name, error });
  }

  /** A connection that breaks is the first sign that something happened to its node. */
  #lost(node: ClientNode, error: ConnectionError | undefined): void {
    this.#events.emit("disconnect", { address: node.name, error });
    if (error === undefined || this.#isClosed) return;
    // Who does not answer is left alone for a while; who has closed may be back at once, which a connection will show.
    if (error.code === "TIMEOUT") node.breaker.failed(this.#outside.clock.monotonicMs());
    this.#healthy = undefined;
    if (node === this.leader) void this.refresh();
  }

  #lookAround(): void {
    for (const node of this.#all()) {
      if (!node.breaker.isClosed && !node.isResting) void this.#probe(node);
    }
    if (this.#outside.clock.monotonicMs() >= this.#nextRefreshMs && this.#refreshedMs >= 0)
      void this.refresh();
    else if (this.#refreshedMs >= 0 && this.leader?.breaker.isClosed !== true) void this.refresh();
    if (++this.#looks % sweepLooks !== 0) return;
    this.#dropStrangers();
    for (const node of this.#nodes.values()) node.sweep();
  }

  /** Whether a node that rested is well again. */
  async #probe(node: ClientNode): Promise<void> {
    await node.probe(questions);
    this.#healthy = undefined;
  }
}

/** A server that is no kvorum leads itself. */
function aloneAt(node: ClientNode): NonNullable<ReturnType<typeof reportIn>> {
  return {
    id: node.name,
    cluster: "",
    term: 0,
    leaderId: node.name,
    members: [{ id: node.name, client: node.address }],
  };
}

/** So many of them, by chance. */
function some<T>(all: readonly T[], most: number, chance: () => number): T[] {
  const rest = [...all];
  const picked: T[] = [];
  while (picked.length < most && rest.length > 0)
    picked.push(...rest.splice(Math.floor(chance() * rest.length), 1));
  return picked;
}

/** Resolves when one is true, or all are false. */
async function firstTrue(promises: readonly Promise<boolean>[]): Promise<void> {
  const wanted = promises.map(async (promise) => {
    if (!(await promise)) throw new Error("not this one");
  });
  await Promise.any(wanted).catch(() => {});
}
