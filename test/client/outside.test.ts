import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { KvClient } from "../../src/client/client.ts";
import type { OperationMessage } from "../../src/client/telemetry.ts";
import { importsOf } from "../floors.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { certificate, privateKey } from "./certificate.ts";

/** The client among what is around it: the package, the process, threads, TLS, and those who listen. */
let node: SpawnedNode;
const door = join(import.meta.dirname, "../../src/client/index.js");

before(async () => {
  node = await SpawnedNode.start();
});

after(() => node[Symbol.asyncDispose]());

function address(): string {
  return `127.0.0.1:${node.port}`;
}

test("the door pulls in base, protocol and platform, and no package", () => {
  const root = join(import.meta.dirname, "../..");
  const seen = new Set<string>();
  const outside = new Set<string>();
  const walk = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const target of importsOf(readFileSync(file, "utf8"))) {
      if (target.startsWith(".")) walk(join(dirname(file), target));
      else outside.add(target);
    }
  };
  walk(door);
  const rooms = new Set([...seen].map((file) => file.slice(root.length).split("/")[2]));
  assert.deepEqual([...rooms].sort(), ["base", "client", "platform", "protocol"]);
  assert.deepEqual(
    [...outside].filter((target) => !target.startsWith("node:")),
    [],
  );
});

