import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { LiveServer } from "../server/live-server.ts";
import { RawClient } from "../server/raw-client.ts";
import { testBesideRedis } from "../server-harness.ts";
import { Cluster } from "./cluster.ts";

const ids = ["n1", "n2", "n3"];

testBesideRedis({
  "READONLY and READWRITE where there is no cluster": ["readonly", "readwrite", "readonly x", "get k"],
});

test("a connection says how many voters its writes and reads take, as far as that makes sense", async () => {
  await using cluster = await Cluster.start(...ids);
  await cluster.call("n1", "SET", "k", "v");
  using client = await cluster.client("n2");
  const shown = (): Promise<unknown> => client.call("CONSISTENCY", "SHOW");
  assert.deepEqual(await shown(), ["voters", 3, "write", 2, "read", 2, "read-mode", "linearizable"]);
  assert.equal(
    await client.call("CONSISTENCY", "WRITE", "1"),
    "-ERR W 1 is too little: a majority, 2 of 3 voters, holds every write in any case",
  );
  assert.equal(
    await client.call("CONSISTENCY", "WRITE", "4"),
    "-ERR W 4 is more than there are: this cluster has 3 voters",
  );
  assert.match(
    String(await client.call("CONSISTENCY", "READ", "QUORUM", "R", "1")),
    /^-ERR R 1 is too little/,
  );
  for (const wrong of [["STALE", "R", "2"], ["QUORUM", "R"], ["NONSENSE"]])
    assert.equal(await client.call("CONSISTENCY", "READ", ...wrong), "-ERR syntax error");
  assert.deepEqual(await shown(), ["voters", 3, "write", 2, "read", 2, "read-mode", "linearizable"]);
  assert.equal(await client.call("CONSISTENCY", "WRITE", "3"), "OK");
  assert.equal(await client.call("consistency", "read", "quorum", "r", "3"), "OK");
  assert.deepEqual(await shown(), ["voters", 3, "write", 3, "read", 3, "read-mode", "quorum"]);
  assert.equal(await client.call("SET", "k", "w"), "OK");
  assert.equal(await client.call("GET", "k"), "w");
  assert.equal(await client.call("READONLY"), "OK");
  assert.deepEqual(await shown(), ["voters", 3, "write", 3, "read", 1, "read-mode", "stale"]);
  assert.equal(await client.call("RESET"), "RESET");
  assert.deepEqual(await shown(), ["voters", 3, "write", 2, "read", 2, "read-mode", "linearizable"]);
});

for (const place of ["the leader", "a follower"]) {
  test(`at ${place}, W beyond what can be reached is refused up front, and nobody else's writes are`, async () => {
    await using cluster = await Cluster.start(...ids);
    await cluster.call("n1", "SET", "k", "v");
    const leader = await cluster.leader("n1");
    const [follower, dead] = ids.filter((id) => id !== leader);
    const asked = place === "the leader" ? leader : follower!;
    using client = await cluster.client(asked);
    assert.equal(await client.call("CONSISTENCY", "WRITE", "3"), "OK");
    await cluster.kill(dead!);
    // As long as its silence may be chance, it is waited for, and the write is applied.
    let reply: unknown;
    for (let value = 0, applied = "v"; value < 10 && !String(reply).startsWith("-NOREPLICAS"); value++) {
      client.send(Buffer.concat([encodeRequest(["SET", "k", value]), encodeRequest(["GET", "k"])]));
      const replies = await client.replies(2);
      reply = replies[0];
      if (/^(OK|-UNDER_REPLICATED this was applied)/.test(String(reply))) applied = String(value);
      assert.equal(replies[1], applied, "the read behind it is answered, whatever becomes of the write");
    }
    assert.match(
      String(reply),
      /^-NOREPLICAS 3 voters are wanted for this write and (2 can|the leader cannot)/,
    );
    assert.equal(await cluster.call(asked, "SET", "k", "y"), "OK");
    assert.equal(await client.call("GET", "k"), "y");
  });
}

