import assert from "node:assert/strict";
import { RawClient } from "./raw-client.ts";

/** A well-behaved client that works all the time: whatever others do, its replies are right and in time. */
export class Neighbour {
  /** Commands that were answered, each with the reply that it should have. */
  answered = 0;
  /** The longest that a reply has taken. */
  worstMs = 0;
  readonly #client: RawClient;
  readonly #key: string;
  readonly #work: Promise<void>;
  #isWorking = true;
  #onAnswer: () => void = () => {};

  private constructor(client: RawClient, key: string) {
    this.#client = client;
    this.#key = key;
    this.#work = this.#loop();
    // Told when the test asks for it.
    this.#work.catch(() => {});
  }

  static async moveIn(port: number, key: string = "neighbour"): Promise<Neighbour> {
    return new Neighbour(await RawClient.connect(port), key);
  }

  /** Resolves when it was answered so many times more. */
  async answeredAgain(times: number): Promise<void> {
    const wanted = this.answered + times;
    while (this.answered < wanted) {
      const answer = new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
      await Promise.race([this.#work, answer]);
    }
  }

  /** Stops. Throws if anything was wrong. */
  async moveOut(): Promise<void> {
    this.#isWorking = false;
    await this.#work;
    this.#client[Symbol.dispose]();
  }

  async #loop(): Promise<void> {
    for (let turn = 0; this.#isWorking; turn++) {
      const startMs = performance.now();
      const isWrite = turn % 2 === 0;
      const value = String(turn - (turn % 2));
      const reply = await (isWrite
        ? this.#client.call("SET", this.#key, value)
        : this.#client.call("GET", this.#key));
      assert.equal(reply, isWrite ? "OK" : value, "the neighbour noticed something");
      this.worstMs = Math.max(this.worstMs, performance.now() - startMs);
      this.answered++;
      this.#onAnswer();
    }
  }
}
