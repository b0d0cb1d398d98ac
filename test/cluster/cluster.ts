import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Address } from "../../src/base/address.ts";
import type { Reply } from "../../src/protocol/reply.ts";
import { type Ending, type Running, startKvorum } from "../command-line.ts";
import { RawClient } from "../server/raw-client.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

/** Clusters of this process, so that no two have an address in common. */
let clusters = 0;
/** The longest tests hold conversations, or kill leaders again and again. */
const runMsMax = 300_000;
const clientPort = 6379;
const peerPort = 16379;

/** Real processes, each with an address of its own in 127.0.0.0/8, and a directory. Dispose of it to end them all. */
export class Cluster {
  readonly #folder = new TemporaryFolder();
  readonly #net: string;
  readonly #nodes = new Map<string, Running>();
  readonly #listed: readonly string[];
  /** How far the hosts have moved. */
  #moved = 0;

  constructor(ids: readonly string[]) {
    this.#listed = ids;
    this.#net = `127.${1 + (process.pid % 250)}.${((process.pid >> 8) % 250) ^ (++clusters % 250)}`;
  }

  /** All members of a new cluster, serving. */
  static start(...ids: readonly string[]): Promise<Cluster> {
    return Cluster.startWith([], ...ids);
  }

  static async startWith(options: readonly string[], ...ids: readonly string[]): Promise<Cluster> {
    const cluster = new Cluster(ids);
    for (const id of ids) cluster.start(id, "--cluster", cluster.list, ...options);
    for (const id of ids) await cluster.serving(id);
    return cluster;
  }

  hostOf(id: string): string {
    return `${this.#net}.${Number(id.slice(1)) + this.#moved}`;
  }

  /** From now on all nodes start with other addresses. */
  move(): void {
    this.#moved += 50;
  }

  clientsOf(id: string): string {
    return `${this.hostOf(id)}:${clientPort}`;
  }

  addressOf(id: string): Address {
    return { host: this.hostOf(id), port: clientPort };
  }

  peersOf(id: string): string {
    return `${this.hostOf(id)}:${peerPort}`;
  }

  directoryOf(id: string): string {
    return join(this.#folder.path, id);
  }

  get list(): string {
    return this.#listed.map((id) => `${id}=${this.peersOf(id)}`).join(",");
  }

  /** Begins to run a node: a member of the first hour, unless other options say how it comes in. */
  start(id: string, ...options: readonly string[]): Running {
    const place = options.length > 0 ? options : ["--cluster", this.list];
    const own = ["--id", id, "--listen", this.clientsOf(id), "--data", this.directoryOf(id)];
    const running = startKvorum(["start", ...own, "--loglevel", "debug", ...place], { runMsMax });
    this.#nodes.set(id, running);
    return running;
  }

  async serving(id: string): Promise<void> {
    await this.#nodes.get(id)!.sees(/serves on/);
  }

  /** Resolves with what the node has logged as soon as it has logged this. */
  logs(id: string, pattern: RegExp): Promise<string> {
    return this.#nodes.get(id)!.sees(pattern, "stderr");
  }

  /** The same, whichever node it is: who leads is nobody's choice. */
  someoneLogs(pattern: RegExp): Promise<string> {
    const alive = [...this.#nodes.values()].filter(
      ({ process }) => process.exitCode === null && process.signalCode === null,
    );
    return Promise.any(alive.map((node) => node.sees(pattern, "stderr")));
  }

  /** Resolves when the node has ended by itself. */
  ended(id: string): Promise<Ending> {
    return this.#nodes.get(id)!.ended;
  }

  /** As a machine that hangs: it says nothing, and its connections stay. */
  pause(id: string): void {
    this.#nodes.get(id)!.process.kill("SIGSTOP");
  }

  resume(id: string): void {
    this.#nodes.get(id)!.process.kill("SIGCONT");
  }

  async kill(id: string): Promise<void> {
    const node = this.#nodes.get(id)!;
    node.process.kill("SIGKILL");
    await node.ended;
  }

  async stop(id: string): Promise<number | string> {
    const node = this.#nodes.get(id)!;
    node.process.kill("SIGTERM");
    return (await node.ended).code;
  }

  loseDisk(id: string): void {
    rmSync(this.directoryOf(id), { recursive: true });
  }

  copyDisk(from: string, to: string): void {
    cpSync(this.directoryOf(from), this.directoryOf(to), { recursive: true });
  }

  client(id: string): Promise<RawClient> {
    return RawClient.connect(clientPort, this.hostOf(id));
  }

  /** One command, again and again until it is taken: elections take their time. */
  async call(id: string, ...words: readonly string[]): Promise<Reply> {
    await this.serving(id);
    const client = await this.client(id);
    try {
      for (;;) {
        const reply = await client.call(...words);
        if (!/^-(CLUSTERDOWN|LOADING|NOREPLICAS)/.test(String(reply))) return reply;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      client.socket.destroy();
    }
  }

  /** The id of the node that leads, as this one says, once it knows: not the one that led before. */
  async leader(id: string, before?: string): Promise<string> {
    await this.serving(id);
    const client = await this.client(id);
    for (;;) {
      client.send("WHO_IS_LEADER\n");
      const [word, address] = (await client.line()).split(" ");
      const leader = [...this.#nodes.keys()].find((one) => this.clientsOf(one) === address);
      if (word === "LEADER" && leader !== undefined && leader !== before) {
        client.socket.destroy();
        return leader;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#nodes.keys()) await this.kill(id);
    this.#folder[Symbol.dispose]();
  }
}
