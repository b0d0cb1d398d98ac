import { Prng } from "../../sim/prng.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { PagePool } from "../../src/engine/pages.ts";
import { encodeArguments } from "../../src/engine/transaction.ts";
import { DataDirectory } from "../../src/log/data-directory.ts";
import type { ClusterIdentity } from "../../src/log/identity.ts";
import { type Clock, systemClock, type Timer } from "../../src/platform/clock.ts";
import type { Disk } from "../../src/platform/disk.ts";
import { type Logger, silentLogger } from "../../src/platform/logger.ts";
import type { Random } from "../../src/platform/random.ts";
import { ReplyWriter } from "../../src/protocol/reply-writer.ts";
import { commandOf } from "../../src/protocol/spec/table.ts";
import { DONE, FULL, type Origin, type ReadMode, type Request } from "../../src/replica/contract.ts";
import { Durable, type DurableOptions } from "../../src/replica/durable.ts";

export interface RunOptions extends Partial<DurableOptions> {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly nodeId?: string;
  /** What a new directory shares with the other members. */
  readonly identity?: ClusterIdentity;
  /** All that the engine may take. */
  readonly pages?: PagePool;
  readonly logger?: Logger;
  /** "/data" by default. */
  readonly directory?: string;
}

const usualOptions: DurableOptions = { fsync: "always", snapshotLogBytes: 0 };

/** A durable member without a server: its data is on any disk, and it can die at any moment. */
export class DurableRun {
  readonly engine: Engine;
  readonly durable: Durable;
  readonly clock: Clock;

  private constructor(engine: Engine, durable: Durable, clock: Clock) {
    this.engine = engine;
    this.durable = durable;
    this.clock = clock;
  }

  /** Recovers from what is on the disk, and serves. Rejects where that is refused. */
  static async start(disk: Disk, options: RunOptions = {}): Promise<DurableRun> {
    const { clock = new MortalClock(), random = new Prng(1), logger = silentLogger } = options;
    const directory = await DataDirectory.open({
      disk,
      directory: options.directory ?? "/data",
      nodeId: options.nodeId ?? "n1",
      cluster: options.identity,
      clock,
      random,
      logger,
    });
    const engine = new Engine(directory.identity.hashKey, options.pages);
    const durable = new Durable(engine, directory, clock, logger, { ...usualOptions, ...options });
    const run = new DurableRun(engine, durable, clock);
    await durable.start();
    return run;
  }

  /** A client that sends one command at a time. */
  client(): TestClient {
    return new TestClient(this.durable);
  }

  close(saves: boolean = false): Promise<void> {
    return this.durable.close(saves);
  }

  /** Ends as a process does that is killed: nothing of it runs any more. */
  die(): void {
    (this.clock as MortalClock).die();
  }
}

/** Sends commands to a member, as a connection would. */
export class TestClient implements Origin {
  readonly out: ReplyWriter = new ReplyWriter();
  isGone = false;
  isWaiting = false;
  /** The database that commands are for, and how they want to be carried out. */
  db = 0;
  readMode: ReadMode = "linearizable";
  writeQuorum = 0;
  readonly #durable: Durable;
  #request: Request | undefined;
  #resolve: (reply: string) => void = () => {};

  constructor(durable: Durable) {
    this.#durable = durable;
  }

  /** Resolves with the reply in RESP, in a later turn; never, where the member dies before it answers. */
  async call(...words: readonly (string | Buffer)[]): Promise<string> {
    const reply = await this.#send(words);
    await new Promise((resolve) => setImmediate(resolve));
    return reply;
  }

  #send(words: readonly (string | Buffer)[]): Promise<string> {
    const args = encodeArguments(words.map((word) => Buffer.from(word as string)));
    const command = commandOf(args);
    const { db, readMode, writeQuorum } = this;
    this.#request = {
      command,
      args,
      origin: this,
      ...{ db, readMode, readQuorum: 0, readLagMs: 0, writeQuorum },
    };
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.drain();
    });
  }

  drain(): void {
    const verdict = this.#durable.member.submit(this.#request!);
    if (verdict === FULL) return;
    if (verdict === DONE) this.#answer();
    else this.isWaiting = true;
  }

  settled(count: number): void {
    if (count === 0) return;
    this.isWaiting = false;
    this.#answer();
  }

  perform(): void {
    this.out.ok();
  }

  #answer(): void {
    const reply = this.out.buffer.toString("latin1", 0, this.out.length);
    this.out.truncate(0);
    this.#resolve(reply);
  }
}

/** The system's clock, as a process has it: its timers and turns end with it. Wall time can be moved. */
export class MortalClock implements Clock {
  #isAlive = true;
  #offsetMs = 0;
  readonly #timers: Timer[] = [];

  wallMs(): number {
    return systemClock.wallMs() + this.#offsetMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  after(delayMs: number, task: () => void): Timer {
    return this.#keep(systemClock.after(delayMs, () => this.#isAlive && task()));
  }

  every(intervalMs: number, task: () => void): Timer {
    return this.#keep(systemClock.every(intervalMs, () => this.#isAlive && task()));
  }

  nextTurn(task: () => void): void {
    systemClock.nextTurn(() => this.#isAlive && task());
  }

  jump(ms: number): void {
    this.#offsetMs += ms;
  }

  die(): void {
    this.#isAlive = false;
    for (const timer of this.#timers) timer.cancel();
  }

  #keep(timer: Timer): Timer {
    this.#timers.push(timer);
    return timer;
  }
}
