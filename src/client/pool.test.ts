import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SpawnedNode } from "../../test/server/spawned-node.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDialer } from "../platform/net-connect.ts";
import { type Connection, connect } from "./connection.ts";
import { ConnectionError } from "./errors.ts";
import type { Open } from "./lane.ts";
import { ConnectionPool, type PoolOptions } from "./pool.ts";

let node: SpawnedNode;

before(async () => {
  node = await SpawnedNode.start();
});

after(() => node[Symbol.asyncDispose]());

/** `opens`: called before a connection is opened; what it throws is why there is none. */
function poolOf(options: PoolOptions, opens: () => void = () => {}): ConnectionPool {
  const where = {
    host: "127.0.0.1",
    port: node.port,
    bulkForm: "text",
    connectMs: 10_000,
    callMs: 10_000,
  } as const;
  const outside = { dialer: systemDialer, clock: systemClock };
  const open: Open = async (onClosed) => {
    opens();
    return connect({ ...where, onClosed }, outside);
  };
  return new ConnectionPool(open, systemClock, options);
}

function acquireAll(pool: ConnectionPool, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => pool.acquire()));
}

test("the connection that came back last goes out first", async () => {
  const pool = poolOf({});
  const [a, b] = await acquireAll(pool, 2);
  pool.release(a!);
  pool.release(b!);
  assert.equal(await pool.acquire(), b);
  assert.equal(await pool.acquire(), a);
  await pool.close();
});

test("at maxOpen callers wait, in their order, for what comes back", async () => {
  const pool = poolOf({ max: 1, maxOpen: 2 });
  const [a, b] = await acquireAll(pool, 2);
  const order: string[] = [];
  const third = pool.acquire().then((connection) => {
    order.push("third");
    return connection;
  });
  const fourth = pool.acquire().then((connection) => {
    order.push("fourth");
    return connection;
  });
  pool.release(a!);
  assert.equal(await third, a);
  // A place becomes free also where a connection is not to be used again.
  pool.release(b!, true);
  assert.notEqual(await fourth, b);
  assert.deepEqual(order, ["third", "fourth"]);
  assert.equal(pool.size, 2);
  await pool.close();
});

test("the line is bounded in length and in time", async () => {
  const pool = poolOf({ maxOpen: 1, maxWaiting: 2, acquireTimeout: 60 });
  const held = await pool.acquire();
  const waiting = [pool.acquire(), pool.acquire()];
  await assert.rejects(pool.acquire(), { code: "BUSY", message: "2 callers wait for a connection already" });
  for (const one of waiting) await assert.rejects(one, { code: "BUSY", message: /in use for 60 ms/ });
  // The line is empty again.
  const next = pool.acquire();
  pool.release(held);
  assert.equal(await next, held);
  await pool.close();
});

test("warm-up opens the minimum, and what is idle too long is closed down to it", async () => {
  const pool = poolOf({ min: 2, max: 5, idleTimeout: 1 });
  await pool.warmUp();
  assert.deepEqual([pool.size, pool.idle], [2, 2]);
  for (const connection of await acquireAll(pool, 4)) pool.release(connection);
  assert.equal(pool.idle, 4);
  while (pool.idle > 2) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(pool.size, 2);
  await pool.close();
});

test("a connection that breaks while it is idle is not lent, one that is destroyed fails its borrower alone", async () => {
  const pool = poolOf({});
  const [a, b] = await acquireAll(pool, 2);
  pool.release(a!);
  a!.destroy(new ConnectionError("CLOSED", "broken"));
  assert.equal(pool.idle, 0);
  assert.notEqual(await pool.acquire(), a);
  const call = b!.call(["PING"]);
  pool.destroy(new ConnectionError("CLOSED", "enough"));
  await assert.rejects(call, { code: "CLOSED" });
  await assert.rejects(pool.acquire(), { code: "CLOSED" });
});

test("where no connection can be opened any more, all who wait for a place are told so", async () => {
  let isDown = false;
  const pool = poolOf({ maxOpen: 1, acquireTimeout: 60_000 }, () => {
    if (isDown) throw new ConnectionError("UNREACHABLE", "down");
  });
  const held = await pool.acquire();
  const waiting = [pool.acquire(), pool.acquire(), pool.acquire()];
  isDown = true;
  pool.release(held, true);
  for (const one of await Promise.allSettled(waiting)) {
    assert.equal(one.status === "rejected" && one.reason.code, "UNREACHABLE");
  }
  assert.equal(pool.size, 0);
  await pool.close();
});

test("a warm-up that fails in part keeps what it has opened, and what is missing is opened later", async () => {
  let opened = 0;
  const pool = poolOf({ min: 3 }, () => {
    if (++opened === 2) throw new ConnectionError("UNREACHABLE", "not this one");
  });
  await assert.rejects(pool.warmUp(), { code: "UNREACHABLE" });
  assert.deepEqual([pool.size, pool.idle], [2, 2]);
  while (pool.idle < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  (await pool.acquire()).destroy(new ConnectionError("CLOSED", "broken"));
  await pool.close();
});
