import { SimDisk } from "../../sim/disk.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { Clock } from "../../src/platform/clock.ts";
import type { Random } from "../../src/platform/random.ts";
import type { Replica } from "../../src/replica/contract.ts";
import type { Member } from "../../src/replica/member.ts";
import { Memory } from "../../src/replica/memory.ts";
import type { Server } from "../../src/server/server.ts";
import type { ServerSettings } from "../../src/server/settings.ts";
import { Chance } from "../differential/chance.ts";
import { DurableRun } from "../durable/durable-run.ts";
import { LateReplica } from "../late-replica.ts";
import { makeServer } from "./make-server.ts";
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

/** Both sides of a comparison hash alike. */
const sameEveryTime: Random = { uint32: () => 7, bytes: (count) => Buffer.alloc(count, 7) };

/** Who answers: the local replica itself, or through one that is late by a seed. */
export type MakeReplica = (local: Replica, clock: Clock) => Replica;

export const local: MakeReplica = (replica) => replica;

export function late(seed: number): MakeReplica {
  const chance = new Chance(seed);
  const lateness = { fullPercent: chance.below(2) * 30, donePercent: chance.below(3) * 30 };
  return (replica, clock) => new LateReplica(replica, clock, chance, lateness);
}

/** A server with clients in memory: the same seeds give the same run. */
export class Conversation {
  readonly server: Server;
  readonly clients: ClientTwin[] = [];
  readonly clock: TurnClock;
  readonly #net: NetTwin;

  constructor(
    makeReplica: MakeReplica,
    netSeed: number | "calm",
    changes: Partial<ServerSettings> = {},
    clock: TurnClock = new TurnClock(),
  ) {
    this.clock = clock;
    this.#net = new NetTwin(netSeed === "calm" ? undefined : new Chance(netSeed));
    const replica = makeReplica(new Memory(new Engine([7, 7]), clock), clock);
    this.server = makeServer({ replica, clock, net: this.#net }, changes);
  }

  /** Turns of the event loop so far. */
  get turns(): number {
    return this.clock.turns;
  }

  /** Listens and lets `count` clients in. */
  async open(count: number): Promise<void> {
    await this.server.listen("server", 1);
    for (let i = 0; i < count; i++) this.clients.push(this.#net.connect());
    this.rest();
  }

  take(step: Step): void {
    if ("passesMs" in step) {
      this.clock.advance(step.passesMs);
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
    this.clock.run(() => this.#net.turn());
  }

  /** Turns until the promise is kept. */
  settle(promise: Promise<void>): Promise<void> {
    return settled(promise, () => this.rest());
  }

  seen(): Seen[] {
    return this.clients.map((c) => ({ received: c.received.toString("latin1"), isClosed: c.isClosed }));
  }
}

/** Turns until the promise is kept. */
async function settled<T>(promise: Promise<T>, rest: () => void): Promise<T> {
  let isKept = false;
  const kept = promise.finally(() => {
    isKept = true;
  });
  while (!isKept) {
    await new Promise((resolve) => setImmediate(resolve));
    rest();
  }
  return kept;
}

/** A conversation with a durable member, whose disk takes its time. */
export async function openDurably(
  clients: number,
  netSeed: number,
): Promise<{ readonly conversation: Conversation; readonly member: Member }> {
  const clock = new TurnClock();
  const disk = new SimDisk({ seed: netSeed, turns: clock });
  const run = await settled(DurableRun.start(disk, { clock, random: sameEveryTime }), () =>
    clock.run(() => false),
  );
  const { member } = run.durable;
  const conversation = new Conversation(() => member, netSeed, {}, clock);
  await conversation.open(clients);
  return { conversation, member };
}

/** What the clients see of the whole of it. */
export async function holdDurably(steps: readonly Step[], clients: number, netSeed: number): Promise<Seen[]> {
  const { conversation } = await openDurably(clients, netSeed);
  for (const step of steps) conversation.take(step);
  return conversation.seen();
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
