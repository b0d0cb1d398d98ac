import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { requireProgram } from "../../test/programs.ts";
import { DataFolders } from "../data-folders.ts";
import { ask } from "../peers/ask.ts";
import { Cluster, type ClusterKind } from "../peers/cluster.ts";
import { etcdCall, etcdVoters } from "../peers/etcd-cluster.ts";
import { kvorumVoters } from "../peers/kvorum-cluster.ts";
import type { Protocol } from "./write-lane.ts";
import { WriteLoad } from "./write-load.ts";

const awayMs = 700;

const keysOfKvorum = async (port: number) => Number(await ask(port, "DBSIZE"));
const keysOfEtcd = async (port: number) => {
  const all = { key: "AA==", range_end: "AA==", count_only: true };
  return Number(((await etcdCall(port, "kv/range", all)) as { count: string }).count);
};

test("each client tells how long it waited for a member of kvorum that was away", () =>
  outlives("redis", kvorumVoters, keysOfKvorum));

test("the same of etcd", requireProgram("etcd"), () => outlives("etcd", etcdVoters, keysOfEtcd));

async function outlives(
  protocol: Protocol,
  kind: ClusterKind,
  keysIn: (port: number) => Promise<number>,
): Promise<void> {
  using folders = new DataFolders();
  await using cluster = await Cluster.start(kind, 1, () => folders.make());
  const [seat] = cluster.seats;
  using load = new WriteLoad({ protocol, ports: [seat!.port], clients: 3, paceMs: 2 });
  await load.goHome();
  await load.mark();
  assert.equal((await load.report()).errors, 0);
  await load.mark();
  await cluster.kill(seat!);
  await pause(awayMs);
  cluster.start(seat!);
  const waits = await load.report();
  assert.equal(waits.longestMs.length, 3);
  for (const ms of waits.longestMs) assert.ok(ms >= awayMs, `${ms} ms`);
  assert.ok(waits.errors >= 3, `${waits.errors} errors`);
  const acknowledged = await load.stop();
  assert.ok(acknowledged > 0);
  assert.equal(await keysIn(seat!.port), acknowledged);
}
