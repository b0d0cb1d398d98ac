import { PeerDecoder } from "../src/peers/decoder.ts";
import type { PeerMessage } from "../src/peers/message.ts";
import { drawMs } from "./chance.ts";
import type { Link } from "./link.ts";
import type { Addressee, Frame, SimNetwork } from "./network.ts";
import type { SimProcess } from "./process.ts";
import type { SimEvent } from "./scheduler.ts";

/** Until a sender tries again what got stuck in a cut. */
const resendMsMax = 200;

/**
 * Bytes from one process to another, in order. What a cut holds up is sent again when it heals; where that takes too
 * long, as when a side is gone or bytes are damaged, the connection breaks: what is under way is lost, and the next one
 * begins with a new decoder.
 */
export class Connection {
  readonly #link: Link;
  readonly #network: SimNetwork;
  readonly #sender: SimProcess | undefined;
  /** Tries again by itself, and so finds out whether the other side is gone. */
  readonly #isEager: boolean;
  #state: "closed" | "connecting" | "open" | "resting" = "closed";
  /** Counts its lives: what belongs to an earlier one is void. */
  #life = 0;
  /** Frames that wait until it is open. */
  #waiting: Frame[] = [];
  /** Waiting and under way. */
  #bytes = 0;
  #receiver: SimProcess | undefined;
  #decoder: PeerDecoder | undefined;
  /** The line is busy until then, and the last byte arrives then. */
  #busyUntilMs = 0;
  #arrivesMs = 0;
  /** Pieces under way, the oldest first. */
  #flying: { readonly piece: Frame; readonly arrival: SimEvent }[] = [];
  /** Arrived during a cut, or behind something that did. */
  #stalled: Frame[] | undefined;
  #isDeaf = false;
  /** Of the message that is being delivered. */
  #addressee: Addressee;

  constructor(link: Link, { isEager }: { isEager: boolean }) {
    this.#link = link;
    this.#network = link.network;
    this.#sender = link.from.process;
    this.#isEager = isEager;
  }

  send(frame: Frame): void {
    if (this.#bytes + frame.bytes.length > this.#network.weather.queueBytesMax) {
      this.#network.faults.count("no room");
      return;
    }
    this.#bytes += frame.bytes.length;
    if (this.#state === "open") this.#transmit(frame);
    else {
      this.#waiting.push(frame);
      if (this.#state === "closed") this.#connect();
    }
  }

  healed(): void {
    if (this.#stalled === undefined) return;
    this.#later(this.#network.random.below(resendMsMax), () => this.#resend());
  }

  /** The line is as fast as others again, also for what is on it. */
  hurry(): void {
    const { scheduler } = this.#network;
    const flying = this.#flying;
    this.#flying = [];
    this.#busyUntilMs = scheduler.nowMs;
    this.#arrivesMs = scheduler.nowMs;
    for (const { piece, arrival } of flying) {
      arrival.isCancelled = true;
      this.#occupy(piece.bytes.length);
      this.#transmitPiece(piece);
    }
  }

  goDeaf(): void {
    if (this.#state !== "open") return;
    this.#isDeaf = true;
    this.#later(this.#network.weather.stallMsMax, () => this.#break("timed out"));
  }

  closedThere(): void {
    if (this.#state !== "open" || this.#link.isCut) return;
    this.#later(this.#network.drawDelayMs(), () => this.#break("closed"));
  }

  // From nothing to open.

  #connect(): void {
    if (this.#sender?.isAlive !== true) return;
    this.#state = "connecting";
    this.#life++;
    this.#later(2 * this.#network.drawDelayMs(), () => this.#answered());
  }

  #answered(): void {
    const { from, to, isCut } = this.#link;
    const { process } = to;
    if (isCut || !to.isMachineOn || process === undefined || to.links.get(from.id)?.isCut === true)
      this.#later(this.#network.weather.stallMsMax, () => this.#break("timed out"));
    else if (process.isAlive) this.#open(process);
    else this.#refused();
  }

  #refused(): void {
    const { from, to } = this.#link;
    this.#network.faults.count("refused");
    this.#network.trace.note(`${from.id} is refused by ${to.id}`);
    this.#tell((listener) => listener.refused(to.id));
    this.#rest();
  }

  #open(receiver: SimProcess): void {
    const ends = { from: this.#link.from.id, to: this.#link.to.id };
    this.#state = "open";
    this.#receiver = receiver;
    this.#decoder = new PeerDecoder(ends, (message) => this.#received(message));
    this.#arrivesMs = 0;
    for (const frame of this.#waiting.splice(0)) this.#transmit(frame);
  }

  // Bytes under way.

  #transmit({ bytes: whole, addressee }: Frame): void {
    const { weather, random } = this.#network;
    this.#occupy(whole.length);
    const bytes = random.chance(weather.corruptChance) ? this.#corrupted(whole) : whole;
    const cut = random.chance(weather.splitChance) ? random.below(bytes.length) : 0;
    if (cut > 0) this.#transmitPiece({ bytes: bytes.subarray(0, cut), addressee });
    this.#transmitPiece({ bytes: bytes.subarray(cut), addressee });
  }

  /** The line has so many bytes more to carry. */
  #occupy(bytes: number): void {
    const { scheduler, weather } = this.#network;
    const bytesPerMs = Math.min(weather.bytesPerMs, this.#link.bytesPerMs);
    this.#busyUntilMs = Math.max(this.#busyUntilMs, scheduler.nowMs) + bytes / bytesPerMs;
  }

  #transmitPiece(piece: Frame): void {
    const arrivesMs = this.#busyUntilMs + this.#network.drawDelayMs() + this.#link.extraMs;
    this.#arrivesMs = Math.max(this.#arrivesMs, arrivesMs);
    const life = this.#life;
    const arrival = this.#network.scheduler.at(this.#arrivesMs, () => {
      if (life !== this.#life) return;
      this.#flying.shift();
      this.#arrive(piece);
    });
    this.#flying.push({ piece, arrival });
  }

  #corrupted(frame: Buffer): Buffer {
    const { random, faults } = this.#network;
    faults.count("corrupted");
    const bytes = Buffer.from(frame);
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    return bytes;
  }

