import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiskFile } from "../src/platform/disk.ts";
import { drawKnobs } from "./knobs.ts";
import type { Platform, SimMachine } from "./machine.ts";
import { calmNetwork } from "./network.ts";
import { Prng } from "./prng.ts";
import { SimWorld } from "./world.ts";

const disk = { call: { minMs: 0.1, meanMs: 0.2 }, sync: { minMs: 1, meanMs: 2 } };

/** A machine whose program hands out what it is given. */
async function running(
  seed = 1,
): Promise<{ world: SimWorld; machine: SimMachine; lives: Platform[]; deaths: number[] }> {
  const world = new SimWorld(new Prng(seed), { ...drawKnobs(new Prng(1)), network: calmNetwork, disk });
  const lives: Platform[] = [];
  const deaths: number[] = [];
  const machine = world.add("n1", (platform) => {
    lives.push(platform);
    return () => deaths.push(lives.length);
  });
  machine.start();
  await world.scheduler.run(1);
  return { world, machine, lives, deaths };
}

/** Writes a text, synced or not, and says so. */
async function write(
  platform: Platform,
  text: string,
  isSynced: boolean,
  done: (step: string) => void,
): Promise<void> {
  const file: DiskFile = await platform.disk.open("/file", { mode: "create" });
  await platform.disk.syncDirectory("/");
  file.write([Buffer.from(text)], 0, () => {
    done("written");
    if (isSynced) file.sync(() => done("synced"));
  });
}

test("calls of a disk take simulated time, and a hanging sync as long as it hangs", async () => {
  const { world, machine, lives } = await running();
  const steps: [string, number][] = [];
  machine.pace.extraSyncMs = 30_000;
  void write(lives[0]!, "text", true, (step) => steps.push([step, world.scheduler.nowMs]));
  await world.scheduler.run(30_020);
  machine.pace.extraSyncMs = 0;
  await world.scheduler.run(60_000);
  assert.deepEqual(
    steps.map(([step]) => step),
    ["written"],
  );
  await world.scheduler.run(60_100);
  const [written, synced] = steps.map(([, atMs]) => atMs);
  // The directory was synced before the file.
  assert.ok(written! > 30_001 && written! < 30_020 && synced! > 60_001, `${steps}`);
});

test("another process finds what the disk kept, and nothing returns to the dead one", async () => {
  for (const isSynced of [true, false]) {
    const { world, machine, lives, deaths } = await running();
    const steps: string[] = [];
    void write(lives[0]!, "text", isSynced, (step) => steps.push(step));
    await world.scheduler.runUntil(() => steps.at(-1) === (isSynced ? "synced" : "written"), 1_000);
    lives[0]!.disk.freeBytes("/").then(() => assert.fail("it returned to a dead process"), assert.fail);
    machine.crash("all-lost", { isMachineOn: true });
    assert.deepEqual(deaths, [1]);
    machine.start();
    let size: number | undefined;
    void lives[1]!.disk.open("/file", { mode: "read" }).then(async (file) => {
      size = await file.size();
    });
    await world.scheduler.run(2_000);
    assert.equal(size, isSynced ? 4 : 0);
  }
});

test("completions wait while the process is paused", async () => {
  const { world, machine, lives } = await running();
  const steps: string[] = [];
  void write(lives[0]!, "text", true, (step) => steps.push(step));
  machine.pause();
  await world.scheduler.run(10_000);
  assert.deepEqual(steps, []);
  machine.resume();
  await world.scheduler.run(10_100);
  assert.deepEqual(steps, ["written", "synced"]);
});

test("clocks and skew stay with the machine", async () => {
  const { world, machine, lives } = await running();
  machine.time.jumpWall(-5_000);
  const wallMs = lives[0]!.clock.wallMs();
  machine.crash("process", { isMachineOn: true });
  machine.start();
  await world.scheduler.run(1);
  assert.equal(lives[1]!.clock.wallMs(), wallMs);
  assert.equal(lives[1]!.clock.monotonicMs(), 0);
});

test("who is crashed while it is suspended does not leave its clock standing", async () => {
  const { world, machine, lives } = await running();
  machine.suspend();
  await world.scheduler.run(100);
  machine.crash("all-kept", { isMachineOn: false });
  machine.start();
  await world.scheduler.run(200);
  assert.ok(lives[1]!.clock.monotonicMs() > 80);
});
