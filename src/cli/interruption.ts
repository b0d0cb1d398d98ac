import { KvorumError } from "../base/errors.ts";
import { exitCodes } from "./failure.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Ctrl-C and its like, for work that tidies up behind itself. A second one ends the process as it is. */
export class Interruption {
  #hasCome = false;
  readonly #onSignal = (): void => {
    if (this.#hasCome) process.exit(exitCodes.failed);
    this.#hasCome = true;
    this.#onCome();
  };
  readonly #onCome: () => void;

  /** `onCome` is called once, and stops what would not come back to `check` by itself. */
  constructor(onCome: () => void = () => {}) {
    this.#onCome = onCome;
    for (const signal of signals) process.on(signal, this.#onSignal);
  }

  /** Throws where the work is to be given up. */
  check(): void {
    if (this.#hasCome) throw new KvorumError("ERR", "interrupted");
  }

  /** From now on a signal ends the process at once. */
  stop(): void {
    for (const signal of signals) process.off(signal, this.#onSignal);
  }
}
