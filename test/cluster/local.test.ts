import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type Ending, type Running, type RunOptions, runKvorum, startKvorum } from "../command-line.ts";
import { RawClient } from "../server/raw-client.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

/** `kvorum cluster`: nodes of one machine as child processes. */

/** Ports that nobody else takes at the moment, for clients and 10000 above for members. */
async function freePort(count: number): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 2_000) * 10;
    const ports = Array.from({ length: count }, (_, i) => [base + i, base + i + 10_000]).flat();
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

class Local {
  readonly folder = new TemporaryFolder();
  readonly base: number;
  running: Running | undefined;

  constructor(base: number) {
    this.base = base;
  }

  static async make(count = 3): Promise<Local> {
    return new Local(await freePort(count));
  }

  get dir(): string {
    return join(this.folder.path, "kvorum-data");
  }

  start(...args: readonly string[]): Running {
    return this.startWith({}, ...args);
  }

  startWith(options: RunOptions, ...args: readonly string[]): Running {
    this.running = startKvorum(["cluster", "--dir", this.dir, ...args], options);
    return this.running;
  }

  run(...args: readonly string[]): Promise<Ending> {
    return runKvorum(["cluster", "--dir", this.dir, ...args]);
  }

  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<Ending> {
    this.running!.process.kill(signal);
    return this.running!.ended;
  }

  /** Calls a node until it is of a mind to answer. */
  async call(node: number, ...words: readonly string[]): Promise<unknown> {
    const client = await RawClient.connect(this.base + node - 1);
    try {
      for (;;) {
        const reply = await client.call(...words);
        if (!/^-(CLUSTERDOWN|LOADING|NOREPLICAS)/.test(String(reply))) return reply;
      }
    } finally {
      client.socket.destroy();
    }
  }

