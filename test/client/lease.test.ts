import assert from "node:assert/strict";
import { test } from "node:test";
import { KvClient } from "../../src/client/client.ts";
import type { Lease } from "../../src/client/lease.ts";
import { BadServer } from "./bad-server.ts";
import { status } from "./say.ts";

/** A connection for one caller, to a server that says nothing any more: no heartbeat and no silence ends that wait. */
const endings: readonly [
  name: string,
  code: string,
  timeout: number,
  begin: (lease: Lease) => Promise<unknown>,
][] = [
  ["the client's timeout", "TIMEOUT", 60, (lease) => lease.call("SET", "a", 1)],
  ["its own timeout", "TIMEOUT", 0, (lease) => lease.send(["SET", "a", 1], { timeout: 60 })],
  ["its signal", "ABORTED", 0, (lease) => aborted(lease)],
];

function aborted(lease: Lease): Promise<unknown> {
  const controller = new AbortController();
  const call = lease.send(["SET", "a", 1], { signal: controller.signal });
  setImmediate(() => controller.abort());
  return call;
}

for (const [name, code, timeout, begin] of endings) {
  test(`a call on a lent connection ends by ${name}, and the connection is not lent again`, async () => {
    await using server: BadServer = await BadServer.start(([word]) =>
      word === "KVORUM"
        ? status("n1", 1, "n1", { n1: server.address })
        : word === "PING"
          ? "+PONG"
          : undefined,
    );
    const client = new KvClient({ addresses: [server.address], timeout, silence: 60_000 });
    const lease = await client.acquire();
    const { connections } = server;
    await assert.rejects(begin(lease), { name: "KvClientError", code, applied: "maybe" });
    lease.release();
    (await client.acquire()).release();
    assert.equal(server.connections, connections + 1);
    const late = AbortSignal.abort();
    await assert.rejects((await client.acquire()).send(["PING"], { signal: late }), {
      code: "ABORTED",
      applied: "no",
    });
    client.destroy();
  });
}

test("a connection that was changed is not lent again, and one that was not is", async () => {
  await using server: BadServer = await BadServer.start(([word]) =>
    word === "KVORUM" ? status("n1", 1, "n1", { n1: server.address }) : "+OK",
  );
  await using client = new KvClient(server.address);
  await client.connect();
  const opened: number[] = [];
  for (const words of [
    ["GET", "a"],
    ["SELECT", 1],
    ["GET", "a"],
  ]) {
    using lease = await client.acquire();
    await lease.call(...words);
    opened.push(server.connections);
  }
  assert.deepEqual(
    opened.map((count) => count - opened[0]!),
    [0, 0, 1],
  );
});
