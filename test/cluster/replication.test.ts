import assert from "node:assert/strict";
import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RawClient } from "../server/raw-client.ts";
import { Cluster } from "./cluster.ts";

const ids = ["n1", "n2", "n3"];

type Role = [word: string, offset: number, followers: string[][]];

async function infoOf(client: RawClient): Promise<Map<string, string>> {
  const lines = String(await client.call("INFO", "replication")).split("\r\n");
  return new Map(lines.map((line) => [line.split(":")[0]!, line.slice(line.indexOf(":") + 1)]));
}

test("ROLE and INFO tell a leader from those who follow it, learners too, and where they are", async () => {
  await using cluster = await Cluster.start(...ids);
  cluster.start("n4", "--replica-of", cluster.clientsOf("n1"));
  assert.equal(await cluster.call("n4", "SET", "k", "v"), "OK");
  const leader = await cluster.leader("n4");
  using client = await cluster.client(leader);
  assert.equal(await client.call("WAIT", "3", "0"), 3);
  const inStep = ([, offset, followers]: Role): boolean => followers.every((one) => one[2] === `${offset}`);
  let role = (await client.call("ROLE")) as Role;
  // Nodes open their sessions and describe themselves.
  while (!inStep(role)) role = (await client.call("ROLE")) as Role;
  const [word, offset, followers] = role;
  const others = [...ids, "n4"].filter((id) => id !== leader);
  assert.equal(word, "master");
  assert.deepEqual(
    followers,
    others.map((id) => [cluster.hostOf(id), "6379", String(offset)]),
  );
  const info = await infoOf(client);
  assert.deepEqual([info.get("role"), info.get("connected_slaves")], ["master", "3"]);
  assert.equal(info.get("master_repl_offset"), String(offset));
  for (const [i, id] of others.entries()) {
    const line = `ip=${cluster.hostOf(id)},port=6379,state=online,offset=${offset},lag=0`;
    assert.equal(info.get(`slave${i}`), line);
    using other = await cluster.client(id);
    assert.deepEqual(await other.call("ROLE"), ["slave", cluster.hostOf(leader), 6379, "connected", offset]);
    const theirs = await infoOf(other);
    assert.equal(theirs.get("role"), "slave");
    assert.equal(theirs.get("master_host"), cluster.hostOf(leader));
    assert.equal(theirs.get("master_port"), "6379");
    assert.equal(theirs.get("master_link_status"), "up");
    assert.equal(theirs.get("slave_repl_offset"), String(offset));
    assert.equal(theirs.get("master_replid"), info.get("master_replid"));
  }
});

test("a replica whose master lost the end of its log begins anew, in the same process", async () => {
  await using cluster = new Cluster(["n1"]);
  cluster.start("n1", "--fsync", "interval");
  cluster.start("n2", "--replica-of", cluster.clientsOf("n1"));
  assert.equal(await cluster.call("n1", "SET", "kept", "1"), "OK");
  assert.equal(await cluster.call("n2", "GET", "kept"), "1");
  // The machine of the master stops a moment later, and has synced nothing of what came in that moment.
  await cluster.kill("n1");
  const [log, synced] = [join(cluster.directoryOf("n1"), "wal"), `${cluster.directoryOf("n1")}-synced`];
  cpSync(log, synced, { recursive: true });
  cluster.start("n1", "--fsync", "interval");
  assert.equal(await cluster.call("n1", "SET", "lost", "1"), "OK");
  assert.equal(await cluster.call("n2", "GET", "lost"), "1");
  await cluster.kill("n1");
  rmSync(log, { recursive: true });
  renameSync(synced, log);
  cluster.start("n1", "--fsync", "interval");
  await cluster.logs("n2", /lost the end of its log .*thrown away[\s\S]*recovered up to/);
  assert.equal(await cluster.call("n2", "GET", "lost"), null);
  assert.equal(await cluster.call("n2", "SET", "kept", "2"), "OK");
  assert.equal(await cluster.call("n1", "GET", "kept"), "2");
});

test("a replica that its master has forgotten ends, and says why", async () => {
  await using cluster = new Cluster(["n1"]);
  cluster.start("n1", "--fsync", "interval");
  assert.equal(await cluster.call("n1", "SET", "k", "v"), "OK");
  await cluster.kill("n1");
  const [log, synced] = [join(cluster.directoryOf("n1"), "wal"), `${cluster.directoryOf("n1")}-synced`];
  cpSync(log, synced, { recursive: true });
  cluster.start("n1", "--fsync", "interval");
  await cluster.serving("n1");
  cluster.start("n2", "--replica-of", cluster.clientsOf("n1"));
  assert.equal(await cluster.call("n2", "GET", "k"), "v");
  await cluster.kill("n1");
  rmSync(log, { recursive: true });
  renameSync(synced, log);
  cluster.start("n1", "--fsync", "interval");
  const { code, stderr } = await cluster.ended("n2");
  assert.equal(code, 1);
  assert.match(stderr, /n1 has lost the entry that made n2 a member: to come back, start with --replica-of/);
});

test("without a leader the others say that they have none", async () => {
  await using cluster = await Cluster.start(...ids);
  await cluster.call("n1", "SET", "k", "v");
  await cluster.kill("n2");
  await cluster.kill("n3");
  using client = await cluster.client("n1");
  while (((await client.call("ROLE")) as unknown[])[3] !== "connect");
  const info = await infoOf(client);
  assert.deepEqual([info.get("role"), info.get("master_link_status")], ["slave", "down"]);
  assert.equal(info.get("master_host"), "");
});

test("WAIT counts the other members that hold a write, at any node, and gives up in time", async () => {
  await using cluster = await Cluster.start(...ids);
  cluster.start("n4", "--replica-of", cluster.clientsOf("n1"));
  for (const id of [...ids, "n4"]) {
    using client = await cluster.client(id);
    assert.equal(await cluster.call(id, "SET", id, "v"), "OK");
    assert.equal(await client.call("WAIT", "3", "0"), 3, id);
    assert.deepEqual(await client.call("WAITAOF", "1", "3", "0"), [1, 3], id);
  }
  const leader = await cluster.leader("n1");
  const other = ids.find((id) => id !== leader)!;
  cluster.pause("n4");
  for (const id of [leader, other]) {
    using client = await cluster.client(id);
    assert.equal(await client.call("SET", "k", "v"), "OK");
    assert.equal(await client.call("WAIT", "2", "0"), 2);
    assert.equal(await client.call("WAIT", "3", "150"), 2);
    const late = client.call("WAIT", "3", "0");
    cluster.resume("n4");
    assert.equal(await late, 3);
    cluster.pause("n4");
  }
  using client = await cluster.client(leader);
  assert.equal(await client.call("MULTI"), "OK");
  assert.equal(await client.call("WAIT", "3", "0"), "QUEUED");
  assert.deepEqual(await client.call("EXEC"), [3], "within EXEC it tells what is known");
  cluster.resume("n4");
});