  #arrive(piece: Frame): void {
    if (this.#isDeaf) return;
    if (this.#link.isCut || this.#stalled !== undefined || !this.#link.to.isMachineOn) this.#stall(piece);
    else if (!this.#receiver!.isAlive) this.#break("reset");
    else {
      const life = this.#life;
      this.#receiver!.reach(() => {
        if (life === this.#life) this.#deliver(piece);
      });
    }
  }

  #deliver({ bytes, addressee }: Frame): void {
    this.#bytes -= bytes.length;
    this.#addressee = addressee;
    if (this.#decoder!.push(bytes)) return;
    this.#network.faults.count("damage found");
    this.#break(this.#decoder!.damage!);
  }

  #received(message: PeerMessage): void {
    const [sender, receiver, addressee] = [this.#sender!, this.#receiver!, this.#addressee];
    const isAdmitted = this.#network.admits({ sender, receiver, message, addressee });
    this.#network.trace.message(isAdmitted ? ">" : "x", message, 0);
    if (isAdmitted) this.#link.to.listener?.received(message);
  }

  #stall(piece: Frame): void {
    if (this.#stalled === undefined) {
      this.#stalled = [];
      const stalled = this.#stalled;
      this.#later(this.#network.weather.stallMsMax, () => {
        if (this.#stalled === stalled) this.#break("timed out");
      });
    }
    this.#stalled.push(piece);
  }

  #resend(): void {
    if (this.#stalled === undefined || this.#link.isCut) return;
    const stalled = this.#stalled;
    this.#stalled = undefined;
    const life = this.#life;
    for (const piece of stalled) if (life === this.#life) this.#arrive(piece);
  }

  // The end.

  #break(reason: string): void {
    const { from, to } = this.#link;
    this.#network.faults.count("broken");
    this.#network.trace.note(`${from.id} loses its connection to ${to.id}: ${reason}`);
    this.#tell((listener) => listener.unreachable(to.id));
    this.#rest();
  }

  #rest(): void {
    this.#life++;
    this.#state = "resting";
    this.#waiting = [];
    this.#flying = [];
    this.#stalled = undefined;
    this.#isDeaf = false;
    this.#bytes = 0;
    this.#later(drawMs(this.#network.random, this.#network.weather.retry), () => {
      this.#state = "closed";
      if (this.#isEager || this.#waiting.length > 0) this.#connect();
    });
  }

  #tell(what: (listener: NonNullable<Link["from"]["listener"]>) => void): void {
    this.#sender?.reach(() => {
      if (this.#link.from.listener !== undefined) what(this.#link.from.listener);
    });
  }

  /** Unless it has begun another life by then. */
  #later(delayMs: number, task: () => void): void {
    const life = this.#life;
    this.#network.scheduler.after(delayMs, () => {
      if (life === this.#life) task();
    });
  }
}