test("quorum and stale reads need no leader, and linearizable ones do", async () => {
  await using cluster = await Cluster.startWith(["--write-timeout", "1000"], ...ids);
  await cluster.call("n1", "SET", "k", "v");
  for (const id of ids) assert.equal(await cluster.call(id, "GET", "k"), "v");
  using quorum = await cluster.client("n3");
  using stale = await cluster.client("n3");
  await quorum.call("CONSISTENCY", "READ", "QUORUM");
  await stale.call("READONLY");
  assert.equal(await quorum.call("GET", "k"), "v");
  await cluster.kill("n1");
  await cluster.kill("n2");
  assert.equal(await stale.call("GET", "k"), "v");
  assert.match(String(await quorum.call("GET", "k")), /^-CLUSTERDOWN/);
  using client = await cluster.client("n3");
  // It may have led, and takes a while to notice that nobody follows.
  assert.match(String(await client.call("GET", "k")), /^-CLUSTERDOWN/);
});

test("a stale read with MAXLAG is at once as long as it is known to be no older, and is refused where nobody can tell", async () => {
  await using cluster = await Cluster.startWith(["--write-timeout", "1000"], ...ids);
  await cluster.call("n1", "SET", "k", "v");
  using bounded = await cluster.client("n3");
  using stale = await cluster.client("n3");
  for (const wrong of [["MAXLAG"], ["MAXLAG", "0"], ["MAXLAG", "x"], ["MAXLAG", "1", "2"]])
    assert.match(String(await bounded.call("CONSISTENCY", "READ", "STALE", ...wrong)), /^-ERR/);
  assert.equal(await bounded.call("CONSISTENCY", "READ", "STALE", "MAXLAG", "600000"), "OK");
  // The first one is told by a majority, and so are those of the next ten minutes.
  assert.equal(await bounded.call("GET", "k"), "v");
  await stale.call("READONLY");
  await cluster.kill("n1");
  await cluster.kill("n2");
  assert.equal(await bounded.call("GET", "k"), "v");
  assert.equal(await bounded.call("CONSISTENCY", "READ", "STALE", "MAXLAG", "1"), "OK");
  assert.match(String(await bounded.call("GET", "k")), /^-CLUSTERDOWN/);
  assert.equal(await stale.call("GET", "k"), "v");
});

test("CONSISTENCY AWAIT waits for a revision, and tells which one there is when its time is over", async () => {
  await using cluster = await Cluster.start(...ids);
  await cluster.call("n1", "SET", "k", "v");
  const leader = await cluster.leader("n1");
  using follower = await cluster.client(ids.find((id) => id !== leader)!);
  using writer = await cluster.client(leader);
  const revision = (await writer.call("CONSISTENCY", "AWAIT", "0", "0")) as number;
  assert.ok(revision > 0);
  assert.equal(await follower.call("CONSISTENCY", "AWAIT", revision, "0"), revision);
  assert.equal(await follower.call("CONSISTENCY", "AWAIT", revision + 1, "30"), revision, "nobody writes");
  const waits = follower.call("CONSISTENCY", "AWAIT", revision + 1, "0");
  assert.equal(await writer.call("SET", "k", "w"), "OK");
  assert.equal(await waits, revision + 1);
  await follower.call("READONLY");
  assert.equal(await follower.call("GET", "k"), "w");
  for (const wrong of [
    ["x", "0"],
    ["1", "-1"],
  ])
    assert.match(String(await follower.call("CONSISTENCY", "AWAIT", ...wrong)), /^-ERR/);
});

test("the mode of reads is configured for all connections", async () => {
  await using node = await LiveServer.start({ readMode: "quorum", readQuorum: 1 });
  using client = await RawClient.connect(node.port);
  assert.deepEqual(await client.call("CONSISTENCY", "SHOW"), [
    ...["voters", 1, "write", 1, "read", 1, "read-mode", "quorum"],
  ]);
  assert.equal(await client.call("CONSISTENCY", "READ", "STALE"), "OK");
  assert.equal(await client.call("RESET"), "RESET");
  assert.deepEqual(((await client.call("CONSISTENCY", "SHOW")) as unknown[])[7], "quorum");
});
