import assert from "node:assert/strict";
import { test } from "node:test";
import { requireProgram } from "../../test/programs.ts";
import { DataFolders } from "../data-folders.ts";
import { Cluster } from "../peers/cluster.ts";
import { etcdCall, etcdVoters } from "../peers/etcd-cluster.ts";
import { kvorumVoters } from "../peers/kvorum-cluster.ts";
import { closedLoad } from "./closed-load.ts";
import { fill } from "./fill.ts";
import { keyOf } from "./set-batch.ts";

test(
  "etcd takes a load: each key is there, and reads of keys that are missing fail",
  requireProgram("etcd"),
  async () => {
    using folders = new DataFolders();
    await using etcd = await Cluster.start(etcdVoters, 1, () => folders.make());
    const { port } = await etcd.leader();
    const target = { ports: [port], pids: etcd.pids };
    const written = await closedLoad(target, {
      ...({ protocol: "etcd", command: "put", connections: 4, keys: 300, requests: 300 } as const),
      inSequence: true,
    });
    assert.ok(written.opsPerSecond > 0);
    assert.ok(written.latencyMs.p50 > 0 && written.latencyMs.p50 <= written.latencyMs.max);
    const key = Buffer.from(keyOf(299)).toString("base64");
    const { kvs } = (await etcdCall(port, "kv/range", { key })) as { kvs: { value: string }[] };
    assert.equal(Buffer.from(kvs[0]!.value, "base64").toString(), "x".repeat(64));
    const load = { protocol: "etcd", connections: 2, requests: 100 } as const;
    for (const command of ["get", "stale-get"] as const) {
      await closedLoad(target, { ...load, command, keys: 300 });
      const beyond = closedLoad(target, { ...load, command, keys: 1_000_000 });
      await assert.rejects(beyond, /a key does not exist/);
    }
  },
);

test("so does kvorum, for reads from all its members", async () => {
  using folders = new DataFolders();
  await using cluster = await Cluster.start(kvorumVoters, 3, () => folders.make());
  await fill(await cluster.leader(), { from: 0, to: 300 });
  const target = { ports: cluster.seats.map(({ port }) => port), pids: cluster.pids };
  const load = { protocol: "redis", connections: 6, requests: 300 } as const;
  await closedLoad(target, { ...load, command: "get", keys: 300 });
  const { opsPerSecond } = await closedLoad(target, { ...load, command: "stale-get", keys: 300 });
  assert.ok(opsPerSecond > 0);
  const beyond = closedLoad(target, { ...load, command: "get", keys: 1_000_000 });
  await assert.rejects(beyond, /GET was answered with \$-1/);
});
