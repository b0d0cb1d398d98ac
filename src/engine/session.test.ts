import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineClient } from "../../test/engine-harness.ts";
import { limits } from "../base/limits.ts";
import { encodeTransaction } from "./transaction.ts";

function opened(ttl = 1000): { readonly client: EngineClient; readonly id: number } {
  const client = new EngineClient();
  return { client, id: Number(client.run("SESSION", "OPEN", ttl)) };
}

test("a write under a number is applied once, and who asks again gets its reply", () => {
  const { client, id } = opened();
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), "1");
  assert.equal(client.run("INCR", "n"), "2");
  for (let i = 0; i < 3; i++) assert.equal(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), "1");
  assert.equal(client.run("SESSION", "ID", id, 2, 1, "INCR", "n"), "3");
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), "1");
  assert.equal(client.run("GET", "n"), '"3"');
});

test("an error is a reply like any other: the write is not tried again when it would work", () => {
  const { client, id } = opened();
  client.run("SET", "n", "text");
  const error = "-ERR value is not an integer or out of range";
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), error);
  client.run("DEL", "n");
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), error);
  assert.equal(client.run("EXISTS", "n"), "0");
});

test("numbers may come in any order, and nothing below the lowest is ever applied", () => {
  const { client, id } = opened();
  assert.equal(client.run("SESSION", "ID", id, 5, 1, "APPEND", "k", "five"), "4");
  assert.equal(client.run("SESSION", "ID", id, 3, 1, "APPEND", "k", "three"), "9");
  assert.equal(client.run("SESSION", "ID", id, 7, 4, "APPEND", "k", "seven"), "14");
  assert.match(
    client.run("SESSION", "ID", id, 3, 3, "APPEND", "k", "three"),
    /^-OUTDATED_SEQUENCE .* below 4/,
  );
  assert.match(client.run("SESSION", "ID", id, 2, 1, "APPEND", "k", "two"), /^-OUTDATED_SEQUENCE/);
  assert.equal(client.run("SESSION", "ID", id, 5, 1, "APPEND", "k", "five"), "4");
  assert.equal(client.run("GET", "k"), '"fivethreeseven"');
});

test("a session that is not used for its time is gone from that moment on, and never comes back", () => {
  const { client, id } = opened(100);
  client.now += 99;
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), "1");
  client.now += 99;
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), "1");
  assert.equal(client.engine.earliestDeadline, client.now + 100);
  client.now += 100;
  const gone = `-NOSESSION session ${id} is unknown or has expired: the write may have been applied before`;
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), gone);
  assert.equal(client.run("SESSION", "CLOSE", id), "0");
  assert.equal(client.engine.sessions.size, 1);
  assert.equal(client.engine.advance(client.now, 1), 1);
  assert.equal(client.engine.sessions.size, 0);
  assert.equal(client.engine.earliestDeadline, Number.POSITIVE_INFINITY);
  assert.equal(client.run("SESSION", "ID", id, 2, 1, "INCR", "n"), gone);
  assert.equal(client.run("GET", "n"), '"1"');
});

test("many sessions end a few at a time, in the order of their deadlines", () => {
  const client = new EngineClient();
  const ids = Array.from({ length: 40 }, (_, i) => Number(client.run("SESSION", "OPEN", 1 + ((i * 7) % 20))));
  client.now += 1000;
  const left = (): number[] => [...client.engine.sessions.all()].map(({ id }) => id);
  const byDeadline = ids.toSorted(
    (a, b) => ((ids.indexOf(a) * 7) % 20) - ((ids.indexOf(b) * 7) % 20) || a - b,
  );
  for (let i = 0; i < 40; i += 8) {
    assert.equal(client.engine.advance(client.now, 8), 8);
    assert.deepEqual(
      left(),
      byDeadline.slice(i + 8).sort((a, b) => a - b),
    );
  }
});

test("a session that is closed is unknown, and its id is never given again", () => {
  const { client, id } = opened();
  assert.equal(client.run("SESSION", "CLOSE", id), "1");
  assert.equal(client.run("SESSION", "CLOSE", id), "0");
  assert.match(client.run("SESSION", "ID", id, 1, 1, "INCR", "n"), /^-NOSESSION/);
  client.run("FLUSHALL");
  assert.ok(Number(client.run("SESSION", "OPEN", 5)) > id);
});