/** Runs a program of its own that uses the package by its name's file, and gives what it prints. */
async function run(program: string): Promise<string> {
  const source = `import { KvClient } from ${JSON.stringify(door)};\n${program}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], {
    timeout: 60_000,
  });
  return stdout;
}

test("a program that closes its client ends, and one whose nodes are gone waits for what it has begun", async () => {
  const closes = `const client = new KvClient("${address()}");
    await client.set("a", 1); console.log(await client.get("a")); await client.close(); console.log("closed");`;
  assert.equal(await run(closes), "1\nclosed\n");
  // Port 1 refuses: there is no socket that would keep the process alive.
  const waits = `const client = new KvClient({ addresses: ["127.0.0.1:1"], timeout: 700 });
    try { await client.get("a"); } catch (error) { console.log(error.code, error.applied); } await client.close();`;
  assert.equal(await run(waits), "TIMEOUT no\n");
});

test("a client works in a worker thread", async () => {
  const source = `const { parentPort } = require("node:worker_threads");
    import(${JSON.stringify(door)}).then(async ({ KvClient }) => {
      const client = new KvClient("${address()}");
      await client.set("thread", "yes");
      parentPort.postMessage(await client.get("thread"));
      await client.close();
    });`;
  const worker = new Worker(source, { eval: true });
  const exited = once(worker, "exit");
  assert.deepEqual(await once(worker, "message"), ["yes"]);
  assert.deepEqual(await exited, [0]);
});

test("bytes come back as they were, alone and in a transaction, beside text", async () => {
  await using client = new KvClient(address());
  const bytes = Buffer.from([0, 255, 13, 10, 128]);
  await client.set("bytes", bytes);
  const asBytes = { as: "bytes" } as const;
  assert.deepEqual(await client.get("bytes", asBytes), bytes);
  assert.deepEqual(await client.getMany(["bytes", "none"], asBytes), [bytes, null]);
  const seen = await client.getWithRevision("bytes", asBytes);
  const results = client.transaction().set("text", "ä").ttl("text").get("text").get("bytes", asBytes);
  assert.deepEqual(
    await results.getWithRevision("text").getWithRevision("bytes", asBytes).get("none", asBytes).commit(),
    [true, Number.POSITIVE_INFINITY, "ä", bytes, { value: "ä", revision: seen!.revision + 1 }, seen, null],
  );
});

test("TLS: a certificate that is trusted lets operations through, any other one does not", async () => {
  const sockets = new Set<net.Socket>();
  const server = tls.createServer({ key: privateKey, cert: certificate }, (client) => {
    const plain = net.connect(node.port, "127.0.0.1");
    for (const socket of [client, plain]) sockets.add(socket.on("error", () => {}));
    client.pipe(plain).pipe(client);
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const addresses = [`localhost:${(server.address() as net.AddressInfo).port}`];
  // The node says where it is itself, which is not encrypted.
  const options = { addresses, translateAddress: () => addresses[0]! };
  try {
    await using client = new KvClient({ ...options, tls: { ca: certificate } });
    const value = "x".repeat(300_000);
    assert.equal(await client.set("secret", value), true);
    assert.equal(await client.get("secret"), value);
    await using stranger = new KvClient({ ...options, tls: true, timeout: 1_000 });
    await assert.rejects(stranger.get("secret"), { code: "TIMEOUT", message: /self-signed certificate/ });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test("who has a connection of its own may wait for what takes its time", async () => {
  await using client = new KvClient({ addresses: [address()], silence: 150, heartbeat: 100 });
  const lease = await client.acquire();
  // Nobody else holds any write: it waits until its time is over, far longer than the silence that others would notice.
  assert.equal(await lease.call("WAIT", 1, 700), 0);
  lease.release();
});

test("operations are published on a channel, with what became of them", async () => {
  const messages: OperationMessage[] = [];
  const listen = (message: unknown): void => void messages.push(message as OperationMessage);
  subscribe("kvorum:client:operation", listen);
  try {
    await using client = new KvClient(address());
    await client.set("text", "x");
    await assert.rejects(client.increment("text"), { code: "ERR" });
  } finally {
    unsubscribe("kvorum:client:operation", listen);
  }
  const [set, increment] = messages.filter(({ command }) => command !== "SESSION");
  assert.equal(set?.command, "SET");
  assert.equal(set?.address, address());
  assert.equal(set?.attempts, 1);
  assert.ok(set !== undefined && set.durationMs > 0 && set.error === undefined);
  assert.equal(increment?.command, "INCR");
  assert.equal(increment?.error?.code, "ERR");
});

test("OpenTelemetry is told where a program has it, and a broken one does no harm", async () => {
  const recorded: [string, object][] = [];
  const key = Symbol.for("opentelemetry.js.api.1");
  const world = globalThis as Record<symbol, unknown>;
  const instrument = (name: string): object => ({
    record: (_: number, attributes: object) => recorded.push([name, attributes]),
    add: (_: number, attributes: object) => recorded.push([name, attributes]),
  });
  try {
    world[key] = {
      metrics: { getMeter: () => ({ createHistogram: instrument, createCounter: instrument }) },
    };
    await using client = new KvClient(address());
    await client.get("a");
    assert.deepEqual(recorded.at(-1), [
      "db.client.operation.duration",
      { "db.system.name": "kvorum", "db.operation.name": "GET", "server.address": address() },
    ]);
    world[key] = { metrics: { getMeter: () => assert.fail("broken") } };
    await using other = new KvClient(address());
    await other.get("a");
  } finally {
    delete world[key];
  }
});

test("events are callbacks that end when they are told to, and whose errors are nobody else's", async () => {
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", warned);
  const events: string[] = [];
  const client = new KvClient(address());
  client.on("connect", (event) => events.push(`connect ${event.address}`));
  client.on("connect", () => assert.fail("a listener that throws"));
  client.on("connect", () => Promise.reject(new Error("a listener that rejects")));
  client.on("topology", ({ leader }) => events.push(`topology ${leader}`));
  const end = client.on("disconnect", () => events.push("disconnect"));
  await client.connect();
  end();
  await client.close();
  assert.deepEqual(new Set(events), new Set([`connect ${address()}`, `topology ${address()}`]));
  while (warnings.length < 2) await new Promise(setImmediate);
  process.off("warning", warned);
  const text = warnings.join("\n");
  assert.match(text, /a listener of "connect" threw: .*a listener that throws/);
  assert.match(text, /a listener of "connect" threw: .*a listener that rejects/);
});
