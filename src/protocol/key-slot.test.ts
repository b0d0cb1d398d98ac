import assert from "node:assert/strict";
import { test } from "node:test";
import { redis, startRedis } from "../../test/redis-server.ts";
import { RawClient } from "../../test/server/raw-client.ts";
import { TemporaryFolder } from "../../test/temporary-folder.ts";
import { keySlot } from "./key-slot.ts";

/** From the Redis cluster specification, and around its braces. */
const keys = [
  "123456789",
  "",
  "foo",
  "{user1000}.following",
  "{user1000}.followers",
  "foo{}{bar}",
  "foo{{bar}}zap",
  "foo{bar}{zap}",
  "{}",
  "{",
  "}{a}",
  "a{b",
  "ä{ö}ü",
  "\0\xff\r\n",
];

test("the check value of the specification, keys with one tag, and keys within others", () => {
  assert.equal(keySlot(Buffer.from("123456789")), 0x31c3);
  assert.equal(keySlot(Buffer.from("{user1000}.following")), keySlot(Buffer.from("user1000")));
  assert.equal(keySlot(Buffer.from("foo{{bar}}zap")), keySlot(Buffer.from("{bar")));
  assert.equal(keySlot(Buffer.from("foo{}{bar}")), keySlot(Buffer.from("foo{}{bar}"), 0));
  assert.notEqual(keySlot(Buffer.from("foo{}{bar}")), keySlot(Buffer.from("bar")));
  const within = Buffer.from("}123456789{");
  assert.equal(keySlot(within, 1, 10), 0x31c3, "what is around a key has no part in it");
});

test("each key has the slot that Redis says", redis, async () => {
  using folder = new TemporaryFolder();
  await using server = await startRedis("--cluster-enabled", "yes", "--dir", folder.path);
  using client = await RawClient.connect(server.port);
  for (const key of keys)
    assert.equal(
      keySlot(Buffer.from(key)),
      await client.call("cluster", "keyslot", key),
      JSON.stringify(key),
    );
});
