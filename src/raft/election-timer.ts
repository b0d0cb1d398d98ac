import { reached } from "../base/reached.ts";
import type { Config } from "./config.ts";

/**
 * When to ask for votes. The timeout is drawn anew for each attempt (paper 5.2), so that members which once
 * collided do not collide for ever.
 *
 * It begins again only for the leader's word, a granted vote and an own attempt (paper 5.2): whatever else made it
 * begin again could keep a member silent for ever.
 */
export class ElectionTimer {
  readonly #config: Config;
  #elapsed = 0;
  #timeout: number;
  /** How far short timeouts reach while the leader is known to be gone; 0: the usual ones. */
  #hurry = 0;

  constructor(config: Config) {
    this.#config = config;
    this.#timeout = this.#usual();
  }

  /** Whether the timeout is over. */
  tick(elapsed: number): boolean {
    if (elapsed > this.#config.electionTicksMin) reached("slept-through-timeout");
    // A process that did not run has not listened either: its leader gets the time of a heartbeat to be heard.
    this.#elapsed += Math.min(elapsed, this.#config.heartbeatTicks);
    return this.#elapsed >= this.#timeout;
  }

  /** The leader was heard, or a vote was given away. */
  restart(): void {
    this.#hurry = 0;
    this.#begin(this.#usual());
  }

  /** An attempt begins: time for its answers, and to try again. */
  restartForAttempt(): void {
    if (this.#hurry === 0) {
      this.restart();
      return;
    }
    this.#begin(this.#config.refusedTicksMax + this.#below(this.#hurry));
    this.#hurry = 2 * this.#hurry < this.#config.electionTicksMin ? 2 * this.#hurry : 0;
  }

  /** The leader's process is gone: nothing is worth waiting for, but two members should not begin at once. */
  hurry(): void {
    this.#hurry = 2 * this.#config.refusedTicksMax;
    this.#begin(this.#below(this.#config.refusedTicksMax));
  }

  #begin(timeout: number): void {
    this.#elapsed = 0;
    this.#timeout = timeout;
  }

  #usual(): number {
    const { electionTicksMin, electionTicksMax } = this.#config;
    return electionTicksMin - 1 + this.#below(electionTicksMax - electionTicksMin);
  }

  /** 1 to `most`. */
  #below(most: number): number {
    return 1 + this.#config.random(most);
  }
}
