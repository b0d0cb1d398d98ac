import type { Duplex } from "node:stream";
import { SetBatch } from "./set-batch.ts";

const OK = "+OK\r\n";

export interface FillerOptions {
  readonly keysPerBatch: number;
  readonly batchesInFlight: number;
  readonly withDeadlines: boolean;
}

/**
 * Sets keys in sequence over one connection, with some batches on their way. A batch's bytes are used
 * again once its keys are acknowledged: then they were sent for certain.
 */
export class Filler {
  readonly #socket: Duplex;
  readonly #batches: readonly SetBatch[];
  /** Replies over and over, more than a chunk of a socket holds: what arrives is compared with a part of it. */
  readonly #expected: Buffer = Buffer.from(OK.repeat(20_000));
  #sentBatches = 0;
  #acknowledgedBytes = 0;
  /** Keys of each batch on its way, oldest first. */
  readonly #inFlight: number[] = [];
  #doneKeys = 0;

  constructor(socket: Duplex, options: FillerOptions, onAcknowledged: () => void) {
    const { keysPerBatch, batchesInFlight, withDeadlines } = options;
    this.#socket = socket;
    this.#batches = Array.from({ length: batchesInFlight }, () => new SetBatch(keysPerBatch, withDeadlines));
    socket.on("data", (chunk: Buffer) => {
      this.#receive(chunk);
      onAcknowledged();
    });
  }

  get acknowledgedKeys(): number {
    return Math.floor(this.#acknowledgedBytes / OK.length);
  }

  /** Whether another batch may be sent. */
  get hasRoom(): boolean {
    return this.#inFlight.length < this.#batches.length;
  }

  send(firstIndex: number, count: number): void {
    const batch = this.#batches[this.#sentBatches++ % this.#batches.length]!;
    this.#inFlight.push(count);
    this.#socket.write(batch.commands(firstIndex, count));
  }

  #receive(chunk: Buffer): void {
    const phase = this.#acknowledgedBytes % OK.length;
    if (!chunk.equals(this.#expected.subarray(phase, phase + chunk.length))) {
      throw new Error(`SET was answered with ${JSON.stringify(chunk.toString("latin1").slice(0, 200))}`);
    }
    this.#acknowledgedBytes += chunk.length;
    while (this.#inFlight.length > 0 && this.#doneKeys + this.#inFlight[0]! <= this.acknowledgedKeys) {
      this.#doneKeys += this.#inFlight.shift()!;
    }
  }
}
