import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "../../src/raft/configuration.ts";
import type { NodeId } from "../../src/raft/types.ts";
import type { Namespaces } from "./namespaces.ts";
import type { Answer, DiskState, NodeState, Order } from "./orders.ts";
import { Links, PeerProxy } from "./peer-proxy.ts";

const program = join(import.meta.dirname, "node-process.js");
const clientPort = 6379;
const peerPort = 16379;
/** Something that should have come by now never will. */
const patienceMs = 60_000;
/** Fleets of this process, so that no two have an address in common. */
let fleets = 0;

/** One process of a node, from its start to its end. */
interface Life {
  readonly process: ChildProcess;
  readonly serves: Promise<void>;
  readonly ended: Promise<void>;
  isPaused: boolean;
  /** Its end was wanted. */
  isEnding: boolean;
  hasServed: boolean;
  /** Its disk was not always well. */
  wasWounded: boolean;
}

/**
 * The nodes of a run: real processes on real disks, each behind a proxy for what members say to each other, or each in a
 * network namespace.
 */
export class Fleet {
  readonly links: Links = new Links();
  readonly #directory: string;
  readonly #net: string;
  readonly #founders: readonly NodeId[];
  readonly #namespaces: Namespaces | undefined;
  readonly #lives: Map<NodeId, Life> = new Map();
  readonly #proxies: Map<NodeId, PeerProxy> = new Map();
  /** How each has come in. */
  readonly #places: Map<NodeId, readonly string[]> = new Map();
  /** They were removed from the cluster, and do not come back. */
  readonly #retired: Set<NodeId> = new Set();
  /** Nodes that have ended although nobody wanted it, with where they say why. */
  readonly deaths: string[] = [];
  readonly #orders: Map<number, (answer: Answer) => void> = new Map();
  #orderNumber = 0;

  constructor(directory: string, founders: readonly NodeId[], namespaces?: Namespaces) {
    this.#directory = directory;
    this.#founders = founders;
    this.#namespaces = namespaces;
    this.#net = `127.${1 + (process.pid % 250)}.${(((process.pid >> 8) ^ 0x80) % 250) ^ (++fleets % 250)}`;
  }

  /** Where clients find a node. */
  addressOf(id: NodeId): { readonly host: string; readonly port: number } {
    const host = this.#namespaces?.clientHost(id) ?? `${this.#net}.${100 + numberOf(id)}`;
    return { host, port: clientPort };
  }

