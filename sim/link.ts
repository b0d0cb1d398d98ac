import { readU32 } from "../src/base/numbers.ts";
import { encodeFrame } from "../src/peers/codec.ts";
import type { PeerMessage } from "../src/peers/message.ts";
import { Connection } from "./connection.ts";
import type { Addressee, Frame, SimNetwork, Station } from "./network.ts";

/** From one node to another, and not back: a connection for what must not wait, and one for bulk. */
export class Link {
  readonly network: SimNetwork;
  readonly from: Station;
  readonly to: Station;
  isCut = false;
  extraMs = 0;
  bytesPerMs: number = Number.POSITIVE_INFINITY;
  #urgent: Connection;
  #bulk: Connection;

  constructor(network: SimNetwork, from: Station, to: Station) {
    this.network = network;
    this.from = from;
    this.to = to;
    this.#urgent = new Connection(this, { isEager: true });
    this.#bulk = new Connection(this, { isEager: false });
  }

  /** The sender has started anew. What its former life sent is still under way. */
  renew(): void {
    this.#urgent = new Connection(this, { isEager: true });
    this.#bulk = new Connection(this, { isEager: false });
  }

  /** Frames may be lost, repeated and overtaken before they get to the connection, as a sender that is full does. */
  send(message: PeerMessage, addressee: Addressee): void {
    const { random, weather, faults, trace } = this.network;
    const parts = encodeFrame(message);
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const frame: Frame = { bytes, addressee };
    trace.mix(readU32(bytes, 0));
    const connection = isBulk(message) ? this.#bulk : this.#urgent;
    if (random.chance(weather.lossChance)) {
      faults.count("lost");
      trace.message("x", message, 0);
      return;
    }
    if (random.chance(weather.repeatChance)) this.#sendLater("repeated", frame, connection);
    if (random.chance(weather.reorderChance)) this.#sendLater("held back", frame, connection);
    else connection.send(frame);
  }

  #sendLater(fault: string, frame: Frame, connection: Connection): void {
    const { scheduler, random, weather, faults } = this.network;
    faults.count(fault);
    scheduler.after(random.below(1 + weather.holdMsMax), () => connection.send(frame));
  }

  /** The machine at the other end is there again. */
  backThere(): void {
    for (const connection of this.#both) connection.healed();
  }

  heal(): void {
    const wasSlow = this.extraMs > 0 || this.bytesPerMs < Number.POSITIVE_INFINITY;
    this.isCut = false;
    this.extraMs = 0;
    this.bytesPerMs = Number.POSITIVE_INFINITY;
    for (const connection of this.#both) {
      if (wasSlow) connection.hurry();
      connection.healed();
    }
  }

  slow(extraMs: number, bytesPerMs: number): void {
    this.extraMs = extraMs;
    this.bytesPerMs = bytesPerMs;
  }

  goDeaf(): void {
    for (const connection of this.#both) connection.goDeaf();
  }

  /** The other side closed. */
  closedThere(): void {
    for (const connection of this.#both) connection.closedThere();
  }

  get #both(): readonly Connection[] {
    return [this.#urgent, this.#bulk];
  }
}

function isBulk(message: PeerMessage): boolean {
  if (message.type === "consensus")
    return message.message.type === "appendEntries" && message.message.entries.length > 0;
  return message.type === "snapshotPiece" || message.type === "forward";
}
