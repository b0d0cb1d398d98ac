import { assert } from "../src/base/assert.ts";
import type { PeerListener, Peers } from "../src/peers/contract.ts";
import type { PeerMessage } from "../src/peers/message.ts";
import { type Delay, drawMs } from "./chance.ts";
import type { FaultCounts } from "./fault-counts.ts";
import { Link } from "./link.ts";
import type { Cut } from "./partition.ts";
import type { Prng } from "./prng.ts";
import type { SimProcess } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

/** What the network does to everybody. A chance is that of each frame, from 0 to 1. */
export interface NetworkWeather {
  /** From one node to another. */
  readonly delay: Delay;
  readonly lossChance: number;
  readonly repeatChance: number;
  /** Frames that leave later than those behind them. */
  readonly reorderChance: number;
  /** What is repeated or held back leaves up to so much later. */
  readonly holdMsMax: number;
  /** A bit is flipped on the way. */
  readonly corruptChance: number;
  /** The bytes of a frame arrive in two pieces. */
  readonly splitChance: number;
  readonly bytesPerMs: number;
  /** Of each connection; what has no room is lost. */
  readonly queueBytesMax: number;
  /** A connection on which nothing arrives for so long is given up. */
  readonly stallMsMax: number;
  /** Between two tries to connect. */
  readonly retry: Delay;
}

/** Nothing goes wrong, in one data centre. */
export const calmNetwork: NetworkWeather = {
  delay: { minMs: 0.1, meanMs: 0.3 },
  lossChance: 0,
  repeatChance: 0,
  reorderChance: 0,
  holdMsMax: 0,
  corruptChance: 0,
  splitChance: 0,
  bytesPerMs: 125_000,
  queueBytesMax: 16_777_216,
  stallMsMax: 2_000,
  retry: { minMs: 50, meanMs: 100 },
};

export type Addressee = string | undefined;

/** A message that has arrived. */
export interface Letter {
  readonly sender: SimProcess;
  readonly receiver: SimProcess;
  readonly message: PeerMessage;
  readonly addressee: Addressee;
}

/** A message on its way. */
export interface Frame {
  readonly bytes: Buffer;
  readonly addressee: Addressee;
}

/** A node as the network knows it. */
export interface Station {
  readonly id: string;
  /** The process that listens there, or that last did. */
  process: SimProcess | undefined;
  listener: PeerListener | undefined;
  /** A machine that is off refuses nothing: it says nothing. */
  isMachineOn: boolean;
  /** To others. */
  readonly links: Map<string, Link>;
}

/**
 * Twin of Peers for all nodes: two connections from each to each, one of them for what must not wait, with the
 * production codec at both ends. In each direction on its own it loses, delays, repeats, reorders, cuts and damages.
 */
export class SimNetwork {
  /** May be changed at any time. */
  weather: NetworkWeather;
  /** Whom of those that have had this name the sender means: what it knows of the other from its handshakes. */
  addressee: (sender: SimProcess, message: PeerMessage) => Addressee = () => undefined;
  /** Whether the receiver takes a message of this sender: what a handshake decides. */
  admits: (letter: Letter) => boolean = () => true;
  readonly scheduler: Scheduler;
  readonly random: Prng;
  readonly trace: Trace;
  readonly faults: FaultCounts;
  readonly #stations: Map<string, Station> = new Map();

  constructor(
    scheduler: Scheduler,
    random: Prng,
    trace: Trace,
    faults: FaultCounts,
    weather: NetworkWeather = calmNetwork,
  ) {
    this.scheduler = scheduler;
    this.random = random;
    this.trace = trace;
    this.faults = faults;
    this.weather = weather;
  }

  /** A process has started: its way to the others. */
  join(process: SimProcess): Peers {
    const station = this.#station(process.id);
    assert(station.process?.isAlive !== true, "one process a node");
    station.process = process;
    station.listener = undefined;
    station.isMachineOn = true;
    for (const link of station.links.values()) link.renew();
    for (const { links } of this.#stations.values()) links.get(process.id)?.backThere();
    return {
      send: (message) => {
        assert(
          message.from === process.id && message.to !== process.id,
          "a node speaks for itself, to others",
        );
        if (process.isAlive)
          this.#link(message.from, message.to).send(message, this.addressee(process, message));
      },
      // Everybody can be reached by name.
      setMembers() {},
      listen: (listener) => {
        if (process.isAlive) station.listener = listener;
      },
    };
  }

  /**
   * The process is dead. Where its machine goes on, it closes the connections and refuses new ones; a machine that is
   * off says nothing, and everybody finds out by himself.
   */
  left(id: string, { isMachineOn }: { isMachineOn: boolean }): void {
    const left = this.#station(id);
    assert(left.process?.isAlive !== true, "who leaves is dead");
    left.listener = undefined;
    left.isMachineOn = isMachineOn;
    if (!isMachineOn) return;
    for (const { links } of this.#stations.values()) links.get(id)?.closedThere();
  }

  cut(cuts: readonly Cut[]): void {
    for (const [from, to] of cuts) {
      this.#link(from, to).isCut = true;
      this.faults.count("cut");
    }
    if (cuts.length > 0) this.trace.note(`cut ${cuts.map(([from, to]) => `${from}>${to}`).join(" ")}`);
  }

  heal(cuts: readonly Cut[]): void {
    for (const [from, to] of cuts) this.#link(from, to).heal();
    if (cuts.length > 0) this.trace.note(`healed ${cuts.map(([from, to]) => `${from}>${to}`).join(" ")}`);
  }

  /** No link is cut or slow any more. */
  healAll(): void {
    for (const { links } of this.#stations.values()) for (const link of links.values()) link.heal();
    this.trace.note("all links are healed");
  }

  isCut(from: string, to: string): boolean {
    return this.#link(from, to).isCut;
  }

  /** Bytes from one to another take so much longer, and no more of them get through, until the link is healed. */
  slow(from: string, to: string, extraMs: number, bytesPerMs: number): void {
    this.#link(from, to).slow(extraMs, bytesPerMs);
    this.faults.count("slow link");
    this.trace.note(`slow ${from}>${to} +${extraMs}ms ${bytesPerMs}B/ms`);
  }

  /** The connections that there are look well to the sender, and nothing arrives. */
  halfOpen(from: string, to: string): void {
    this.#link(from, to).goDeaf();
    this.faults.count("half-open");
    this.trace.note(`half-open ${from}>${to}`);
  }

  /** Time from one node to another. */
  drawDelayMs(): number {
    return drawMs(this.random, this.weather.delay);
  }

  #station(id: string): Station {
    let station = this.#stations.get(id);
    if (station === undefined) {
      station = { id, process: undefined, listener: undefined, isMachineOn: true, links: new Map() };
      this.#stations.set(id, station);
    }
    return station;
  }

  #link(from: string, to: string): Link {
    const station = this.#station(from);
    let link = station.links.get(to);
    if (link === undefined) {
      link = new Link(this, station, this.#station(to));
      station.links.set(to, link);
    }
    return link;
  }
}
