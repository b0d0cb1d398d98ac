import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dump, firstDifference } from "../../test/engine-dump.ts";
import { EngineClient } from "../../test/engine-harness.ts";
import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { loadChunk } from "./chunk.ts";
import { Engine } from "./engine.ts";
import { Image } from "./image.ts";
import { stateHash } from "./state-hash.ts";

/** All of an engine, in one buffer for each chunk. */
function chunksOf(engine: Engine): Buffer[] {
  const image = new Image(engine);
  while (image.next(limits.imageRecordsPerTurn)) assert.equal(engine.image, image);
  const chunks: Buffer[] = [];
  for (let chunk = image.take(); chunk !== undefined; chunk = image.take()) chunks.push(Buffer.concat(chunk));
  image.close();
  return chunks;
}

function fresh(from: Engine): Engine {
  const engine = new Engine([1, 2]);
  engine.begin(from.revision, from.now, []);
  return engine;
}

/** Records of every shape: with and without history, deadline and raw, in several databases. */
function variety(): EngineClient {
  const client = new EngineClient();
  client.run("SET", "plain", "value");
  client.run("SET", "", "");
  client.run("SET", "mortal", "1", "PX", 5000);
  client.run("SET", "twice", "1");
  client.run("SET", "twice", "2", "PX", 7000);
  client.run("APPEND", "plain", "!");
  client.db = 15;
  client.run("SETRANGE", "k".repeat(300), 3, "abc");
  return client;
}

test("records of every shape stand in a chunk byte by byte as its description says", () => {
  const client = new EngineClient();
  client.now = 0x0123_4567_89ab;
  client.db = 9;
  client.run("SET", "ab", "xyz", "PX", 1);
  client.run("SETRANGE", "ab", 0, "X");
  const expected = [
    ..."01".split(" "),
    "79 0200 03000000 020000000000",
    "ac89674523010000",
    "010000000000 020000000000",
    "6162 58797a",
  ];
  const [chunk] = chunksOf(client.engine);
  assert.equal(chunk!.toString("hex"), expected.join("").replaceAll(" ", ""));
});

test("sessions stand in a chunk byte by byte as its description says, and come back", () => {
  const client = new EngineClient();
  client.now = 0x0123_4567_89ab;
  assert.equal(client.run("SESSION", "OPEN", 0x55), "1");
  client.run("SESSION", "ID", 1, 7, 5, "INCR", "n");
  client.run("SET", "long", "v".repeat(limits.sessionReplyBytesMax));
  client.run("SESSION", "ID", 1, 0x1234_5678_9abc, 6, "GETDEL", "long");
  client.run("DEL", "n");
  const expected = [
    "02",
    "010000000000 55000000 008a674523010000",
    "060000000000 02000000",
    "070000000000 04000000 3a310d0a",
    "bc9a78563412 ffffffff",
  ];
  const [chunk] = chunksOf(client.engine);
  assert.equal(chunk!.toString("hex"), expected.join("").replaceAll(" ", ""));
  const other = new EngineClient(fresh(client.engine));
  loadChunk(other.engine, chunk!);
  assert.equal(stateHash(other.engine), stateHash(client.engine));
  assert.throws(() => loadChunk(other.engine, chunk!), {
    message: /at byte 1: a session that is there already/,
  });
  other.now = client.now;
  assert.equal(other.run("SESSION", "ID", 1, 7, 6, "INCR", "n"), "1");
  assert.match(other.run("SESSION", "ID", 1, 0x1234_5678_9abc, 6, "INCR", "n"), /^-REPLY_NOT_KEPT/);
  assert.equal(other.run("SESSION", "ID", 1, 8, 6, "INCR", "n"), "1");
});

test("a session that cannot be is refused, and says where", () => {
  const client = new EngineClient();
  client.run("SESSION", "OPEN", 50);
  client.run("SESSION", "ID", 1, 2, 2, "INCR", "n");
  client.run("DEL", "n");
  const [chunk] = chunksOf(client.engine);
  const spoilt = (value: number, from: number, to = from + 1): Buffer =>
    Buffer.from(chunk!).fill(value, from, to);
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [spoilt(0, 1), /at byte 1: session 0 in a state of revision 3/],
    [spoilt(4, 1), /session 4 in a state of revision 3/],
    [spoilt(0, 7), /a session of 0 ms/],
    [spoilt(255, 10), /a session of 4278190130 ms/],
    [spoilt(255, 17), /a deadline at/],
    [spoilt(0, 19), /whose lowest sequence is 0/],
    [spoilt(3, 19), /at byte 29: a reply to write 2/],
    [spoilt(255, 26), /a session of 65281 replies/],
    [spoilt(255, 37), /at byte 29: it ends within a session/],
    [Buffer.concat([spoilt(16, 37), Buffer.alloc(1 << 21)]), /a reply of 1048580 bytes/],
    [chunk!.subarray(0, chunk!.length - 1), /at byte 29: it ends within a session/],
    [chunk!.subarray(0, 20), /at byte 1: it ends within a session/],
  ];
  for (const [bytes, message] of cases)
    assert.throws(() => loadChunk(fresh(client.engine), bytes), { name: "KvorumError", message });
});

