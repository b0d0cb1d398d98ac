import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ending, runKvorum } from "../command-line.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { Cluster } from "./cluster.ts";

/** Members and leader in the hands of people: `kvorum status`, `member`, `transfer`, at real processes. */

interface Shown {
  readonly leader: string;
  readonly term: number;
  readonly members: readonly {
    readonly id: string;
    readonly kind: string;
    readonly isAwaited: boolean;
    readonly lag?: { readonly entries: number; readonly bytes: number; readonly ms: number };
    readonly report?: { readonly role: string; readonly applied: number; readonly disk: string };
    readonly problem?: string;
  }[];
}

function kvorum(cluster: Cluster, at: string, ...args: readonly string[]): Promise<Ending> {
  return runKvorum([...args, "-c", cluster.clientsOf(at)]);
}

async function done(running: Promise<Ending>): Promise<string> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  return stdout;
}

async function status(cluster: Cluster, at: string): Promise<Shown> {
  return JSON.parse(await done(kvorum(cluster, at, "status", "--json"))) as Shown;
}

/** Looks again and again, as people do. */
async function until(cluster: Cluster, at: string, isSo: (shown: Shown) => boolean): Promise<Shown> {
  for (;;) {
    const shown = await status(cluster, at);
    if (isSo(shown)) return shown;
  }
}

test("members that have all moved find each other where --cluster says, and remember it", async () => {
  const ids = ["n1", "n2", "n3"];
  await using cluster = await Cluster.start(...ids);
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  await Promise.all(ids.map((id) => cluster.stop(id)));
  cluster.move();
  for (const id of ids) cluster.start(id, "--cluster", cluster.list);
  await Promise.all(ids.map((id) => cluster.logs(id, /connected to/)));
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
  const places = async (id: string): Promise<string[]> => {
    const reply = (await cluster.call(id, "KVORUM", "STATUS")) as unknown[];
    const members = reply[reply.indexOf("members") + 1] as string[][];
    return members.map((member) => member[member.indexOf("peer") + 1]!);
  };
  const moved = ids.map((id) => cluster.peersOf(id));
  // The leader writes it down, member by member, and the others hear of it.
  for (const id of ids) while (String(await places(id)) !== String(moved));
  await Promise.all(ids.map((id) => cluster.stop(id)));
  for (const id of ids) cluster.start(id, "--write-quorum", "0");
  assert.equal(await cluster.call("n3", "GET", "a"), "1");
});

test("a leader that is stopped in order hands over, so that nobody has to notice its death", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  const leader = await cluster.leader("n1");
  assert.equal(await cluster.stop(leader), 0);
  await cluster.someoneLogs(new RegExp(`← ${leader} TIMEOUT_NOW`));
  const other = ["n1", "n2", "n3"].find((id) => id !== leader)!;
  assert.equal(await cluster.call(other, "GET", "a"), "1");
});

test("a stale --cluster does not keep members from each other, and harms nobody", async () => {
  const ids = ["n1", "n2", "n3"];
  await using cluster = await Cluster.start(...ids);
  assert.equal(await cluster.call("n1", "SET", "a", "1"), "OK");
  await Promise.all(ids.map((id) => cluster.stop(id)));
  const [n1, n2, n3] = ids.map((id) => cluster.peersOf(id)) as [string, string, string];
  // Two are mistaken for each other, and where the third should be there is nobody.
  const list = `n1=${n2},n2=${n1},n3=${n3.replace(/:.*/, ":1")}`;
  for (const id of ids) cluster.start(id, "--cluster", list);
  assert.equal(await cluster.call("n2", "GET", "a"), "1");
  assert.equal(await cluster.call("n3", "SET", "a", "2"), "OK");
});

