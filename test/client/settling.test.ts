import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { KvClient } from "../../src/client/client.ts";
import { KvClientError } from "../../src/client/errors.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

/**
 * Every operation is over exactly once, whatever happens between the client and its server: connections are killed, nothing
 * comes any more, it comes late or in pieces, replies are garbage, and the way there is cut for a while.
 */

type Trouble = "kill" | "hold" | "garbage" | "halve" | "refuse" | "none";

/** Stands between a client and a node, and does what it is told to everything that goes through. */
class Meddler implements AsyncDisposable {
  readonly port: number;
  trouble: Trouble = "none";
  readonly #server: net.Server;
  readonly #pairs = new Set<[net.Socket, net.Socket]>();

  private constructor(server: net.Server) {
    this.#server = server;
    this.port = (server.address() as net.AddressInfo).port;
  }

  static async before(port: number): Promise<Meddler> {
    const server = net.createServer((client) => meddler.#join(client, net.connect(port, "127.0.0.1")));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const meddler: Meddler = new Meddler(server);
    return meddler;
  }

  /** What is wrong from now on. */
  begin(trouble: Trouble): void {
    this.trouble = trouble;
    if (trouble === "kill") this.#killAll();
    if (trouble === "garbage") for (const [client] of this.#pairs) client.write("\u0000garbage\r\n+PONG\r\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#killAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  #killAll(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #join(client: net.Socket, node: net.Socket): void {
    const pair: [net.Socket, net.Socket] = [client, node];
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket
        .on("error", () => {})
        .on("close", () => {
          for (const one of pair) one.destroy();
          this.#pairs.delete(pair);
        });
    }
    if (this.trouble === "refuse") client.resetAndDestroy();
    client.on("data", (bytes) => node.write(bytes));
    node.on("data", (bytes) => this.#pass(bytes, client));
  }

  #pass(bytes: Buffer, client: net.Socket): void {
    if (this.trouble === "hold") return;
    if (this.trouble !== "halve") client.write(bytes);
    else {
      client.write(bytes.subarray(0, bytes.length >> 1));
      client.destroy();
    }
  }
}

const troubles: readonly Trouble[] = ["kill", "hold", "garbage", "halve", "refuse"];
const plan = fc.record({
  troubles: fc.array(fc.constantFrom(...troubles), { minLength: 1, maxLength: 4 }),
  callers: fc.integer({ min: 1, max: 40 }),
  exactlyOnce: fc.boolean(),
  operationsBetween: fc.integer({ min: 1, max: 150 }),
});

test("every operation is over exactly once, and increments that are numbered are applied as often as they say", async () => {
  await using node = await SpawnedNode.start();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(plan, async ({ troubles: list, callers, exactlyOnce, operationsBetween }) => {
      const key = `n${++run}`;
      await using meddler = await Meddler.before(node.port);
      const client = new KvClient({
        ...{ addresses: [`127.0.0.1:${meddler.port}`], exactlyOnce },
        ...{ silence: 150, connectTimeout: 300, heartbeat: 100, timeout: 30_000 },
      });
      let begun = 0;
      let over = 0;
      let [applied, inDoubt] = [0, 0];
      let isStopping = false;
      const call = async (): Promise<void> => {
        while (!isStopping) {
          begun++;
          try {
            if (begun % 3 === 0) await client.get(key);
            else {
              await client.increment(key);
              applied++;
            }
          } catch (error) {
            assert.ok(error instanceof KvClientError, String(error));
            if (error.applied === "maybe") inDoubt++;
            assert.notEqual(error.applied, "yes");
          }
          over++;
        }
      };
      const all = Array.from({ length: callers }, call);
      for (const trouble of list) {
        const until = over + operationsBetween;
        while (over < until) await new Promise(setImmediate);
        meddler.begin(trouble);
        // Long enough for a connection to be given up, and for the next one to be tried.
        await new Promise((resolve) => setTimeout(resolve, 200));
        meddler.begin("none");
      }
      isStopping = true;
      await Promise.all(all);
      assert.equal(over, begun);
      assert.equal(client.stats.pending, 0);
      const value = Number(await client.get(key));
      if (exactlyOnce) assert.equal(inDoubt, 0, "numbered writes are known in the end");
      assert.ok(
        value >= applied && value <= applied + inDoubt,
        `${applied} to ${applied + inDoubt}, not ${value}`,
      );
      await client.close();
    }),
    { numRuns: 12 },
  );
});

test("a client that is destroyed under load settles everything, and leaves nothing behind", async () => {
  await using node = await SpawnedNode.start();
  for (let run = 0; run < 5; run++) {
    const client = new KvClient(`127.0.0.1:${node.port}`);
    const operations = Array.from({ length: 2_000 }, (_, i) =>
      i % 2 === 0 ? client.get(`k${i}`) : client.set(`k${i}`, i),
    );
    for (let turn = 0; turn < run; turn++) await new Promise(setImmediate);
    client.destroy();
    const settled = await Promise.allSettled(operations);
    for (const one of settled) if (one.status === "rejected") assert.equal(one.reason.code, "CLOSED");
    assert.equal(client.stats.pending, 0);
  }
});
