import assert from "node:assert/strict";
import type net from "node:net";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { KvClient } from "../../src/client/client.ts";
import { KvClientError } from "../../src/client/errors.ts";
import { type Answer, BadServer } from "./bad-server.ts";
import { status } from "./say.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Every so many commands about keys, a member does this instead. */
const trouble: readonly [every: number, (socket: net.Socket) => string | undefined][] = [
  [1_009, (socket) => void socket.resetAndDestroy()],
  [83, () => `-NOT_LEADER leader=${leader.address}`],
  [97, () => "-BUSY too much waits already"],
  [211, () => "-CLUSTERDOWN no leader is known"],
  [307, () => "-NOSESSION unknown"],
  [401, () => "-UNKNOWN_OUTCOME not known in time"],
];
let leader: BadServer;
let sessions = 0;
let commands = 0;

function member(id: string): Answer {
  return (words, socket) => {
    const [name, sub] = words;
    if (name === "HELLO") return undefined;
    if (name === "KVORUM") return status(id, 1, "n1", { n1: leader.address, n2: other.address });
    if (sub === "OPEN") return ++sessions;
    if (name === "CONSISTENCY") return sub === "AWAIT" ? commands : "+OK";
    if (name === "PING" || sub === "CLOSE") return "+OK";
    commands++;
    for (const [every, does] of trouble) if (commands % every === 0) return does(socket);
    return name === "GET" ? "value" : sub === "ID" ? 1 : "+OK";
  };
}

let other: BadServer;

test("memory stays as it is, however long a client is used, while connections break and members refuse", async () => {
  await using first = await BadServer.start(member("n1"));
  await using second = await BadServer.start(member("n2"));
  [leader, other] = [first, second];
  await using client = new KvClient({ addresses: [leader.address, other.address], timeout: 20_000 });
  let failed = 0;
  const traffic = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const aborts = new AbortController();
      const calls = Array.from({ length: 200 }, (_, i): Promise<unknown> => {
        if (i % 4 === 0) return client.get(`k${i}`, { consistency: "stale" });
        if (i % 4 === 1) return client.get(`k${i}`);
        // Deadlines and signals that are there, and are not needed.
        if (i % 4 === 2) return client.set(`k${i}`, i, { timeout: 15_000 + (round % 50) });
        return client.increment(`n${i}`, 1, { signal: aborts.signal });
      });
      for (const one of await Promise.allSettled(calls)) {
        if (one.status === "fulfilled") continue;
        assert.ok(one.reason instanceof KvClientError && one.reason.code === "UNKNOWN_OUTCOME", one.reason);
        failed++;
      }
      for (const server of [leader, other]) server.commands.length = 0;
    }
  };
  /** Several at once, as each waits for what is tried again later. */
  const traffics = async (rounds: number): Promise<void> => {
    await Promise.all(Array.from({ length: 10 }, () => traffic(rounds / 10)));
  };
  const used = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  await traffics(100);
  // What the engine compiles and remembers of code comes once, in one of them; what is kept of operations, in each.
  const grown: number[] = [];
  while (grown.length < 3 && !(grown.at(-1)! < 600_000)) {
    const earlier = used();
    await traffics(300);
    grown.push(used() - earlier);
  }
  // 60,000 operations, some thousand of them again and again: the least object kept of each would be more.
  assert.ok(grown.at(-1)! < 600_000, `${grown} bytes more after 60,000 operations each`);
  assert.ok(client.stats.retries > 1_000, `${client.stats.retries} retries`);
  assert.ok(failed < 1_000 * grown.length, `${failed} in doubt`);
  assert.equal(client.stats.pending, 0);
});
