import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Ending, runKvorum, startKvorum } from "../command-line.ts";
import { freePort } from "../redis-server.ts";
import { Cluster } from "./cluster.ts";

/** `kvorum bench`: that its numbers are numbers, and what it leaves behind. How large they are is nobody's concern here. */

let cluster: Cluster;
let at: string;

before(async () => {
  cluster = await Cluster.start("n1", "n2", "n3");
  at = ["n1", "n2", "n3"].map((id) => cluster.clientsOf(id)).join(",");
});
after(() => cluster[Symbol.asyncDispose]());

function bench(...options: readonly string[]): Promise<Ending> {
  return runKvorum(["bench", "-c", at, "--seconds", "1", "--keys", "50", ...options]);
}

for (const kind of ["set", "get", "mixed"]) {
  test(`kvorum bench --command ${kind} counts what was done, and deletes its keys`, async () => {
    const { code, stdout, stderr } = await bench(
      "--command",
      kind,
      "--callers",
      "8",
      "--value-bytes",
      "100",
      "--json",
    );
    assert.deepEqual([code, stderr], [0, ""]);
    const { latencyMs, operations, perSecond, seconds, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, { kind, callers: 8, valueBytes: 100, keys: 50, errors: {} });
    assert.ok(operations > 0 && seconds >= 1);
    assert.ok(Math.abs(perSecond - operations / seconds) < 1);
    const { p50, p99, p999, max } = latencyMs;
    assert.ok(p50 > 0 && p50 <= p99 && p99 <= p999 && p999 <= max, stdout);
    assert.deepEqual(await cluster.call("n1", "KEYS", "*"), []);
  });
}

test("kvorum bench prints four numbers of latency for people", async () => {
  const { code, stdout } = await bench();
  assert.equal(code, 0);
  assert.match(stdout, /^set, 50 callers, values of 64 bytes, \d\.\d s\n {2}[\d,]+ operations a second \(/);
  assert.match(stdout, /\n {2}p50 \S+ ms {3}p99 \S+ ms {3}p99\.9 \S+ ms {3}max \S+ ms\n$/);
});

test("kvorum bench that is interrupted shows what it has, and deletes its keys", async () => {
  const running = startKvorum(["bench", "-c", at, "--seconds", "60", "--keys", "50"]);
  while (Number(await cluster.call("n1", "DBSIZE")) < 50)
    await new Promise((resolve) => setTimeout(resolve, 20));
  running.process.kill("SIGINT");
  const { code, stdout } = await running.ended;
  assert.equal(code, 0);
  assert.match(stdout, /operations a second/);
  assert.equal(await cluster.call("n1", "DBSIZE"), 0);
});

test("a cluster that is not there is one line, and so is what makes no sense", async () => {
  const nobody = `127.0.0.1:${await freePort()}`;
  const gone = await runKvorum(["bench", "-c", nobody]);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /^kvorum: nothing listens on .*\n$/);
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["--callers", "0", /--callers: expected a whole number from 1 to 10000, got "0"/],
    ["--seconds", "soon", /--seconds: expected a whole number/],
    ["--value-bytes", "-1", /--value-bytes/],
    ["--command", "flush", /Allowed choices are set, get, mixed/],
  ];
  for (const [option, value, line] of cases) {
    const { code, stderr } = await bench(option, value);
    assert.equal(code, 2, stderr);
    assert.match(stderr, line);
  }
});
