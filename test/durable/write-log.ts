import assert from "node:assert/strict";
import { Prng } from "../../sim/prng.ts";
import { writeBatchTime } from "../../src/engine/batch.ts";
import { DataDirectory } from "../../src/log/data-directory.ts";
import { entryKinds } from "../../src/log/entry.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk-system.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";

type Words = readonly (string | Buffer)[];

/** Makes the data directory of node n1, whose log holds these entries. */
export async function writeLog(directory: string, payloads: Iterable<Buffer>): Promise<void> {
  const parts = { disk: systemDisk, clock: systemClock, random: new Prng(1), logger: silentLogger };
  const node = await DataDirectory.open({ ...parts, directory, nodeId: "n1" });
  const log = await node.openLog({
    fsync: "interval",
    base: { term: 0, index: 0 },
    onStable() {},
    onFailed: (error) => assert.fail(error),
  });
  const term = (await node.hardState()).term + 1;
  await node.saveHardState({ term, vote: "n1", commit: 0 });
  for (const payload of payloads) {
    log.append({ term, index: log.lastIndex + 1, kind: entryKinds.commands, payload });
    if (log.isFull) await log.sync();
  }
  await log.close();
  await node.close();
}

/** An entry of these commands, as a node makes it that is offered all of them at once. */
export function batchOf(commands: Iterable<Words>): Buffer {
  const time = Buffer.alloc(8);
  writeBatchTime(time, 1_700_000_000_000);
  const parts: Buffer[] = [time];
  for (const words of commands) parts.push(Buffer.from([0]), encodeRequest(words));
  return Buffer.concat(parts);
}

/** The largest entry of small commands: keys "PREFIX:0", "PREFIX:1" … */
export function batchOfMany(prefix: string): Buffer {
  return batchOf(Array.from({ length: manyCommands }, (_, i) => ["SET", `${prefix}:${i}`, "v"]));
}

/** About 1 MiB: limits.batchBytesMax. */
export const manyCommands = 26_000;