test("status asks any node and shows all, and transfer hands over to whom is named", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  await cluster.call("n1", "SET", "a", "1");
  // A machine that is busy may see an election at any time.
  const before = await until(cluster, "n2", ({ members }) => {
    const roles = members.map(({ report }) => report?.role).sort();
    return String(roles) === "follower,follower,leader";
  });
  assert.deepEqual(
    before.members.map(({ id, kind }) => [id, kind]),
    [
      ["n1", "voter"],
      ["n2", "voter"],
      ["n3", "voter"],
    ],
  );
  const next = before.members.find(({ id }) => id !== before.leader)!.id;
  assert.equal(await done(kvorum(cluster, "n3", "transfer", next)), `${next} leads\n`);
  assert.equal(await done(kvorum(cluster, "n3", "transfer", next)), `${next} leads\n`);
  const after = await until(cluster, "n1", ({ leader }) => leader !== "");
  assert.equal(after.leader, next);
  assert.ok(after.term > before.term);
  await done(kvorum(cluster, "n1", "transfer"));
  await until(cluster, "n1", ({ leader }) => leader !== next && leader !== "");
  let text: string;
  do text = await done(kvorum(cluster, "n1", "status"));
  while (text.includes("No leader is known"));
  assert.match(
    text,
    /^MEMBER +ROLE +CLIENTS +TERM .*\nn1 .*\nn2 .*\nn3 .*\n\nn\d leads\.\nStrong: W 2 \+ R 2 > N 3/,
  );
});

test("a member that is away lags, in entries, bytes and ms, until it is back", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  await cluster.call("n1", "SET", "a", "1");
  const { leader } = await until(cluster, "n1", (shown) => shown.leader !== "");
  const [away] = ["n1", "n2", "n3"].filter((id) => id !== leader);
  await cluster.kill(away!);
  for (let i = 0; i < 5; i++) await cluster.call(leader, "SET", "a", "x".repeat(1000));
  const shown = await until(cluster, leader, ({ members }) => {
    const { lag, problem } = members.find(({ id }) => id === away)!;
    return problem !== undefined && lag !== undefined && lag.bytes > 5000;
  });
  const { lag, problem } = shown.members.find(({ id }) => id === away)!;
  assert.match(problem!, /cannot connect|refused|ECONNREFUSED|nothing listens/i);
  assert.ok(lag!.entries >= 5 && lag!.entries < 50, String(lag!.entries));
  assert.ok(lag!.bytes < 10_000, String(lag!.bytes));
  assert.ok(lag!.ms > 0);
  const caughtUp = (one: Shown): boolean => one.members.every((member) => (member.lag?.entries ?? 0) === 0);
  cluster.start(away!);
  await cluster.serving(away!);
  await until(cluster, leader, caughtUp);
});

test("a member is announced, comes, is promoted and removed, and then ends by itself", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  await cluster.call("n1", "SET", "a", "1");
  const address = cluster.clientsOf("n4");
  const said = await done(kvorum(cluster, "n2", "member", "add", "n4", address, "--learner"));
  assert.match(
    said,
    /^n4 is announced as a learner\nstart it with: kvorum start --id n4 --listen \S+ --replica-of/,
  );
  assert.match(await done(kvorum(cluster, "n1", "member", "list")), /^n4 +learner .*has still to come$/m);
  assert.match((await kvorum(cluster, "n1", "member", "add", "n4", address)).stderr, /n4 is that already/);
  cluster.start("n4", "--replica-of", cluster.clientsOf("n1"));
  assert.equal(await cluster.call("n4", "GET", "a"), "1");
  await done(kvorum(cluster, "n4", "member", "promote", "n4"));
  const { members } = await until(cluster, "n1", (shown) => shown.members.some((one) => one.id === "n4"));
  assert.equal(members.find(({ id }) => id === "n4")!.kind, "voter");
  await done(kvorum(cluster, "n1", "member", "remove", "n4"));
  const { code, stderr } = await cluster.ended("n4");
  assert.equal(code, 1);
  assert.match(stderr, /^kvorum: n4 was removed from its cluster.*--join.*$/m);
  assert.match((await kvorum(cluster, "n1", "member", "remove", "n4")).stderr, /there is no member n4/);
});

