import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { createCluster } from "redis";
import { Cluster } from "../cluster/cluster.ts";
import { Running } from "../command-line.ts";
import { requireProgram } from "../programs.ts";

const redisCli = requireProgram("redis-cli");
const ids = ["n1", "n2", "n3"];

/** What goes by slots, against nodes that answer MOVED where they do not lead. */
describe("in a cluster with redirect: moved", () => {
  let cluster: Cluster;
  let leader: string;
  let followers: string[];

  before(async () => {
    cluster = await Cluster.startWith(["--redirect", "moved"], ...ids);
    leader = await cluster.leader("n1");
    followers = ids.filter((id) => id !== leader);
  });
  after(() => cluster[Symbol.asyncDispose]());

  async function cli(...args: readonly string[]): Promise<string> {
    const running = new Running(redisCli.path, args, {});
    running.process.stdin!.end("");
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    return stdout;
  }

  /** How many GETs a node has carried out. */
  async function gets(id: string): Promise<number> {
    const info = String(await cluster.call(id, "INFO", "commandstats"));
    return Number(/cmdstat_get:calls=(\d+)/.exec(info)?.[1] ?? 0);
  }

  test("ioredis reads from the replicas where it is told to, and leads writes to the leader", async () => {
    const before = await gets(leader);
    const client = new Redis.Cluster([cluster.addressOf(followers[0]!)], { scaleReads: "slave" });
    try {
      assert.equal(await client.set("{a}1", "v"), "OK");
      // What replicas have may be a moment old.
      while ((await client.get("{a}1")) !== "v");
      assert.equal(await gets(leader), before);
      assert.deepEqual(await client.multi().set("{a}1", "w").get("{a}1").exec(), [
        [null, "OK"],
        [null, "w"],
      ]);
    } finally {
      client.disconnect();
    }
  });

  test("node-redis takes replicas in where it is told to, and leads writes to the leader", async () => {
    const rootNodes = [{ socket: cluster.addressOf(followers[1]!) }];
    const client = createCluster({ rootNodes, useReplicas: true });
    client.on("error", () => {});
    await client.connect();
    const readElsewhere = async (): Promise<number> =>
      (await gets(followers[0]!)) + (await gets(followers[1]!));
    try {
      const before = await readElsewhere();
      assert.equal(await client.set("{b}2", "v"), "OK");
      // It takes turns, the leader among them.
      while ((await client.get("{b}2")) !== "v" || (await readElsewhere()) === before);
      assert.deepEqual(await client.multi().set("{b}2", "w").get("{b}2").exec(), ["OK", "w"]);
    } finally {
      client.destroy();
    }
  });

  test("redis-cli -c goes where it is sent", redisCli, async () => {
    const [host, port] = [cluster.hostOf(followers[0]!), "6379"];
    assert.match(await cli("-h", host, "-p", port, "SET", "k", "v"), /^MOVED \d+ /);
    assert.equal(await cli("-c", "-h", host, "-p", port, "SET", "k", "v"), "OK\n");
    assert.equal(await cli("-c", "-h", host, "-p", port, "GET", "k"), "v\n");
  });
});
