import assert from "node:assert/strict";
import { test } from "node:test";
import { redis, startRedis } from "../../../test/redis-server.ts";
import { late, local } from "../../../test/server/conversation.ts";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { converse, testBesideRedis } from "../../../test/server-harness.ts";
import { version } from "../../base/version.ts";

testBesideRedis({
  "INFO of sections that are the same everywhere": [
    "set k v",
    "set t v px 1000000",
    "select 2",
    "set k v",
    "info cluster",
    "info nonsense",
    "info keyspace CLUSTER nonsense cluster",
    "info modules",
    "del k",
    "select 0",
    "del k t",
    "info keyspace",
  ],
});

/** The fields of a reply to INFO. */
function fieldsOf(reply: unknown): Map<string, string> {
  const lines = String(reply)
    .split("\r\n")
    .filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

function titlesOf(reply: unknown): string[] {
  return [...String(reply).matchAll(/# (\w+)\r\n/g)].map((match) => match[1]!);
}

test("INFO has its sections in Redis' order, whatever was asked for first", async () => {
  await using node = await LiveServer.start();
  using client = await RawClient.connect(node.port);
  const usual =
    "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace".split(" ");
  const all = usual.toSpliced(8, 0, "Commandstats");
  assert.deepEqual(titlesOf(await client.call("info")), usual);
  assert.deepEqual(titlesOf(await client.call("info", "default")), usual);
  assert.deepEqual(titlesOf(await client.call("info", "all")), all);
  assert.deepEqual(titlesOf(await client.call("info", "EVERYTHING", "cpu")), all);
  assert.deepEqual(titlesOf(await client.call("info", "commandstats", "default")), all);
  assert.deepEqual(titlesOf(await client.call("info", "memory", "nonsense", "SERVER")), ["Server", "Memory"]);
});

test("INFO holds what clients and tools read", async () => {
  await using node = await LiveServer.start({ maxclients: 55, maxmemoryBytes: 3 * 1024 ** 3 });
  using client = await RawClient.connect(node.port);
  const fields = fieldsOf(await client.call("info"));
  const expected: Record<string, string | RegExp> = {
    redis_version: "7.0.15",
    kvorum_version: version,
    redis_mode: "standalone",
    os: /^\w+ \S+ \w+$/,
    arch_bits: "64",
    process_id: String(process.pid),
    run_id: /^[0-9a-f]{40}$/,
    node_id: "n1",
    tcp_port: String(node.port),
    uptime_in_seconds: /^\d+$/,
    uptime_in_days: "0",
    connected_clients: "1",
    maxclients: "55",
    blocked_clients: "0",
    used_memory: /^\d+$/,
    used_memory_human: /^\d+(\.\d\d)?[BKMG]$/,
    used_memory_rss: /^\d{8,}$/,
    used_memory_peak: /^\d+$/,
    maxmemory: String(3 * 1024 ** 3),
    maxmemory_human: "3.00G",
    maxmemory_policy: "noeviction",
    mem_clients_normal: /^\d{4,}$/,
    mem_not_counted_for_evict: /^\d{4,}$/,
    client_recent_max_input_buffer: "0",
    client_recent_max_output_buffer: "0",
    mem_fragmentation_ratio: /^\d+\.\d\d$/,
    loading: "0",
    aof_enabled: "0",
    rdb_bgsave_in_progress: "0",
    rdb_last_bgsave_status: "ok",
    evicted_keys: "0",
    role: "master",
    connected_slaves: "0",
    master_replid: /^[0-9a-f]{40}$/,
    used_cpu_user: /^\d+\.\d{6}$/,
    used_cpu_sys: /^\d+\.\d{6}$/,
    cluster_enabled: "0",
    eventloop_delay_max_ms: /^\d+\.\d\d$/,
  };
  for (const [name, value] of Object.entries(expected)) {
    const found = fields.get(name) ?? "(absent)";
    if (typeof value === "string") assert.equal(found, value, name);
    else assert.match(found, value, name);
  }
});

test("INFO counts connections, commands, bytes, errors and expired keys, and RESETSTAT begins anew", async () => {
  await using node = await LiveServer.start({ maxclients: 2 });
  using client = await RawClient.connect(node.port);
  await client.call("get", "k");
  await client.call("set", "k", "v", "px", "1");
  await client.call("nonsense");
  await client.call("incr", "k", "x");
  await client.call("exec");
  await client.call("hello", "9");
  let stats = fieldsOf(await client.call("info", "all"));
  while (stats.get("expired_keys") !== "1") stats = fieldsOf(await client.call("info", "all"));
  assert.equal(stats.get("total_connections_received"), "1");
  assert.equal(stats.get("total_error_replies"), "4");
  assert.equal(stats.get("errorstat_ERR"), "count=3");
  assert.equal(stats.get("errorstat_NOPROTO"), "count=1");
  assert.match(
    stats.get("cmdstat_get")!,
    /^calls=1,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=0$/,
  );
  assert.match(
    stats.get("cmdstat_incr")!,
    /^calls=0,usec=0,usec_per_call=0\.00,rejected_calls=1,failed_calls=0$/,
  );
  assert.ok(Number(stats.get("total_net_input_bytes")) >= 100);
  assert.ok(Number(stats.get("total_net_output_bytes")) >= 100);
  const second = await RawClient.connect(node.port);
  assert.equal(await second.call("ping"), "PONG");
  const third = await RawClient.connect(node.port);
  third.send("*1\r\n$4\r\nPING\r\n");
  assert.deepEqual((await third.rest()).replies, ["-ERR max number of clients reached"]);
  assert.equal(fieldsOf(await client.call("info", "stats")).get("rejected_connections"), "1");
  await client.call("config", "resetstat");
  stats = fieldsOf(await client.call("info", "all"));
  assert.equal(stats.get("total_commands_processed"), "1");
  for (const name of [
    "total_connections_received",
    "total_error_replies",
    "expired_keys",
    "rejected_connections",
  ]) {
    assert.equal(stats.get(name), "0", name);
  }
  assert.equal(stats.has("errorstat_ERR"), false);
  second.socket.destroy();
});

/** What clients did, and were answered, as INFO tells it. */
const countedConversations: Readonly<Record<string, readonly string[]>> = {
  "commands that succeed, that fail, and that are refused": [
    "set k v",
    "incr k",
    "get k",
    "set k",
    "set k v nonsense",
    "nonsense",
    "client setname a",
    'client setname "a b"',
    "client nonsense",
    "select 99",
    "keys *",
    "exec",
    "discard",
  ],
  "transactions: EXEC and each command in it": [
    "multi",
    "set k v",
    "incr k",
    "ping",
    "select 99",
    "exec",
    "multi",
    "multi",
    "nonsense",
    "get",
    "set k v",
    "exec",
    "multi",
    "set k v",
    "discard",
    "watch k",
    "set k 2",
    "multi",
    "set k 3",
    "exec",
    "multi",
    "watch k",
    "exec",
    "exec now",
    "unwatch",
  ],
  "keys that are there, and that are not": [
    "set k v",
    ...[
      ...["get", "strlen", "type", "ttl", "pttl", "expiretime", "pexpiretime", "getdel", "getex"],
      ...["object encoding", "object refcount", "object idletime", "memory usage", "incr", "del", "unlink"],
      ...["persist", "keys", "watch", "incrbyfloat", "decr"],
    ].flatMap((command) => [`${command} k`, `${command} x`, "del x", "set k v"]),
    "mget k x k",
    "exists k x k",
    "touch k x",
    "getrange k 0 1",
    "getrange x 0 1",
    "getrange x a b",
    "substr k 0 1",
    "getset k v",
    "getset x v",
    "del x",
    "set k v get",
    "set x v get",
    "set x v nx get",
    "set k v nx",
    "set k v xx",
    "del x",
    "setnx k v",
    "append k v",
    "setrange k 0 v",
    "lcs k x",
    "copy k l",
    "copy k l",
    "copy k l replace",
    "copy x l",
    "rename k m",
    "rename x m",
    "renamenx m l",
    "move m 1",
    "expire l 1000",
    "getex l ex 1000",
    "multi",
    "get l",
    "get x",
    "exec",
    "randomkey",
    "scan 0",
    "dbsize",
    "flushall",
  ],
};

/** Calls, refusals and failures of each command, and the sums of them. */
async function countsAfter(port: number, lines: readonly string[]): Promise<Map<string, string>> {
  await converse(port, ["config resetstat", ...lines]);
  using client = await RawClient.connect(port);
  const fields = fieldsOf(await client.call("info", "everything"));
  const isCounted = /^(?:cmdstat_|errorstat_|keyspace_|total_commands_processed|total_error_replies)/;
  return new Map(
    [...fields]
      .filter(([name]) => isCounted.test(name))
      .map(([name, value]) => [name, value.replace(/,?usec(?:_per_call)?=[\d.]+/g, "")] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

for (const [what, lines] of Object.entries(countedConversations)) {
  test(`INFO counts as Redis does: ${what}`, redis, async () => {
    await using theirs = await startRedis();
    const expected = await countsAfter(theirs.port, lines);
    for (const makeReplica of [local, late(4)]) {
      await using ours = await LiveServer.start({}, makeReplica);
      assert.deepEqual(await countsAfter(ours.port, lines), expected);
    }
  });
}

test("keys that a client has read count on when it has left", async () => {
  await using node = await LiveServer.start();
  using client = await RawClient.connect(node.port);
  await converse(node.port, ["set k v", "get k", "get k", "get x"]);
  const fields = fieldsOf(await client.call("info", "stats"));
  assert.deepEqual([fields.get("keyspace_hits"), fields.get("keyspace_misses")], ["2", "1"]);
});

test("INFO shows the rate of the last second and a half, and memory that was in use", async () => {
  await using node = await LiveServer.start();
  using client = await RawClient.connect(node.port);
  let rate = 0;
  while (rate === 0)
    rate = Number(fieldsOf(await client.call("info", "stats")).get("instantaneous_ops_per_sec"));
  await client.call("set", "k", Buffer.alloc(8_000_000));
  const before = fieldsOf(await client.call("info", "memory"));
  await client.call("del", "k");
  const after = fieldsOf(await client.call("info", "memory"));
  assert.ok(Number(before.get("used_memory_dataset")) >= 8_000_000);
  assert.ok(Number(after.get("used_memory_peak")) >= Number(after.get("used_memory")));
});

test("in RESP3 INFO is a verbatim text", async () => {
  await using node = await LiveServer.start();
  assert.match(
    await converse(node.port, ["hello 3", "info cluster"]),
    /\r\n=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n\+OK\r\n$/,
  );
});
