import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import express from "express";
import session from "express-session";
import { KvorumStore } from "../../src/adapters/express-session.ts";
import { KvClient } from "../../src/client/client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { gather } from "./gather.ts";

declare module "express-session" {
  interface SessionData {
    user: string;
  }
}

const prefix = "session:";
let node: SpawnedNode;
let client: KvClient;
let store: KvorumStore;

before(async () => {
  node = await SpawnedNode.start();
  client = new KvClient(`127.0.0.1:${node.port}`);
  store = new KvorumStore({ keys: client.prefix(prefix) });
});

after(async () => {
  await client.close();
  await node[Symbol.asyncDispose]();
});

/** An application of which every instance could be a process of its own: all they share is the store. */
class Application {
  readonly #server: Server;
  /** The browser. */
  #cookie = "";

  constructor(maxAge?: number) {
    const app = express();
    const cookie = maxAge === undefined ? {} : { maxAge };
    app.use(session({ store, cookie, secret: "s", resave: false, saveUninitialized: false }));
    app.get("/login", (request, response) => {
      request.session.user = String(request.query.user);
      response.send("welcome");
    });
    app.get("/who", (request, response) => void response.send(request.session.user ?? "nobody"));
    app.get("/renew", (request, response, next) =>
      request.session.regenerate((error) => (error ? next(error) : response.send("renewed"))),
    );
    app.get("/logout", (request, response, next) =>
      request.session.destroy((error) => (error ? next(error) : response.send("bye"))),
    );
    this.#server = app.listen(0, "127.0.0.1");
  }

  async get(path: string): Promise<string> {
    if (!this.#server.listening) await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie: this.#cookie } });
    this.#cookie = response.headers.get("set-cookie")?.split(";")[0] ?? this.#cookie;
    return response.text();
  }

  /** As the same browser that a balancer sends to another instance. */
  follow(other: Application): void {
    this.#cookie = other.#cookie;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function onlySession(): Promise<string> {
  const keys = await gather(client.scan({ match: `${prefix}*` }));
  assert.equal(keys.length, 1);
  return keys[0]!;
}

test("who logs in is known, also to another instance, until the logout", async () => {
  await using one = new Application();
  await using two = new Application();
  assert.equal(await one.get("/who"), "nobody");
  await one.get("/login?user=alice");
  assert.equal(await one.get("/who"), "alice");
  two.follow(one);
  assert.equal(await two.get("/who"), "alice");
  assert.equal(await two.get("/logout"), "bye");
  assert.equal(await one.get("/who"), "nobody");
  assert.deepEqual(await gather(client.scan({ match: `${prefix}*` })), []);
});

test("a session without an end lives for a day; one with an end as long as its cookie", async () => {
  await using app = new Application();
  await app.get("/login?user=bob");
  const dayMs = 86_400_000;
  const ms = (await client.ttl(await onlySession()))!;
  assert.ok(ms > dayMs - 60_000 && ms <= dayMs, String(ms));
  await app.get("/logout");
  await using short = new Application(60_000);
  await short.get("/login?user=bob");
  const shortMs = (await client.ttl(await onlySession()))!;
  assert.ok(shortMs > 30_000 && shortMs <= 60_000, String(shortMs));
  await short.get("/logout");
});

test("a request that changes nothing moves the end, and leaves the data alone", async () => {
  await using app = new Application(60_000);
  await app.get("/login?user=carol");
  const key = await onlySession();
  const before = await client.getWithRevision(key);
  await client.expire(key, 20_000);
  assert.equal(await app.get("/who"), "carol");
  assert.ok((await client.ttl(key))! > 30_000);
  assert.equal((await client.get(key))!, before!.value);
  await app.get("/logout");
});

test("a session that has expired is nobody's", async () => {
  await using app = new Application(60_000);
  await app.get("/login?user=dan");
  const key = await onlySession();
  await client.expire(key, 1);
  while (await client.has(key)) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(await app.get("/who"), "nobody");
});

test("a session gets a new id, and the old one is of no use", async () => {
  await using app = new Application();
  await app.get("/login?user=eve");
  const key = await onlySession();
  assert.equal(await app.get("/renew"), "renewed");
  assert.equal(await client.has(key), false);
  await app.get("/logout");
});

test("all, length and clear see the sessions of the prefix alone", async () => {
  await client.set("sessionless", "stays");
  const cookie = { originalMaxAge: null };
  for (const sid of ["a", "b"])
    await new Promise<void>((resolve) => store.set(sid, { cookie, user: sid }, () => resolve()));
  store.set("over", { cookie: { originalMaxAge: 1, expires: new Date(0) }, user: "x" });
  const all = await new Promise((resolve) => store.all((_error, sessions) => resolve(sessions)));
  assert.deepEqual(all, { a: { cookie, user: "a" }, b: { cookie, user: "b" } });
  assert.equal(await new Promise((resolve) => store.length((_error, length) => resolve(length))), 2);
  await new Promise((resolve) => store.clear(resolve));
  assert.equal(await new Promise((resolve) => store.length((_error, length) => resolve(length))), 0);
  assert.equal(await client.get("sessionless"), "stays");
});

test("a cluster that cannot be reached is an error of the request", async () => {
  await using gone = new KvClient({ addresses: ["127.0.0.1:1"], timeout: 50 });
  const lost = new KvorumStore({ keys: gone });
  const error = await new Promise((resolve) => lost.get("a", resolve));
  assert.match(String(error), /KvClientError/);
});

test("sessions that are too much for one reply are counted and listed all the same", async () => {
  await new Promise((resolve) => store.clear(resolve));
  const text = JSON.stringify({ cookie: {}, user: "x".repeat(5_000_000) });
  for (const id of ["a", "b"]) await client.set(prefix + id, text);
  const counted = await new Promise((resolve, reject) =>
    store.length((error, length) => (error ? reject(error) : resolve(length))),
  );
  const listed = await new Promise<object>((resolve, reject) =>
    store.all((error, sessions) => (error ? reject(error) : resolve(sessions!))),
  );
  assert.equal(counted, 2);
  assert.deepEqual(Object.keys(listed).sort(), ["a", "b"]);
  await new Promise((resolve) => store.clear(resolve));
});
