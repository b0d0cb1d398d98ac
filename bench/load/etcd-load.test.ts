import assert from "node:assert/strict";
import { test } from "node:test";
import { requireProgram } from "../../test/programs.ts";
import { DataFolders } from "../data-folders.ts";
import { Cluster } from "../peers/cluster.ts";
import { etcdCall, etcdVoters } from "../peers/etcd-cluster.ts";
import { etcdLoad } from "./etcd-load.ts";
import { keyOf } from "./set-batch.ts";

test(
  "etcd takes a load: each key is there, and reads of keys that are missing fail",
  requireProgram("etcd"),
  async () => {
    using folders = new DataFolders();
    await using etcd = await Cluster.start(etcdVoters, 1, () => folders.make());
    const { port } = await etcd.leader();
    const target = { ports: [port], pids: etcd.pids };
    const written = await etcdLoad(target, {
      ...({ command: "put", connections: 4, keys: 300, requests: 300 } as const),
      inSequence: true,
    });
    assert.ok(written.opsPerSecond > 0);
    assert.ok(written.latencyMs.p50 > 0 && written.latencyMs.p50 <= written.latencyMs.max);
    const key = Buffer.from(keyOf(299)).toString("base64");
    const { kvs } = (await etcdCall(port, "kv/range", { key })) as { kvs: { value: string }[] };
    assert.equal(Buffer.from(kvs[0]!.value, "base64").toString(), "x".repeat(64));
    for (const command of ["get", "stale-get"] as const) {
      await etcdLoad(target, { command, connections: 2, keys: 300, requests: 100 });
      const beyond = etcdLoad(target, { command, connections: 2, keys: 1_000_000, requests: 100 });
      await assert.rejects(beyond, /a key does not exist/);
    }
  },
);