test("FLUSHALL drops no session and no reply", () => {
  const { client, id } = opened();
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "SET", "k", "v"), "OK");
  assert.equal(client.run("SESSION", "ID", id, 2, 1, "FLUSHALL"), "OK");
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "SET", "k", "v"), "OK");
  assert.equal(client.run("EXISTS", "k"), "0");
});

test("a transaction has one number and one reply, and takes one revision", () => {
  const { client, id } = opened();
  const queued = [
    { db: 0, bytes: Buffer.from("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n") },
    { db: 3, bytes: Buffer.from("*3\r\n$3\r\nSET\r\n$1\r\nn\r\n$1\r\nx\r\n") },
    { db: 3, bytes: Buffer.from("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n") },
    { db: 0, bytes: Buffer.from("*2\r\n$3\r\nGET\r\n$6\r\nabsent\r\n") },
  ];
  const item = encodeTransaction([], queued);
  const words = Array.from({ length: item.count }, (_, i) => item.copyOf(i));
  const before = client.engine.revision;
  for (let i = 0; i < 2; i++) {
    const reply = client.run("SESSION", "ID", id, 1, 1, ...words);
    assert.equal(reply, "[1, OK, -ERR value is not an integer or out of range, nil]");
  }
  assert.equal(client.engine.revision, before + 1);
  assert.equal(client.run("GET", "n"), '"1"');
});

test("a transaction that was given up since a watched key had changed is not tried again", () => {
  const { client, id } = opened();
  const set = { db: 0, bytes: Buffer.from("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n") };
  const item = encodeTransaction([{ db: 0, key: Buffer.from("k"), revision: 0 }], [set]);
  const words = Array.from({ length: item.count }, (_, i) => item.copyOf(i));
  client.run("SET", "k", "other");
  assert.equal(client.run("SESSION", "ID", id, 1, 1, ...words), "nil");
  client.run("DEL", "k");
  client.protocol = 3;
  assert.equal(client.run("SESSION", "ID", id, 1, 1, ...words), "nil");
  assert.equal(client.run("EXISTS", "k"), "0");
});

