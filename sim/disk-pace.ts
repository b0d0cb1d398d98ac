import { assert } from "../src/base/assert.ts";
import type { DiskCall } from "../src/platform/disk.ts";
import type { Turns } from "./calls.ts";
import { type Delay, drawMs } from "./chance.ts";
import type { Prng } from "./prng.ts";
import type { SimProcess } from "./process.ts";

export interface DiskPaceOptions {
  readonly call: Delay;
  readonly sync: Delay;
}

/** When the calls of a node's disk are done, in simulated time. Outlives the processes, as the disk does. */
export class DiskPace implements Turns {
  /** Whose calls they are: completions wait while it is paused, and end with it. */
  process: SimProcess | undefined;
  /** Every sync takes so much longer: a disk that hangs. */
  extraSyncMs = 0;
  /** So does every other call. */
  extraCallMs = 0;
  readonly #random: Prng;
  readonly #options: DiskPaceOptions;

  constructor(random: Prng, options: DiskPaceOptions) {
    this.#random = random;
    this.#options = options;
  }

  nextTurn(task: () => void, call: DiskCall): void {
    this.#process.after(this.#drawMs(call), task);
  }

  after(delayMs: number, task: () => void): void {
    this.#process.after(delayMs, task);
  }

  get #process(): SimProcess {
    assert(this.process !== undefined, "a process uses the disk");
    return this.process;
  }

  #drawMs(call: DiskCall): number {
    const isSync = call === "sync" || call === "syncDirectory";
    return isSync
      ? drawMs(this.#random, this.#options.sync) + this.extraSyncMs
      : drawMs(this.#random, this.#options.call) + this.extraCallMs;
  }
}
