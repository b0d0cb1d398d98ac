import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Cluster } from "./cluster.ts";

test("members may be started in any order, and say for whom they wait", async () => {
  await using cluster = new Cluster(["n1", "n2", "n3"]);
  cluster.start("n3");
  await cluster.logs("n3", /waiting for the first members: n1 .*nothing listens there.*; n2/);
  cluster.start("n1");
  await cluster.logs("n1", /waiting for the first members: n2/);
  cluster.start("n2");
  for (const id of ["n1", "n2", "n3"]) await cluster.serving(id);
  assert.equal(await cluster.call("n2", "SET", "a", "1"), "OK");
  for (const id of ["n1", "n2", "n3"]) assert.equal(await cluster.call(id, "GET", "a"), "1");
  const [one, two, three] = ["n1", "n2", "n3"].map((id) => identityOf(cluster, id));
  assert.equal(one!.clusterId, two!.clusterId);
  assert.deepEqual(one!.founders, three!.founders);
  assert.deepEqual(one!.hashKey, three!.hashKey);
});

test("members that were told different lists do not begin", async () => {
  await using cluster = new Cluster(["n1", "n2"]);
  cluster.start("n1");
  cluster.start("n2", "--cluster", `${cluster.list},n3=${cluster.peersOf("n3")}`);
  await cluster.logs("n1", /n2 was started with --cluster n1=.*n3=.*, this one with n1=/);
});

test("a member that was bound before it died is bound for ever", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  assert.equal(await cluster.call("n3", "SET", "a", "1"), "OK");
  for (const id of ["n1", "n2", "n3"]) await cluster.kill(id);
  const before = identityOf(cluster, "n1");
  for (const id of ["n2", "n3", "n1"]) cluster.start(id);
  assert.equal(await cluster.call("n1", "GET", "a"), "1");
  const { boot, ...rest } = identityOf(cluster, "n1");
  assert.deepEqual({ ...rest, boot: boot - 1, crc32: before.crc32 }, before);
});

test("a member that lost its disk comes anew as a learner, then votes again", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  await cluster.kill("n2");
  cluster.loseDisk("n2");
  cluster.start("n2");
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
  // It is needed now for a majority.
  await cluster.someoneLogs(/n2 has caught up: it votes/);
  await cluster.kill("n3");
  assert.equal(await cluster.call("n2", "SET", "a", "2"), "OK");
});

test("a node joins a running cluster, at the clients' port of any member", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  cluster.start("n4", "--join", cluster.clientsOf("n3"));
  assert.equal(await cluster.call("n4", "GET", "a"), "1");
  assert.equal(await cluster.call("n4", "SET", "a", "2"), "OK");
  await cluster.someoneLogs(/n4 has caught up: it votes/);
});

test("a replica follows a node that began alone, and never votes", async () => {
  await using cluster = new Cluster([]);
  cluster.start("n1", "--fsync", "interval");
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  cluster.start("n2", "--replica-of", cluster.clientsOf("n1"), "--fsync", "interval");
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
  assert.equal(await cluster.call("n2", "SET", "b", "2"), "OK");
  await cluster.kill("n2");
  assert.equal(await cluster.call("n1", "GET", "b"), "2");
  assert.equal(await cluster.call("n1", "SET", "a", "3"), "OK");
});

test("who votes with others syncs each write: at a later start too, and before others are taken in", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  await cluster.stop("n3");
  const refused = cluster.start("n3", "--fsync", "interval");
  const { code, stderr } = await refused.ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^kvorum: fsync interval: this node votes with others.*start it with --fsync always$/m,
  );
  cluster.start("n4", "--fsync", "interval");
  assert.equal(await cluster.call("n4", "SET", "a", "1"), "OK");
  cluster.start("n5", "--join", cluster.clientsOf("n4"));
  await cluster.logs("n5", /not a member yet: .*its only voter syncs now and then/);
});

