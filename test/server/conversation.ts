import type { Clock } from "../../src/platform/clock.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import type { Replica } from "../../src/replica/contract.ts";
import { LocalReplica } from "../../src/replica/local.ts";
import { Server } from "../../src/server/server.ts";
import type { ServerSettings } from "../../src/server/settings.ts";
import { LateReplica } from "../late-replica.ts";
import { SeededRandom } from "../seeded-random.ts";
import { type ClientTwin, NetTwin } from "./net-twin.ts";
import { TurnClock } from "./turn-clock.ts";

/** What clients do, one step after the other; everything comes to rest between two steps. */
export type Step =
  | { readonly client: number; readonly sends: Buffer }
  | { readonly client: number; readonly does: "end" | "stop reading" | "read again" }
  | { readonly passesMs: number };

/** What a client has seen of it. */
export interface Seen {
  readonly received: string;
  readonly isClosed: boolean;
}

export const settings: ServerSettings = {
  requirepass: "",
  maxclients: 100,
  idleMsMax: 0,
  tcpKeepAliveMs: 0,
  maxmemoryBytes: 0,
  slowlogMicros: -1,
  slowlogEntries: 128,
  latencyThresholdMs: 0,
};

/** Who answers: the local replica itself, or through one that is late by a seed. */
export type MakeReplica = (local: Replica, clock: Clock) => Replica;

export const local: MakeReplica = (replica) => replica;

export function late(seed: number): MakeReplica {
  const random = new SeededRandom(seed);
  const lateness = { fullShare: random.below(2) * 0.3, doneShare: random.below(3) * 0.3 };
  return (replica, clock) => new LateReplica(replica, clock, random, lateness);
}

/** A server with clients in memory: the same seeds give the same run. */
export class Conversation {
  readonly server: Server;
  readonly clients: ClientTwin[] = [];
  readonly #clock = new TurnClock();
  readonly #net: NetTwin;

  constructor(makeReplica: MakeReplica, netSeed: number, changes: Partial<ServerSettings> = {}) {
    const clock = this.#clock;
    this.#net = new NetTwin(new SeededRandom(netSeed));
    this.server = new Server(
      {
        replica: makeReplica(new LocalReplica(clock, new SeededRandom(1)), clock),
        clock,
        net: this.#net,
        logger: silentLogger,
        nodeId: "n1",
        processBytes: () => 1,
        requestShutdown: () => {},
      },
      { ...settings, ...changes },
    );
  }

  /** Listens and lets `count` clients in. */
  async open(count: number): Promise<void> {
    await this.server.listen("server", 1);
    for (let i = 0; i < count; i++) this.clients.push(this.#net.connect());
    this.rest();
  }

  take(step: Step): void {
    if ("passesMs" in step) {
      this.#clock.advance(step.passesMs);
    } else {
      const client = this.clients[step.client]!;
      if ("sends" in step) client.send(step.sends);
      else if (step.does === "end") client.end();
      else client.isReading = step.does === "read again";
    }
    this.rest();
  }

  /** Until nobody has anything to do. */
  rest(): void {
    this.#clock.run(() => this.#net.turn());
  }

  seen(): Seen[] {
    return this.clients.map((c) => ({ received: c.received.toString("latin1"), isClosed: c.isClosed }));
  }
}

/** What the clients see of a whole conversation. */
export async function hold(
  steps: readonly Step[],
  clients: number,
  makeReplica: MakeReplica,
  netSeed: number,
): Promise<Seen[]> {
  const conversation = new Conversation(makeReplica, netSeed);
  await conversation.open(clients);
  for (const step of steps) conversation.take(step);
  return conversation.seen();
}
