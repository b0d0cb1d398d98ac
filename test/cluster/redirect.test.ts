import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { keySlot } from "../../src/protocol/key-slot.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import type { RawClient } from "../server/raw-client.ts";
import { Cluster } from "./cluster.ts";

const ids = ["n1", "n2", "n3"];

describe("with redirect: moved, a node that does not lead", () => {
  let cluster: Cluster;
  let leader: string;
  let client: RawClient;

  before(async () => {
    cluster = await Cluster.startWith(["--redirect", "moved"], ...ids);
    leader = await cluster.leader("n1");
    client = await cluster.client(ids.find((id) => id !== leader)!);
  });
  after(() => cluster[Symbol.asyncDispose]());

  function moved(key: string): string {
    return `-MOVED ${keySlot(Buffer.from(key))} ${cluster.clientsOf(leader)}`;
  }

  test("says where the leader is, as CLUSTER SLOTS does, with the slot of the first key", async () => {
    assert.equal(await client.call("SET", "{a}b", "1"), moved("a"));
    assert.equal(await client.call("MSET", "x", "1", "y", "2"), moved("x"));
    assert.equal(await client.call("GET", "k"), moved("k"));
    assert.equal(await client.call("WATCH", "w"), moved("w"));
    assert.equal(await client.call("OBJECT", "ENCODING", "o"), moved("o"));
    const [[, , [host, port]]] = (await client.call("CLUSTER", "SLOTS")) as [[0, 0, [string, number]]];
    assert.equal(`${host}:${port}`, cluster.clientsOf(leader));
    assert.equal(await cluster.call(leader, "SET", "k", "v"), "OK");
  });

  test("brings what has no key to the leader", async () => {
    assert.equal(await cluster.call(leader, "SET", "counted", "v"), "OK");
    assert.equal(await client.call("DBSIZE"), await cluster.call(leader, "DBSIZE"));
    assert.equal(await client.call("SWAPDB", "3", "4"), "OK");
    const session = String(await client.call("SESSION", "OPEN", "1000"));
    assert.match(session, /^\d+$/);
    assert.equal(await client.call("SESSION", "ID", session, "1", "1", "SET", "k", "v"), moved("k"));
  });

  test("answers stale and quorum reads itself, and nothing else", async () => {
    assert.equal(await cluster.call(leader, "SET", "k", "v"), "OK");
    assert.equal(await client.call("CONSISTENCY", "READ", "QUORUM"), "OK");
    assert.equal(await client.call("GET", "k"), "v");
    assert.equal(await client.call("READONLY"), "OK");
    assert.equal(await client.call("GET", "k"), "v");
    assert.equal(await client.call("SET", "k", "w"), moved("k"));
    assert.equal(await client.call("MULTI"), "OK");
    assert.equal(await client.call("GET", "k"), moved("k"));
    assert.match(String(await client.call("EXEC")), /^-EXECABORT/);
    assert.equal(await client.call("READWRITE"), "OK");
    assert.equal(await client.call("GET", "k"), moved("k"));
  });

  test("refuses it also where its commands come at once, behind what the leader has still to answer", async () => {
    const behind = [
      ["DBSIZE"],
      ["MULTI"],
      ["PING"],
      ["SET", "k", "v"],
      ["EXEC"],
      ["MULTI"],
      ["EXEC"],
      ["PING"],
    ];
    client.send(Buffer.concat(behind.map((words) => encodeRequest(words))));
    const [size, ...replies] = await client.replies(behind.length);
    assert.equal(typeof size, "number");
    const refused = [
      "OK",
      "QUEUED",
      moved("k"),
      "-EXECABORT Transaction discarded because of previous errors.",
    ];
    assert.deepEqual(replies.map(String), [...refused, "OK", "", "PONG"]);
  });

  test("refuses a transaction of keys as a whole", async () => {
    assert.equal(await client.call("MULTI"), "OK");
    assert.equal(await client.call("PING"), "QUEUED");
    assert.equal(await client.call("SET", "k", "v"), moved("k"));
    assert.equal(await client.call("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    assert.equal(await client.call("EXEC"), "-ERR EXEC without MULTI");
  });

  test("that led when the transaction began refuses EXEC with the way, and nothing is done", async () => {
    const old = await cluster.client(leader);
    assert.equal(await old.call("SET", "e", "before"), "OK");
    assert.equal(await old.call("MULTI"), "OK");
    assert.equal(await old.call("SET", "e", "after"), "QUEUED");
    const [one, other] = ids.filter((id) => id !== leader) as [string, string];
    cluster.pause(leader);
    const before = leader;
    leader = await cluster.leader(one, before);
    assert.equal(await cluster.call(leader, "GET", "e"), "before");
    cluster.resume(before);
    assert.equal(await cluster.leader(before, before), leader);
    assert.equal(await old.call("EXEC"), moved("e"));
    assert.equal(await old.call("EXEC"), "-ERR EXEC without MULTI");
    assert.equal(await cluster.call(leader, "GET", "e"), "before");
    assert.equal(await cluster.leader(other), leader);
  });
});

test("with redirect: moved, what needs a leader waits for an election and no longer", async () => {
  // Whoever waits as long as a write may waits in vain.
  const options = ["--redirect", "moved", "--write-timeout", "600000"];
  await using cluster = await Cluster.startWith(options, ...ids);
  const leader = await cluster.leader("n1");
  assert.equal(await cluster.call(leader, "SET", "k", "v"), "OK");
  const [survivor, other] = ids.filter((id) => id !== leader) as [string, string];
  using client = await cluster.client(survivor);
  await cluster.kill(leader);
  await cluster.kill(other);
  // As long as it does not know of the death, it names the dead.
  let reply: unknown;
  do reply = await client.call("GET", "k");
  while (String(reply).startsWith("-MOVED"));
  assert.match(String(reply), /^-CLUSTERDOWN no leader is known/);
  for (const words of [
    ["SET", "k", "w"],
    ["GET", "k"],
    ["MSET", "k", "w", "l", "x"],
  ])
    assert.match(String(await client.call(...words)), /^-CLUSTERDOWN no leader is known/);
  assert.equal(await client.call("CONSISTENCY", "READ", "STALE"), "OK");
  assert.equal(await client.call("GET", "k"), "v");
  cluster.start(other, "--cluster", cluster.list, ...options);
  const next = await cluster.leader(survivor);
  assert.equal(await cluster.call(next, "GET", "k"), "v");
});

test("by default every node takes every command", async () => {
  await using cluster = await Cluster.start(...ids);
  for (const id of ids) {
    assert.equal(await cluster.call(id, "SET", id, "v"), "OK");
    assert.equal(await cluster.call(id, "GET", "n1"), "v");
  }
});