test("nobody without the secret comes in, and both sides say why", async () => {
  await using cluster = new Cluster(["n1"]);
  cluster.start("n1", "--cluster", cluster.list, "--cluster-secret", "right");
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  cluster.start("n2", "--join", cluster.peersOf("n1"), "--cluster-secret", "wrong");
  await cluster.logs("n2", /not a member yet: .*it has another cluster secret/);
  await cluster.logs("n1", /refused n2 from .*another cluster secret/);
});

test("a second node with an id that is in use is refused", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  await cluster.call("n1", "SET", "a", "1");
  cluster.start("n9", "--id", "n2", "--join", cluster.clientsOf("n1"));
  await cluster.logs("n9", /not a member yet: .*n2 is running elsewhere: give this node another --id/);
});

test("of two copies of a directory only the newer one speaks for the member", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  await cluster.kill("n3");
  cluster.copyDisk("n3", "copy");
  cluster.start("n3");
  await cluster.serving("n3");
  await cluster.kill("n3");
  cluster.start("n3");
  assert.equal(await cluster.call("n3", "SET", "a", "1"), "OK");
  await cluster.kill("n3");
  cluster.loseDisk("n3");
  cluster.copyDisk("copy", "n3");
  cluster.start("n3");
  await cluster.logs("n3", /it refuses: n3 has been started since from this data directory, or a copy of it/);
});

test("who speaks text is told who leads, and reads anywhere", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  assert.equal(await cluster.call("n2", "SET", "a", "1"), "OK");
  const leaders = await Promise.all(["n1", "n2", "n3"].map((id) => say(cluster, id, "WHO_IS_LEADER")));
  const leader = ["n1", "n2", "n3"].find((id) => leaders[0] === `LEADER ${cluster.clientsOf(id)}`)!;
  assert.deepEqual(new Set(leaders), new Set([`LEADER ${cluster.clientsOf(leader)}`]));
  const other = ["n1", "n2", "n3"].find((id) => id !== leader)!;
  assert.equal(await say(cluster, other, "SET a 2"), `NOT_LEADER leader=${cluster.clientsOf(leader)}`);
  assert.equal(await say(cluster, other, "GET a"), "VALUE 1");
  assert.equal(await say(cluster, leader, "SET a 2"), "OK");
  assert.match(
    await say(cluster, other, "STATUS"),
    new RegExp(`^id=${other} role=follower term=\\d+ leader=${leader} `),
  );
  assert.match(
    await say(cluster, leader, "STATUS"),
    new RegExp(`^id=${leader} role=leader term=\\d+ leader=${leader} `),
  );
});

interface IdentityFile {
  readonly clusterId: string;
  readonly hashKey: readonly number[];
  readonly founders: unknown;
  readonly boot: number;
  readonly crc32: string;
}

function identityOf(cluster: Cluster, id: string): IdentityFile {
  return JSON.parse(readFileSync(join(cluster.directoryOf(id), "identity.json"), "utf8")) as IdentityFile;
}

async function say(cluster: Cluster, id: string, line: string): Promise<string> {
  const client = await cluster.client(id);
  client.send(`${line}\n`);
  const said = await client.line();
  client.socket.destroy();
  return said;
}

test("a replica that syncs now and then gets no vote before it syncs each write", async () => {
  await using cluster = new Cluster([]);
  cluster.start("n1", "--id", "n1");
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  cluster.start("n2", "--replica-of", cluster.clientsOf("n1"), "--fsync", "interval");
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
  assert.equal(
    await cluster.call("n1", "KVORUM", "PROMOTE", "n2"),
    "-ERR n2 syncs now and then (fsync interval): start it with --fsync always first",
  );
  await cluster.stop("n2");
  cluster.start("n2", "--fsync", "always");
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
  let reply: unknown;
  do reply = await cluster.call("n1", "KVORUM", "PROMOTE", "n2");
  while (/^-BUSY/.test(String(reply)));
  assert.equal(reply, "OK");
});