  pidOf(id: string): number {
    return Number(new RegExp(`^  ${id} .*?(\\d+)(?:  leads)?$`, "m").exec(this.running!.stdout)![1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its nodes end before it.
    this.running?.process.kill("SIGTERM");
    await this.running?.ended;
    this.folder[Symbol.dispose]();
  }
}

const serving = /Ctrl-C stops all of them/;

test("three nodes serve, their lines have prefixes, and Ctrl-C stops all in order", async () => {
  await using local = await Local.make();
  const running = local.start("--base-port", String(local.base));
  const banner = await running.sees(serving);
  assert.match(banner, /3 nodes serve as one store/);
  assert.equal(banner.match(/^ {2}n\d .*leads$/gm)?.length, 1, banner);
  assert.equal(banner.match(/^Try next:\n(?: {2}.+\n){3}\n/m)?.length, 1, banner);
  assert.equal(await local.call(1, "SET", "a", "1"), "OK");
  assert.equal(await local.call(3, "GET", "a"), "1");
  const { code, stderr } = await local.stop();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^kvorum: all nodes have stopped$/m);
  const lines = stderr.trimEnd().split("\n");
  assert.deepEqual(
    lines.filter((line) => !/^(?:n[123] |kvorum: )/.test(line)),
    [],
  );
  const stops = lines.flatMap((line) => /^(n\d) .*info {2}stopped$/.exec(line)?.[1] ?? []);
  assert.equal(stops.length, 3, stderr);
  assert.equal(
    stops[1],
    /^ {2}(n\d) .*leads$/m.exec(banner)![1],
    "the leader stops while there is a majority",
  );
});

test("a directory goes on with its cluster, and refuses another number of nodes or other ports", async () => {
  await using local = await Local.make();
  await local.start("--base-port", String(local.base)).sees(serving);
  assert.equal(await local.call(1, "SET", "a", "1"), "OK");
  const beside = await local.run("--base-port", String(local.base));
  assert.equal(beside.code, 1);
  assert.equal(
    beside.stderr,
    `kvorum: 127.0.0.1:${local.base} is in use: stop the other program or choose another --base-port address\n`,
  );
  await local.stop("SIGTERM");
  const five = await local.run("--nodes", "5");
  assert.equal(five.code, 1);
  assert.match(five.stderr, /^kvorum: \S+ holds a cluster of 3 nodes \(n1, n2, n3\), not of 5: .*\n$/);
  assert.match(
    (await local.run("--base-port", "7001")).stderr,
    /^kvorum: \S+ holds .*at ports from \d+ on: .*\n$/,
  );
  await local.start().sees(serving);
  assert.equal(await local.call(2, "GET", "a"), "1");
});

test("a node that dies is said in one line, and the others go on", async () => {
  await using local = await Local.make();
  const running = local.start("--base-port", String(local.base));
  await running.sees(serving);
  process.kill(local.pidOf("n2"), "SIGKILL");
  await running.sees(
    /^kvorum: n2 has ended \(SIGKILL\): the others go on; start it again with: .*start --id n2/m,
    "stderr",
  );
  assert.equal(await local.call(1, "SET", "a", "1"), "OK");
  assert.equal(await local.call(3, "GET", "a"), "1");
  assert.equal((await local.stop()).code, 0);
});

test("nodes do not outlive the process that runs them", async () => {
  await using local = await Local.make(1);
  await local.start("--nodes", "1", "--base-port", String(local.base)).sees(serving);
  const pid = local.pidOf("n1");
  await local.stop("SIGKILL");
  while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("where clients give a password, members find a secret in the directory", async () => {
  await using local = await Local.make(2);
  const options = { environment: { KVORUM_REQUIREPASS: "s3cret" } };
  const args = ["--nodes", "2", "--base-port", String(local.base)];
  await local.startWith(options, ...args).sees(serving);
  const path = join(local.dir, "cluster-secret");
  assert.match(readFileSync(path, "utf8"), /^[0-9a-f]{64}\n$/);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await local.stop();
  const wrong = { environment: { KVORUM_CLUSTER_SECRET: "wrong" } };
  const strange = startKvorum(
    [
      ...["start", "--id", "n3", "--data", join(local.folder.path, "n3"), "--listen", `127.0.0.1:0`],
      ...["--join", `127.0.0.1:${local.base}`],
    ],
    wrong,
  );
  await local.startWith(options).sees(serving);
  await strange.sees(/not a member yet: .*it has another cluster secret/, "stderr");
  strange.process.kill("SIGKILL");
  await strange.ended;
});

test("the directory of a single node, or of two clusters, is no cluster's", async () => {
  await using local = await Local.make();
  const single = startKvorum(["start", "--listen", "127.0.0.1:0", "--data", join(local.dir, "n1")]);
  await single.sees(/serves on/);
  single.process.kill("SIGTERM");
  await single.ended;
  const refused = await local.run();
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^kvorum: \S+\/n1 holds a node that began alone: run it with `.* start`, or choose another --dir.*\n$/,
  );
  const other = startKvorum([
    "start",
    "--id",
    "n2",
    "--listen",
    "127.0.0.1:0",
    "--data",
    join(local.dir, "n2"),
  ]);
  await other.sees(/serves on/);
  other.process.kill("SIGTERM");
  await other.ended;
  assert.match(
    (await local.run()).stderr,
    /^kvorum: \S+ holds nodes of different clusters \(n1, n2\): .*\n$/,
  );
});

test("a node that lost its disk comes anew, while other folders are left alone", async () => {
  await using local = await Local.make();
  mkdirSync(join(local.dir, "notes"), { recursive: true });
  await local.start("--base-port", String(local.base)).sees(serving);
  assert.equal(await local.call(1, "SET", "a", "1"), "OK");
  await local.stop();
  rmSync(join(local.dir, "n2"), { recursive: true });
  const running = local.start();
  await running.sees(serving);
  await running.sees(/n2 has a new data directory: it begins anew as a learner/, "stderr");
  assert.equal(await local.call(2, "GET", "a"), "1");
});

test("options that make no sense", async () => {
  using folder = new TemporaryFolder();
  for (const [args, reason] of [
    [["--nodes", "0"], /^kvorum: --nodes: expected a whole number from 1 to 9, got "0"\n$/],
    [["--nodes", "many"], /^kvorum: --nodes: expected/],
    [
      ["--base-port", "60000"],
      /^kvorum: --base-port: expected a whole number from 1 to 55527, got "60000"\n$/,
    ],
  ] as const) {
    const { code, stderr } = await runKvorum(["cluster", "--dir", folder.path, ...args]);
    assert.equal(code, 2);
    assert.match(stderr, reason);
  }
});
