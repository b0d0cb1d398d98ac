import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import suite, { keyvIteratorTests } from "@keyv/test-suite";
import Keyv from "keyv";
import { KvorumKeyv } from "../../src/adapters/keyv.ts";
import { KvClient } from "../../src/client/client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { expect } from "./expect.ts";
import { gather } from "./gather.ts";

let node: SpawnedNode;
let client: KvClient;

before(async () => {
  node = await SpawnedNode.start();
  client = new KvClient(`127.0.0.1:${node.port}`);
});

after(async () => {
  await client.close();
  await node[Symbol.asyncDispose]();
});

/** The suite is written for vitest, of which it uses these. */
function asVitest(): Parameters<typeof suite>[0] {
  const it = (name: string, body: (t: object) => unknown): void => {
    test(name, async () => {
      let checks = 0;
      let planned: number | undefined;
      const counted = (actual: unknown): ReturnType<typeof expect> => {
        checks++;
        return expect(actual);
      };
      counted.assertions = (count: number): void => {
        planned = count;
      };
      await body({ expect: counted });
      if (planned !== undefined) assert.equal(checks, planned);
    });
  };
  return { it, beforeEach, afterEach } as unknown as Parameters<typeof suite>[0];
}

/** One store for each use, as the suite asks for it; its options outlive it. */
const opts = new KvorumKeyv(undefined as never).opts;
function store(): KvorumKeyv {
  const made = new KvorumKeyv(client.prefix("cache:"));
  return Object.assign(made, { opts });
}

describe("@keyv/test-suite", () => suite(asVitest(), Keyv, store));
describe("@keyv/test-suite: iterators", () => keyvIteratorTests(asVitest(), Keyv, store));

test("what has a ttl expires in the cluster, and what has none does not", async () => {
  const keyv = new Keyv({ store: store(), namespace: "n" });
  await keyv.set("short", 1, 60_000);
  await keyv.set("long", 1);
  const ms = await client.ttl("cache:n:short");
  assert.ok(ms !== null && ms > 30_000 && ms <= 60_000, String(ms));
  assert.equal(await client.ttl("cache:n:long"), Number.POSITIVE_INFINITY);
  await keyv.clear();
});

test("many at once: set, get, has, delete", async () => {
  const keyv = new Keyv({ store: store(), namespace: "many" });
  await keyv.setMany([
    { key: "a", value: 1 },
    { key: "b", value: { c: 2 }, ttl: 60_000 },
  ]);
  assert.deepEqual(await keyv.getMany(["a", "b", "c"]), [1, { c: 2 }, undefined]);
  assert.deepEqual(await keyv.hasMany(["a", "c"]), [true, false]);
  assert.equal(await keyv.deleteMany(["a", "b"]), true);
  assert.deepEqual(await keyv.getMany(["a", "b"]), [undefined, undefined]);
});

test("clear deletes more keys than one command names, and nothing beside them", async () => {
  const keyv = new Keyv({ store: store(), namespace: "big*" });
  await client.set("cache:bigger", "stays");
  const entries = Array.from({ length: 1_201 }, (_, i) => ({ key: `k${i}`, value: i }));
  await keyv.setMany(entries);
  await keyv.clear();
  assert.deepEqual(await gather(client.scan({ match: "cache:big*" })), ["cache:bigger"]);
});

test("a cluster that cannot be reached is an error of Keyv, and no crash", async () => {
  await using gone = new KvClient({ addresses: ["127.0.0.1:1"], timeout: 50 });
  const keyv = new Keyv({ store: new KvorumKeyv(gone) });
  const errors: unknown[] = [];
  keyv.on("error", (error) => errors.push(error));
  assert.equal(await keyv.set("a", 1), false);
  assert.match(String(errors[0]), /KvClientError/);
  keyv.throwOnErrors = true;
  await assert.rejects(keyv.get("a"), { name: "KvClientError" });
});
