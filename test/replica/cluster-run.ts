import { SimDisk } from "../../sim/disk.ts";
import { Prng } from "../../sim/prng.ts";
import type { PeerListener, Peers } from "../../src/peers/contract.ts";
import type { PeerMessage } from "../../src/peers/message.ts";
import type { Configuration } from "../../src/raft/configuration.ts";
import { DurableRun, MortalClock, type RunOptions } from "../durable/durable-run.ts";

/** Ticks of 10 ms: elections are quick here, since nothing is far away. */
const quickRaft = { heartbeatTicks: 3, checkQuorumTicks: 25, electionTicksMin: 30, electionTicksMax: 60 };

/** Resolves as soon as the condition holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Members of one process on simulated disks. Messages take a turn of the event loop each, unless they are lost. */
export class ClusterRun {
  readonly nodes: Map<string, DurableRun> = new Map();
  readonly disks: Map<string, SimDisk> = new Map();
  /** Whether a message is lost. */
  loses: (message: PeerMessage) => boolean = () => false;
  /** After how many ms a message arrives, once for each time it does; without one it arrives at once. */
  delays: ((message: PeerMessage) => readonly number[]) | undefined;
  readonly #listeners = new Map<string, PeerListener>();
  readonly #first: Configuration;
  #starts = 0;
  readonly #options: RunOptions;
  /** The clocks of the members do not keep the process alive. */
  readonly #keepsAlive = setInterval(() => {}, 1000);

  constructor(ids: readonly string[], options: RunOptions = {}) {
    this.#first = { members: ids.map((id) => ({ id, isVoter: true, about: "" })) };
    this.#options = options;
  }

  /** Starts all members of a new cluster. */
  static async start(ids: readonly string[], options: RunOptions = {}): Promise<ClusterRun> {
    const cluster = new ClusterRun(ids, options);
    for (const id of ids) await cluster.startNode(id);
    return cluster;
  }

  /** Starts a node on its disk; on an empty one as a member of the first hour, unless it is to be told its members. */
  async startNode(id: string, first: Configuration = this.#first): Promise<DurableRun> {
    const disk = this.disks.get(id) ?? new SimDisk({ seed: 1 });
    this.disks.set(id, disk);
    const node = await DurableRun.start(disk, {
      random: new Prng(Number.parseInt(id.slice(1), 10) + 100 * this.#starts++),
      ...this.#options,
      nodeId: id,
      clock: new MortalClock(),
      identity: { clusterId: "0123456789abcdef0123456789abcdef", hashKey: [1, 2] },
      cluster: { peers: this.#peersOf(id), first, raft: quickRaft },
    });
    this.nodes.set(id, node);
    return node;
  }

  /** Starts a node again that has to begin anew: others tell it who the members are. */
  async startAgain(id: string): Promise<DurableRun> {
    const node = this.nodes.get(id)!;
    await node.close();
    node.die();
    return this.startNode(id, { members: [] });
  }

  /** Kills a node: what it had not synced is lost. */
  kill(id: string): void {
    this.nodes.get(id)!.die();
    this.nodes.delete(id);
    this.#listeners.delete(id);
    this.disks.set(id, this.disks.get(id)!.crash("all-lost"));
  }

  /** Kills a member that does not lead, and compacts the leader's log so far that only a snapshot can bring it back. */
  async leaveBehind(): Promise<{ leader: DurableRun; late: string }> {
    const id = await this.leader();
    const late = [...this.nodes.keys()].find((other) => other !== id)!;
    this.kill(late);
    const leader = this.nodes.get(id)!;
    const client = leader.client();
    for (let i = 0; i < 40; i++) await client.call("SET", `k${i}`, Buffer.alloc(16_384, i));
    await leader.durable.save(true);
    await client.call("SET", "more", "1");
    await leader.durable.save(true);
    return { leader, late };
  }

  /** The node that leads, as soon as one does that a majority of those that run follows. */
  async leader(): Promise<string> {
    for (;;) {
      for (const [id, node] of this.nodes) {
        const { role, term } = node.durable.member.status!;
        if (role === "leader" && [...this.nodes.values()].every((n) => n.durable.member.status!.term <= term))
          return id;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Resolves when all that run have applied the same. */
  async settled(): Promise<void> {
    const isEven = (): boolean => {
      const statuses = [...this.nodes.values()].map(({ durable }) => durable.member.status!);
      const last = Math.max(...statuses.map(({ lastIndex }) => lastIndex));
      return [...this.nodes.values()].every(({ durable }) => durable.member.appliedIndex === last);
    };
    await until(isEven);
  }

  /** Nobody waits for an answer of a node that runs. */
  get isAtRest(): boolean {
    return [...this.nodes.values()].every(({ durable }) => durable.member.isAtRest);
  }

  async close(): Promise<void> {
    for (const node of this.nodes.values()) node.die();
    clearInterval(this.#keepsAlive);
  }

  #peersOf(from: string): Peers {
    return {
      send: (message) => {
        if (this.loses(message)) return;
        const arrive = (): void => {
          if (this.nodes.has(from)) this.#listeners.get(message.to)?.received(message);
        };
        if (this.delays === undefined) setImmediate(arrive);
        else for (const delayMs of this.delays(message)) setTimeout(arrive, delayMs);
      },
      setMembers() {},
      syncsLate: () => this.#options.fsync === "interval",
      listen: (listener) => this.#listeners.set(from, listener),
    };
  }
}
