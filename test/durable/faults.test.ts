import assert from "node:assert/strict";
import { test } from "node:test";
import type { CrashKind } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { KvorumError } from "../../src/base/errors.ts";
import { DiskError } from "../../src/platform/disk.ts";
import { DurableRun, type TestClient } from "./durable-run.ts";

/**
 * One disk call fails, each in its turn, and the disk works again behind it. Whatever the node makes of that, what it
 * acknowledged is there after the machine stopped, and what it refused is not.
 */
const segmentBytes = 8_192;
const codes: readonly string[] = ["EIO", "ENOSPC"];
const crashes: readonly CrashKind[] = ["process", "all-lost", "all-kept"];

const count = 8;
const saves: readonly number[] = [3, 6];

/** What a client was told of its increments. */
class Told {
  acknowledged = 0;
  unknown = 0;

  async increment(client: TestClient, filler: string): Promise<void> {
    const reply = await client.call("MSET", "n", String(this.acknowledged + 1), "filler", filler);
    if (reply === "+OK\r\n") this.acknowledged++;
    else if (reply.startsWith("-UNKNOWN_OUTCOME ")) this.unknown++;
    else assert.match(reply, /^-MISCONF /);
  }
}

/** Starts a node and lets it work, as far as the disk allows. */
async function live(disk: SimDisk): Promise<Told> {
  const told = new Told();
  const run = await DurableRun.start(disk, { segmentBytes }).catch(refusedByDisk);
  if (run === undefined) return told;
  const client = run.client();
  for (let i = 1; i <= count; i++) {
    await told.increment(client, String(i).repeat(2_500));
    if (saves.includes(i)) await run.durable.save(true).catch(refusedByDisk);
  }
  await run.close().catch(refusedByDisk);
  return told;
}

/** A disk that fails is no corruption: whoever hears that would throw good data away. */
function refusedByDisk(error: unknown): undefined {
  if (error instanceof DiskError) return undefined;
  assert.ok(error instanceof KvorumError, String(error));
  assert.doesNotMatch(error.message, /corrupt|damaged|missing|not right|restore a backup/);
  return undefined;
}

async function valueAfter(disk: SimDisk): Promise<number> {
  const run = await DurableRun.start(disk, { segmentBytes });
  const reply = await run.client().call("GET", "n");
  run.die();
  return Number(/^\$\d+\r\n(\d+)/.exec(reply)?.[1] ?? 0);
}

for (const code of codes) {
  test(`a disk that fails once with ${code}, at any call, takes nothing back that was acknowledged`, async () => {
    let acknowledged = 0;
    let unknown = 0;
    for (let nth = 1; ; nth++) {
      const disk = new SimDisk({ seed: nth });
      disk.inject({ nth, code });
      const told = await live(disk);
      if (disk.calls < nth) break;
      acknowledged += told.acknowledged;
      unknown += told.unknown;
      for (const kind of crashes) {
        const found = await valueAfter(disk.afterCrash(kind));
        const { acknowledged: least } = told;
        assert.ok(
          found >= least && found <= least + told.unknown,
          `call ${nth}, ${kind}: ${found}, not ${least}`,
        );
      }
    }
    assert.ok(acknowledged > 100 && unknown > 5, `${acknowledged} acknowledged, ${unknown} unknown`);
  });

  test(`a start during which the disk fails once with ${code} serves everything or is refused, and the next serves`, async () => {
    const before = new SimDisk();
    const { acknowledged } = await live(before);
    assert.equal(acknowledged, count);
    let refused = 0;
    for (let nth = 1; ; nth++) {
      const disk = before.fork();
      disk.inject({ nth, code });
      const run = await DurableRun.start(disk, { segmentBytes }).catch(refusedByDisk);
      if (disk.calls < nth) break;
      const reply = await run?.client().call("GET", "n");
      // Who could not write its term cannot know that nobody else leads.
      if (reply === undefined || reply.startsWith("-CLUSTERDOWN the disk of this node failed")) refused++;
      else assert.match(reply, new RegExp(`\r\n${count}\r\n$`), `call ${nth}`);
      for (const kind of crashes)
        assert.equal(await valueAfter(disk.afterCrash(kind)), count, `call ${nth}, ${kind}`);
      run?.die();
    }
    assert.ok(refused > 5, `${refused} starts were refused`);
  });
}