test("what no dispatch would let through is refused by every member alike, as the write's reply", () => {
  const { client, id } = opened();
  const refused = [
    ["GET", "k"],
    ["KEYS", "*"],
    ["SESSION", "OPEN", 5],
  ] as const;
  for (const [i, words] of refused.entries())
    assert.match(client.run("SESSION", "ID", id, 5 + i, 1, ...words), /^-ERR '.*' cannot be numbered/);
  const ping = encodeTransaction([], [{ db: 0, bytes: Buffer.from("*1\r\n$4\r\nPING\r\n") }]);
  const words = Array.from({ length: ping.count }, (_, i) => ping.copyOf(i));
  assert.match(
    client.run("SESSION", "ID", id, 2, 1, ...words),
    /^\[-ERR 'ping' is a connection's own affair/,
  );
});

test("numbers that are none are refused, and the session stays as it was", () => {
  const { client, id } = opened(50);
  client.now += 10;
  const order = "-ERR the sequence of a write is not below the lowest outstanding one, which is 1 at least";
  const noInteger = "-ERR value is not an integer or out of range";
  const cases: readonly (readonly [string | number, string | number, string | number, string])[] = [
    [id, 1, 2, order],
    [id, 1, 0, order],
    [id, 0, 0, order],
    ["x", 1, 1, noInteger],
    [id, "01", 1, noInteger],
    [id, 1, -1, noInteger],
    [id, String(2 ** 48), 1, noInteger],
  ];
  for (const [session, sequence, low, error] of cases)
    assert.equal(client.run("SESSION", "ID", session, sequence, low, "INCR", "n"), error);
  assert.equal(client.engine.earliestDeadline, client.now + 40);
  for (const ttl of [0, -1, limits.sessionTtlMsMax + 1])
    assert.match(client.run("SESSION", "OPEN", ttl), /^-ERR a session may last 1 to 86400000 milliseconds/);
  assert.equal(client.run("SESSION", "ID", id, 2 ** 48 - 1, 1, "INCR", "n"), "1");
});

test("a session keeps so many replies, and goes on when the lowest number is raised", () => {
  const { client, id } = opened();
  const { sessionRepliesMax } = limits;
  for (let i = 1; i <= sessionRepliesMax; i++) client.run("SESSION", "ID", id, i, 1, "INCR", "n");
  const next = sessionRepliesMax + 1;
  assert.match(client.run("SESSION", "ID", id, next, 1, "INCR", "n"), /^-BUSY the session has 1024 replies/);
  assert.equal(client.run("SESSION", "ID", id, 7, 1, "INCR", "n"), "7");
  assert.equal(client.run("SESSION", "ID", id, next, 2, "INCR", "n"), String(next));
});

test("replies take no more room than they may, in one session and in all, and none where they are gone", () => {
  const client = new EngineClient();
  const value = "v".repeat(limits.sessionReplyBytesMax - 20);
  client.run("SET", "k", value);
  const empty = client.engine.residentBytes;
  const ids: number[] = [];
  let refusal = "";
  for (let i = 0; refusal === "" && i < 100; i++) {
    const id = Number(client.run("SESSION", "OPEN", 1000));
    ids.push(id);
    for (let sequence = 1; ; sequence++) {
      const reply = client.run("SESSION", "ID", id, sequence, 1, "GETEX", "k", "PERSIST");
      if (reply.startsWith('"')) continue;
      if (reply.startsWith("-BUSY the replies of all sessions")) refusal = reply;
      else assert.match(reply, /^-BUSY the session's replies take 3\d+ bytes of 4194304, /);
      break;
    }
  }
  assert.match(refusal, /^-BUSY the replies of all sessions take 6\d+ bytes of 67108864, /);
  const { residentBytes } = client.engine.sessions;
  assert.ok(residentBytes > limits.sessionsBytesMax - 2 * limits.sessionReplyBytesMax);
  assert.ok(residentBytes <= limits.sessionsBytesMax + 300 * ids.length);
  assert.equal(client.engine.residentBytes - empty, residentBytes);
  for (const id of ids) client.run("SESSION", "CLOSE", id);
  assert.equal(client.engine.residentBytes, empty);
});

test("a reply that is too long is not kept: who asks again learns that the write was applied", () => {
  const { client, id } = opened();
  client.run("SET", "k", "v".repeat(limits.sessionReplyBytesMax));
  assert.equal(client.run("SESSION", "ID", id, 1, 1, "GETDEL", "k").length, limits.sessionReplyBytesMax + 2);
  assert.match(
    client.run("SESSION", "ID", id, 1, 1, "GETDEL", "k"),
    /^-REPLY_NOT_KEPT the write was applied/,
  );
});

test("no more sessions are opened than may be", () => {
  const client = new EngineClient();
  for (let i = 0; i < limits.sessionsMax; i++) client.run("SESSION", "OPEN", 1000);
  assert.match(client.run("SESSION", "OPEN", 1000), /^-BUSY 32768 sessions are open/);
  client.now += 1000;
  client.engine.advance(client.now, 1);
  assert.match(client.run("SESSION", "OPEN", 1000), /^\d+$/);
});

test("batches of a node are applied strictly in their order, each once, and its session lives by them", () => {
  const { client, id } = opened(100);
  const { sessions } = client.engine;
  assert.equal(sessions.admit(id, 2), "gap");
  assert.equal(sessions.admit(id, 1), "apply");
  assert.equal(sessions.admit(id, 1), "duplicate");
  assert.equal(sessions.admit(id, 3), "gap");
  assert.equal(sessions.admit(id, 2), "apply");
  assert.equal(sessions.admit(id + 1, 1), "unknown");
  client.engine.advance(client.now + 99, 0);
  assert.equal(sessions.admit(id, 3), "apply");
  client.engine.advance(client.now + 99 + 100, 0);
  assert.equal(sessions.admit(id, 4), "unknown");
});
