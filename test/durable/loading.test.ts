import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import type { Logger } from "../../src/platform/logger.ts";
import { startKvorum } from "../command-line.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { DurableRun, MortalClock } from "./durable-run.ts";
import { batchOf, batchOfMany, manyCommands, writeLog } from "./write-log.ts";

/** What is seen of a start that takes its time. */
const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());

const data = join(folder.path, "n1");
/** Some seconds of work for a start. */
const entries = 60;
/** 400 MB. */
const largeEntries = 400;

const written = writeLog(
  data,
  Array.from({ length: entries }, (_, i) => batchOfMany(String(i % 10))),
);

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function starting(port: number): ReturnType<typeof startKvorum> {
  return startKvorum(["start", "--data", data, "--listen", `127.0.0.1:${port}`, "--loglevel", "info"]);
}

async function connected(port: number): Promise<RawClient> {
  for (;;) {
    try {
      return await RawClient.connect(port);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

test("while a node loads it answers LOADING, tells how far it is, and then serves everything", async () => {
  await written;
  const port = await freePort();
  const running = starting(port);
  using client = await connected(port);
  const parts: number[] = [];
  for (;;) {
    const info = String(await client.call("INFO", "persistence"));
    if (/^loading:0/m.test(info)) break;
    parts.push(Number(/loading_loaded_perc:([\d.]+)/.exec(info)![1]));
    const reply = String(await client.call("GET", "0:0"));
    assert.match(reply, /^-LOADING |^v$/);
    if (reply === "v") break;
    assert.match(String(await client.call("SET", "0:0", "w")), /^-LOADING |^OK$/);
  }
  assert.ok(parts.length > 5, `${parts.length} looks while it loaded`);
  assert.deepEqual(
    parts,
    parts.toSorted((a, b) => a - b),
  );
  assert.ok(new Set(parts).size > 3, `it went on: ${parts}`);
  await running.sees(/serves on/);
  assert.equal(await client.call("DBSIZE"), 10 * manyCommands);
  running.process.kill("SIGKILL");
  await running.ended;
});

test("a node that loads hears the signal to stop", async () => {
  await written;
  const port = await freePort();
  const running = starting(port);
  using client = await connected(port);
  assert.match(String(await client.call("GET", "0:0")), /^-LOADING /);
  running.process.kill("SIGTERM");
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /serves on/);
  assert.match(stderr, /stopped/);
});

test("a start takes no more memory for a log that is far larger than the data", async () => {
  const large = join(folder.path, "large");
  const entry = batchOf([["SET", "key", Buffer.alloc(1_000_000, "v")]]);
  await writeLog(large, new Array<Buffer>(largeEntries).fill(entry));
  await using node = await SpawnedNode.startIn(large);
  const { peakBytes } = node;
  assert.ok(peakBytes < (largeEntries * entry.length) / 2, `${peakBytes} bytes at most`);
});

/** Time that flies: seconds between any two looks. */
class FastClock extends MortalClock {
  #ms = 0;

  override monotonicMs(): number {
    this.#ms += 3_000;
    return this.#ms;
  }
}

/** What a logger was told. */
class Lines implements Logger {
  readonly lines: string[] = [];

  readonly debug = (): void => {};
  readonly info = (line: string): void => void this.lines.push(line);
  readonly error = (line: string): void => void this.lines.push(line);
}

/** What the machine leaves of a node that took a snapshot and wrote on, when it stops. */
async function usedDisk(fsync: "always" | "interval"): Promise<SimDisk> {
  const disk = new SimDisk();
  const run = await DurableRun.start(disk, { fsync });
  await run.client().call("SET", "a", "1");
  await run.durable.save(true);
  await run.client().call("SET", "a", "2");
  const left = disk.crash("all-lost");
  run.die();
  return left;
}

test("a long start tells every few seconds how far it is", async () => {
  const logger = new Lines();
  const run = await DurableRun.start(await usedDisk("always"), { logger, clock: new FastClock() });
  await run.close();
  for (const what of ["loading the snapshot", "checking the log", "replaying the log"])
    assert.ok(
      logger.lines.some((line) => new RegExp(`^${what}: \\d+ %$`).test(line)),
      `${what}: ${logger.lines.join("\n")}`,
    );
  assert.match(logger.lines.at(-1)!, /^recovered up to entry \d+ \(snapshot \d+\) in [\d.]+ s$/);
});

test("a start says what fsync interval may have lost, and with always nothing of the kind", async () => {
  for (const [fsync, isSaid] of [
    ["interval", true],
    ["always", false],
  ] as const) {
    const logger = new Lines();
    const run = await DurableRun.start(await usedDisk(fsync), { fsync, logger });
    assert.equal(await run.client().call("GET", "a"), isSaid ? "$1\r\n1\r\n" : "$1\r\n2\r\n");
    await run.close();
    const said = logger.lines.filter((line) =>
      /^fsync interval: if the machine stopped, up to a second of writes behind entry \d+ may be lost$/.test(
        line,
      ),
    );
    assert.equal(said.length > 0, isSaid, logger.lines.join("\n"));
  }
});
