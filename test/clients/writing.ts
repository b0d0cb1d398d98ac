/** A client of a cluster as a test uses it: plain or cluster-aware, of whatever library. */
export interface WritingClient {
  readonly name: string;
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | null>;
  close(): void;
  /** What its library hands to the caller when a leader dies; such a write is called again. Absent: nothing is. */
  readonly mayFail?: RegExp;
}

const pauseMs = 10;

/**
 * Writes one key after the other, as an application does, and remembers what was acknowledged and how long it took.
 * Begins at once; ends with `stop`.
 */
export class Writing {
  readonly client: WritingClient;
  acknowledged = 0;
  /** Errors that nobody has to expect. */
  readonly errors: string[] = [];
  /** Errors that the library hands out by its nature. */
  failures = 0;
  longestMs = 0;
  readonly #run: Promise<void>;
  #isOver = false;

  constructor(client: WritingClient) {
    this.client = client;
    this.#run = this.#write();
  }

  /** Resolves when so many more writes were acknowledged. */
  async goesOn(count: number): Promise<void> {
    const goal = this.acknowledged + count;
    while (this.acknowledged < goal && this.errors.length === 0) await pause();
  }

  /** Ends, and tells which acknowledged writes cannot be read any more. */
  async stop(): Promise<string[]> {
    this.#isOver = true;
    await this.#run;
    const lost: string[] = [];
    for (let i = 0; i < this.acknowledged; i++) {
      const key = this.#key(i);
      if ((await this.client.get(key)) !== String(i)) lost.push(key);
    }
    return lost;
  }

  async #write(): Promise<void> {
    while (!this.#isOver && this.errors.length === 0) {
      const since = performance.now();
      if (!(await this.#acknowledges(this.acknowledged))) break;
      this.longestMs = Math.max(this.longestMs, performance.now() - since);
      this.acknowledged++;
      await pause();
    }
  }

  async #acknowledges(number: number): Promise<boolean> {
    for (;;) {
      try {
        await this.client.set(this.#key(number), String(number));
        return true;
      } catch (error) {
        const text = error instanceof Error ? `${error.constructor.name} ${error.message}` : String(error);
        if (this.client.mayFail?.test(text) !== true) {
          this.errors.push(text);
          return false;
        }
        this.failures++;
        await pause();
      }
    }
  }

  #key(number: number): string {
    return `${this.client.name}:${number}`;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}