test("a leader that is removed hands over first, and the last voter is not removed", async () => {
  await using cluster = await Cluster.start("n1", "n2");
  await cluster.call("n1", "SET", "a", "1");
  const { leader } = await until(cluster, "n1", (shown) => shown.leader !== "");
  const other = leader === "n1" ? "n2" : "n1";
  await done(kvorum(cluster, other, "member", "remove", leader));
  assert.equal((await cluster.ended(leader)).code, 1);
  assert.equal(await cluster.call(other, "SET", "a", "2"), "OK");
  const { code, stderr } = await kvorum(cluster, other, "member", "remove", other);
  assert.equal(code, 1);
  assert.equal(stderr, `kvorum: ${other} is the last voter\n`);
});

test("a member that was removed while it was away says so and ends when it comes back", async () => {
  await using cluster = await Cluster.start("n1", "n2", "n3");
  await cluster.call("n1", "SET", "a", "1");
  await cluster.stop("n3");
  await done(kvorum(cluster, "n1", "member", "remove", "n3"));
  cluster.start("n3");
  const { code, stderr } = await cluster.ended("n3");
  assert.equal(code, 1);
  assert.match(stderr, /^kvorum: n3 was removed from its cluster/m);
  assert.equal(await cluster.call("n1", "SET", "a", "2"), "OK");
});

test("a learner that cannot be reached is not promoted, and the line says how far it lags", async () => {
  await using cluster = await Cluster.start("n1");
  await cluster.call("n1", "SET", "a", "1");
  cluster.start("n2", "--replica-of", cluster.clientsOf("n1"));
  await cluster.call("n2", "GET", "a");
  await cluster.kill("n2");
  for (let i = 0; i < 3; i++) await cluster.call("n1", "SET", "a", "x");
  const { code, stderr } = await kvorum(cluster, "n1", "member", "promote", "n2", "--wait", "1");
  assert.equal(code, 1);
  assert.match(stderr, /^kvorum: n2 is no voter yet: it lags by \d+ entries, .* B, \d+ ms; try again.*\n$/);
});

test("a node in memory has no other members, and says so", async () => {
  await using node = await SpawnedNode.start();
  const at = ["-c", `127.0.0.1:${node.port}`];
  for (const words of [["member", "add", "n2", "127.0.0.1:7001"], ["member", "remove", "n2"], ["transfer"]]) {
    const { code, stderr } = await runKvorum([...words, ...at]);
    assert.equal(code, 1);
    assert.match(stderr, /^kvorum: this node was started with --memory: it has no other members.*\n$/);
  }
  const shown = JSON.parse(await done(runKvorum(["status", "--json", ...at]))) as Shown;
  assert.equal(shown.leader, shown.members[0]!.id);
});

test("KVORUM refuses what it cannot understand", async () => {
  await using cluster = await Cluster.start("n1");
  await cluster.serving("n1");
  const client = await RawClient.connect(6379, cluster.hostOf("n1"));
  for (const [words, reply] of [
    [["ADD", "n 4", "127.0.0.1:1"], /^-ERR the id of a member is/],
    [["ADD", "n4", "127.0.0.1"], /^-ERR expected where its clients connect/],
    [["ADD", "n4", "127.0.0.1:60000"], /^-ERR a port from 1 to 55535/],
    [["ADD", "n4", "127.0.0.1:1", "VOTER"], /^-ERR syntax error/],
    [["TRANSFER", "n1", "n2"], /^-ERR syntax error/],
    [["TRANSFER"], /^-ERR there is no other voter/],
    [["PROMOTE", "n9"], /^-ERR there is no member n9/],
    [["NONSENSE"], /^-ERR unknown subcommand 'NONSENSE'. Try KVORUM HELP/],
  ] as const)
    assert.match(String(await client.call("KVORUM", ...words)), reply);
  client.socket.destroy();
});
