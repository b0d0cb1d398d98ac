import type { Trouble } from "./contract.ts";
import { failedInstalling, loading } from "./trouble.ts";

/**
 *     loading ─► starting ─► serving ⇄ installing
 *        └──────────────────────▲
 *
 * The engine has but a part of a state while it is loading, or installing what the leader has sent. One that votes alone is
 * starting until it has applied what was committed before.
 */
type Stage = "loading" | "starting" | "serving" | "installing";

/** What a member is able to answer, from three things that come and go without each other: its stage, a failure, its disk. */
export class Condition {
  /** What the disk has no room for. */
  shortage: Trouble | undefined;
  #stage: Stage = "loading";
  /** For good: why this takes part in nothing any more. */
  #failure: Trouble | undefined;

  get trouble(): Trouble | undefined {
    const failure = this.#failure;
    if (this.#stage === "serving") return failure ?? this.shortage;
    // Half of a state answers nothing, and what is being read here will never be whole.
    const isHalfForGood = this.#stage === "installing" && failure !== undefined && failure !== loading;
    return isHalfForGood ? failedInstalling : loading;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Nothing is to be read here. */
  get isLoading(): boolean {
    return this.#stage !== "serving" || this.#failure === loading;
  }

  get isStarting(): boolean {
    return this.#stage === "starting";
  }

  /** The engine has a whole state, if one of the past where somebody votes alone. */
  loaded(isAlone: boolean): void {
    this.#stage = isAlone && !this.hasFailed ? "starting" : "serving";
  }

  serves(): void {
    this.#stage = "serving";
  }

  installs(): void {
    this.#stage = "installing";
  }

  /** What was applied until now can be read. */
  fails(failure: Trouble): void {
    this.#failure = failure;
    if (this.#stage === "starting") this.#stage = "serving";
  }
}