  get alive(): NodeId[] {
    return [...this.#lives].filter(([, life]) => isAlive(life)).map(([id]) => id);
  }

  /** Those that neither have ended nor stand still. */
  get awake(): NodeId[] {
    return this.alive.filter((id) => !this.#lives.get(id)!.isPaused);
  }

  /** Where everybody finds what a node says to members. */
  peerOf(id: NodeId): string {
    return `${this.#namespaces?.peerHost(id) ?? this.#proxyHost(id)}:${peerPort}`;
  }

  /** One that no node has had. */
  newId(): NodeId {
    return `n${this.#places.size + 1}`;
  }

  /**
   * Begins to run a node; resolves when its process does. The first time it founds the cluster with the others, unless
   * options say whom it joins. One that runs is left alone.
   */
  async start(id: NodeId, ...joins: readonly string[]): Promise<void> {
    if (this.alive.includes(id) || this.#retired.has(id)) return;
    const data = join(this.#directory, id);
    mkdirSync(this.#directory, { recursive: true });
    const log = openSync(`${data}.log`, "a");
    const place = this.#places.get(id) ?? (joins.length > 0 ? joins : ["--cluster", this.#list()]);
    this.#places.set(id, place);
    const [launcher, ...before] = this.#namespaces?.launcher(id) ?? [];
    const inside = launcher === undefined ? [] : [...before, process.execPath];
    const child = fork(
      program,
      [
        ...["--id", id, "--data", data, ...this.#addresses(id)],
        // Small enough for many snapshots in a run.
        ...["--loglevel", "debug", "--snapshot-log-size", "256kb", ...place],
      ],
      {
        stdio: ["ignore", log, log, "ipc"],
        execPath: launcher ?? process.execPath,
        execArgv: [...inside, "--enable-source-maps"],
      },
    );
    closeSync(log);
    child.on("message", (answer: Answer) => this.#orders.get(answer.number)?.(answer));
    const ended = once(child, "exit").then(([code, signal]) => this.#ended(id, life, code ?? signal));
    const serves = new Promise<void>((resolve) => {
      child.on("message", (answer: Answer) => answer.number === 0 && resolve());
    });
    const life: Life = {
      ...{ process: child, serves, ended },
      ...{ isPaused: false, isEnding: false, hasServed: false, wasWounded: false },
    };
    void serves.then(() => {
      life.hasServed = true;
    });
    this.#lives.set(id, life);
    if (this.#namespaces === undefined) await this.#proxyOf(id).open();
  }

  /** Resolves when the node serves, or somebody wants its end; rejects when it ends by itself, or takes too long. */
  async serving(id: NodeId): Promise<void> {
    const { serves, ended } = this.#lives.get(id)!;
    await within(patienceMs, Promise.race([serves, ended]), `${id} does not serve: see ${id}.log`);
  }

  async kill(id: NodeId): Promise<void> {
    await this.#end(id, "SIGKILL");
  }

  /** As a program ends that is asked to. */
  async stop(id: NodeId): Promise<void> {
    await this.#end(id, "SIGTERM");
  }

  /** It is about to be removed from the cluster, and then ends by itself. */
  retire(id: NodeId): void {
    this.#retired.add(id);
    this.#lives.get(id)!.isEnding = true;
  }

  pause(id: NodeId): void {
    this.#lives.get(id)!.isPaused = true;
    this.#lives.get(id)!.process.kill("SIGSTOP");
  }

  resume(id: NodeId): void {
    this.#lives.get(id)!.process.kill("SIGCONT");
    this.#lives.get(id)!.isPaused = false;
  }

  /** Nothing goes between these and all others, in the directions that are named. */
  cut(ids: readonly NodeId[], directions: "both" | "out" | "in" = "both"): void {
    for (const id of ids)
      for (const other of this.#lives.keys()) {
        if (ids.includes(other)) continue;
        if (directions !== "in") this.links.set(id, other, "cut");
        if (directions !== "out") this.links.set(other, id, "cut");
      }
  }

  /** Pulls the cable between the node and all others; only where it has a namespace. */
  unplug(id: NodeId): void {
    this.#namespaces!.unplug(id);
  }

  plug(id: NodeId): void {
    this.#namespaces!.plug(id);
  }

  async disk(id: NodeId, state: DiskState): Promise<void> {
    this.#lives.get(id)!.wasWounded = true;
    await this.#wound(id, { type: "disk", state });
  }

  async jumpClock(id: NodeId, jumpMs: number): Promise<void> {
    await this.#wound(id, { type: "clock", jumpMs });
  }

  /** Rejects where the node does not lead, or the change did not come about. */
  async change(leader: NodeId, change: Change): Promise<void> {
    await this.#order(leader, { type: "change", change });
  }

  async transfer(leader: NodeId, to: NodeId): Promise<void> {
    await this.#order(leader, { type: "transfer", to });
  }

  /** Undefined where it does not answer in time, or is starting. */
  async state(id: NodeId, hashes: boolean = false): Promise<NodeState | undefined> {
    try {
      return await this.#order(id, { type: "state", hashes }, 5_000);
    } catch {
      return undefined;
    }
  }

  /** Of all that are awake. */
  async states(hashes: boolean = false): Promise<Map<NodeId, NodeState>> {
    const all = await Promise.all(this.awake.map(async (id) => [id, await this.state(id, hashes)] as const));
    return new Map(all.flatMap(([id, state]) => (state === undefined ? [] : [[id, state]])));
  }

  /** Who leads, as soon as somebody does. */
  async leader(): Promise<NodeId> {
    return this.agree("nobody leads", () => true);
  }

  /** Resolves with who leads, as soon as this holds there; rejects with the text where it never does. */
  async agree(
    otherwise: string,
    holds: (state: NodeState, id: NodeId) => boolean | Promise<boolean>,
  ): Promise<NodeId> {
    const until = performance.now() + patienceMs;
    while (performance.now() < until) {
      const leaders = [...(await this.states())].filter(([, { role }]) => role === "leader");
      const [id, state] = leaders.sort(([, a], [, b]) => b.term - a.term)[0] ?? [];
      if (id !== undefined && (await holds(state!, id))) return id;
      await pause(50);
    }
    throw new Error(otherwise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.alive) await this.kill(id);
  }

  async #end(id: NodeId, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const life = this.#lives.get(id)!;
    life.isEnding = true;
    if (life.isPaused && signal === "SIGTERM") this.resume(id);
    life.process.kill(signal);
    await within(patienceMs, life.ended, `${id} does not end: see ${id}.log`);
  }

  #ended(id: NodeId, life: Life, how: number | NodeJS.Signals): void {
    this.#proxies.get(id)?.close();
    // Whose disk fails while it starts says so, and ends; one that serves goes on, and answers what it can.
    const isExcused = life.wasWounded && !life.hasServed;
    if (!life.isEnding && !isExcused) this.deaths.push(`${id} has ended by itself (${how}): see ${id}.log`);
  }

  /** Where it has ended meanwhile, there is nothing to be broken or mended; one that stands still hears it later. */
  async #wound(id: NodeId, order: Order): Promise<void> {
    if (this.alive.includes(id)) await this.#order(id, order).catch(() => {});
  }

  async #order(id: NodeId, order: Order, waitMs: number = patienceMs): Promise<NodeState | undefined> {
    const life = this.#lives.get(id)!;
    if (!isAlive(life)) throw new Error(`${id} is not running`);
    const number = ++this.#orderNumber;
    const answered = new Promise<Answer>((resolve) => this.#orders.set(number, resolve));
    life.process.send({ ...order, number }, () => {});
    const end = life.ended.then((): Answer => ({ number, error: `${id} has ended` }));
    try {
      const answer = await within(waitMs, Promise.race([answered, end]), `${id} does not answer`);
      if ("error" in answer) throw new Error(answer.error);
      return answer.state;
    } finally {
      this.#orders.delete(number);
    }
  }

  #proxyOf(id: NodeId): PeerProxy {
    let proxy = this.#proxies.get(id);
    if (proxy === undefined) {
      const [from, to] = [this.#proxyHost(id), this.addressOf(id).host].map((host) => ({
        host,
        port: peerPort,
      }));
      proxy = new PeerProxy(id, this.links, from!, to!);
      this.#proxies.set(id, proxy);
    }
    return proxy;
  }

  /** Where the node is heard: behind its proxy, or on its two cables, which are no loopback. */
  #addresses(id: NodeId): string[] {
    const { host } = this.addressOf(id);
    const listen = ["--listen", `${host}:${clientPort}`];
    if (this.#namespaces !== undefined) return [...listen, "--peer-listen", this.peerOf(id), "--insecure"];
    const announce = ["--announce", `${this.#proxyHost(id)}:${clientPort}`];
    return [...listen, "--peer-listen", `${host}:${peerPort}`, ...announce];
  }

  #proxyHost(id: NodeId): string {
    return `${this.#net}.${numberOf(id)}`;
  }

  #list(): string {
    return this.#founders.map((id) => `${id}=${this.peerOf(id)}`).join(",");
  }
}

function isAlive({ process }: Life): boolean {
  return process.exitCode === null && process.signalCode === null;
}

function numberOf(id: NodeId): number {
  return Number(id.slice(1));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Rejects with this text where it takes longer. */
async function within<T>(ms: number, promise: Promise<T>, text: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(text)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
