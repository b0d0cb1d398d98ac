import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CrashKind, crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { Life, type Promised } from "../../test/log-life.ts";
import { hardPayloads, sparse } from "../../test/log-shapes.ts";
import type { DiskCall } from "../platform/disk.ts";
import { DiskError } from "../platform/disk.ts";

/** A short life with everything in it: groups, rolls, large records, truncation, snapshots, compaction, resets. */
async function shortLife(life: Life): Promise<void> {
  await life.open();
  life.append(sparse(10));
  life.append(sparse(600, [3, 1]), sparse(0), sparse(40));
  await life.log.settled();
  life.append(sparse(900), Buffer.alloc(1000, "x"), sparse(448));
  life.overwrite(2, sparse(77));
  await life.log.settled();
  life.log.clock.move(1000);
  life.append(sparse(5), Buffer.alloc(6000, "larger than a segment"), sparse(5));
  await life.log.settled();
  life.snapshot();
  life.overwrite(3, sparse(9));
  await life.compact(2);
  life.append(sparse(300), sparse(300), sparse(300), sparse(300));
  await life.log.wal.close();
  await life.open();
  life.append(sparse(10));
  life.reset(5);
  life.append(sparse(20), sparse(2000), sparse(20));
  await life.log.settled();
  life.snapshot();
  life.append(sparse(200));
  await life.compact(0);
  life.append(sparse(1));
  await life.log.settled();
}

/** What a crash left, and what had been promised by then. */
interface Crash {
  readonly what: string;
  readonly kind: CrashKind;
  readonly after: SimDisk;
  readonly promised: Promised;
}

/** Every kind of crash at each call of a life. */
async function crashesOf(fsync: "always" | "interval", seeds: number): Promise<Crash[]> {
  const disk = new SimDisk();
  const life = new Life(disk, fsync);
  const crashes: Crash[] = [];
  disk.onCall = (number, call, path) => {
    for (const kind of crashKinds) {
      const isChance = kind === "subset" || kind === "torn";
      for (let seed = 1; seed <= (isChance ? seeds : 1); seed++) {
        const what = `${kind}, seed ${seed}, at call ${number}: ${call} ${path}`;
        crashes.push({ what, kind, after: disk.afterCrash(kind, { seed }), promised: life.promised() });
      }
    }
  };
  await shortLife(life);
  return crashes;
}

for (const fsync of ["always", "interval"] as const) {
  test(`fsync ${fsync}: after a crash at any call, all that was promised is there, and the log goes on`, async () => {
    const crashes = await crashesOf(fsync, 3);
    assert.ok(crashes.length > 1000);
    for (const { what, kind, after, promised } of crashes) {
      const next = new Life(after, fsync);
      next.crashed(after, kind, promised);
      await next.open().catch((error) => assert.fail(`${what}: ${error}`));
      next.append(sparse(3), sparse(700));
      await next.log.wal.close();
      await next.open();
      await next.compare(1000);
      await next.log.wal.close();
    }
  });
}

type Step =
  | { do: "append"; payloads: number[] }
  | { do: "overwrite"; count: number; payload: number }
  | { do: "settle" | "tick" | "snapshot" | "reopen" }
  | { do: "compact" | "compare" | "reset"; count: number }
  | { do: "crash"; kind: CrashKind; calls: number }
  | { do: "fail"; call: DiskCall; calls: number };

/** Named by numbers: a failure must be readable. */
const shapes = [...hardPayloads, Buffer.alloc(3000, "large")];
const payload = fc.nat(shapes.length - 1);
const payloads = fc.array(payload, { minLength: 1, maxLength: 5 });
const calls = fc.nat(25);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("append"), payloads }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("overwrite"), count: fc.nat(8), payload }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("settle", "tick", "snapshot") }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("compact", "compare", "reset"), count: fc.nat(4) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen") }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("crash"), kind: fc.constantFrom(...crashKinds), calls }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fail"),
      call: fc.constantFrom("write", "sync", "rename", "open"),
      calls,
    }),
  },
) as fc.Arbitrary<Step>;

/** Lives one after the other: each ends with a crash, and the next one goes on with what that left. */
class Lives {
  readonly life: Life;
  /** Resolves when the process dies. */
  #death: Promise<void> = new Promise(() => {});
  /** What the dead process had promised. */
  #will: { after: SimDisk; kind: CrashKind; promised: Promised } | undefined;

  constructor(seed: number, fsync: "always" | "interval") {
    this.life = new Life(new SimDisk({ seed }), fsync);
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.#begin();
    for (const each of steps) await this.#survive(() => this.#perform(each));
    this.#die("all-lost");
    await this.#begin();
    await this.life.compare(1000);
  }

  /** Does something, and goes on with the next process if this one dies at it. */
  async #survive(task: () => Promise<void> | void): Promise<void> {
    await Promise.race([this.#attempt(task), this.#death]);
    if (this.#will === undefined && this.life.isFailed) this.#die("process");
    if (this.#will !== undefined) await this.#begin();
  }

  /** A failed disk ends the process, if it fails at the start. */
  async #attempt(task: () => Promise<void> | void): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.#die("process");
    }
  }

  #die(kind: CrashKind): void {
    if (this.#will !== undefined) return;
    const { life } = this;
    this.#will = { kind, promised: life.promised(), after: life.disk.crash(kind) };
  }

  async #begin(): Promise<void> {
    do {
      const will = this.#will;
      if (will !== undefined) this.life.crashed(will.after, will.kind, will.promised);
      this.#will = undefined;
      this.#death = new Promise(() => {});
      await this.#attempt(() => this.life.open());
    } while (this.#will !== undefined);
  }

  async #perform(step: Step): Promise<void> {
    const { life } = this;
    if (step.do === "append") life.append(...step.payloads.map((shape) => shapes[shape]!));
    if (step.do === "overwrite") life.overwrite(step.count, shapes[step.payload]!);
    if (step.do === "settle") await life.log.settled();
    if (step.do === "tick") life.log.clock.move(1000);
    if (step.do === "snapshot") life.snapshot();
    if (step.do === "compact") await life.compact(step.count);
    if (step.do === "compare") await life.compare(200 * step.count);
    if (step.do === "reset") life.reset(step.count + 1);
    if (step.do === "crash") this.#dieSoon(step.kind, step.calls);
    if (step.do === "fail") life.disk.inject({ call: step.call, nth: step.calls + 1, code: "EIO" });
    if (step.do === "reopen") {
      await life.log.wal.close();
      await life.open();
    }
  }

  #dieSoon(kind: CrashKind, calls: number): void {
    const { disk } = this.life;
    const last = disk.calls + calls + 1;
    this.#death = new Promise((resolve) => {
      disk.onCall = (number) => {
        if (number < last) return;
        this.#die(kind);
        resolve();
      };
    });
  }
}

for (const fsync of ["always", "interval"] as const) {
  test(`fsync ${fsync}: lives with crashes and failures in any order lose nothing that was promised`, async () => {
    const steps = fc.array(step, { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.nat(), steps, (seed, list) => new Lives(seed, fsync).run(list)),
      { numRuns: 400 },
    );
  });
}