test("revisions, versions and deadlines beyond 32 bits come back", () => {
  const engine = new Engine([1, 2]);
  engine.begin(2 ** 40 + 7, limits.deadlineMsMax - 1000, [1]);
  const facts = { created: 2 ** 33 + 1, modified: 2 ** 40 + 7, version: 2 ** 47 + 3, isRaw: false };
  const key = Buffer.from("a");
  assert.ok(engine.keyspaces[0]!.restore({ ...facts, deadline: limits.deadlineMsMax }, key, 0, 1, 1));
  const other = fresh(engine);
  for (const chunk of chunksOf(engine)) loadChunk(other, chunk);
  assert.equal(firstDifference(dump(other), dump(engine)), undefined);
  assert.match(dump(other)[1]!, /^0 a 9007199254740991 8589934593 1099511627783 140737488355331 /);
});

test("chunks come back in any order", () => {
  const client = new EngineClient();
  for (let i = 0; i < 6000; i++) client.run("SET", `key:${i}`, "x".repeat(100), "PX", 1 + i);
  const chunks = chunksOf(client.engine);
  assert.ok(chunks.length > 4);
  const other = fresh(client.engine);
  for (const chunk of chunks.toReversed()) loadChunk(other, chunk);
  assert.equal(firstDifference(dump(other), dump(client.engine)), undefined);
});

test("chunks have their size, but for those of one record that is larger", () => {
  const client = new EngineClient();
  for (let i = 0; i < 200; i++) client.run("SET", `key:${i}`, "x".repeat(i * 40));
  for (const size of [131_000, 131_030, 131_072, 262_144, 1_000_000])
    client.run("SET", `large:${size}`, "x".repeat(size));
  const chunks = chunksOf(client.engine);
  for (const chunk of chunks)
    assert.ok(chunk.length <= limits.chunkBytes || chunk.indexOf("large:") === 14, `${chunk.length}`);
  assert.ok(chunks.length < 20, `${chunks.length} chunks`);
});

test("a chunk that was loaded already, or a second one with a key of it, is refused", () => {
  const { engine } = variety();
  const other = fresh(engine);
  const [chunk] = chunksOf(engine);
  loadChunk(other, chunk!);
  assert.throws(() => loadChunk(other, chunk!), { message: /at byte 1: a key that is there already/ });
});

test("what cannot be is refused, and says where", () => {
  const client = new EngineClient();
  client.run("SET", "key", "value", "PX", 5);
  client.run("SET", "key", "value", "PX", 5);
  const [chunk] = chunksOf(client.engine);
  const spoilt = (value: number, from: number, to = from + 1): Buffer =>
    Buffer.from(chunk!).fill(value, from, to);
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.alloc(0), /kind undefined/],
    [spoilt(3, 0), /at byte 0: a chunk of kind 3, which this version does not know/],
    [spoilt(255, 1), /a flag that this version does not know/],
    [spoilt(3, 8), /revisions 1 to 3 in a state of revision 2/],
    [spoilt(3, 22), /revisions 3 to 2/],
    [spoilt(0, 22), /revisions 0 to 2/],
    [spoilt(0, 28), /never written/],
    [spoilt(255, 14, 22), /a deadline at 18446744073709552000/],
    [spoilt(0, 14, 22), /a deadline at 0/],
    [chunk!.subarray(0, chunk!.length - 1), /at byte 1: it ends within a record/],
    [chunk!.subarray(0, 10), /at byte 1: it ends within a record/],
    [Buffer.concat([chunk!, Buffer.from([0])]), /at byte 42: it ends within a record/],
  ];
  for (const [bytes, message] of cases) {
    assert.throws(
      () => loadChunk(fresh(client.engine), bytes),
      (error: unknown) => {
        assert.ok(error instanceof KvorumError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
  loadChunk(fresh(client.engine), chunk!);
});

/** Loads bytes that may be anything: they are taken, or refused with a KvorumError, and the engine goes on. */
function survives(from: Engine, bytes: Buffer): void {
  const engine = fresh(from);
  const around = Buffer.alloc(bytes.length + 200, 0xee);
  bytes.copy(around, 100);
  try {
    loadChunk(engine, around.subarray(100, 100 + bytes.length));
  } catch (error) {
    assert.ok(error instanceof KvorumError, String(error));
  }
  const client = new EngineClient(engine);
  assert.equal(client.run("SET", "works", "on"), "OK");
  assert.ok(
    !dump(engine).some((line) => line.includes("\xee\xee")),
    "nothing of what lies around it was read",
  );
}

test("bytes that are no chunk are refused, and crash nothing", () => {
  const { engine } = variety();
  const [chunk] = chunksOf(engine);
  for (let length = 0; length < chunk!.length; length++) survives(engine, chunk!.subarray(0, length));
  for (let bit = 0; bit < chunk!.length * 8; bit++) {
    const bytes = Buffer.from(chunk!);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    survives(engine, bytes);
  }
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from([1, ...bytes]));
  fc.assert(
    fc.property(noise, (bytes) => survives(engine, bytes)),
    { numRuns: 2000 },
  );
});
