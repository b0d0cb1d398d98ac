import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { redis, startRedis } from "../../test/redis-server.ts";
import { limits } from "../base/limits.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDialer } from "../platform/net-connect.ts";
import { ReplyError } from "../protocol/reply.ts";
import { COMMAND, RequestDecoder } from "../protocol/request-decoder.ts";
import { type Connection, type ConnectionOptions, connect } from "./connection.ts";
import { ConnectionError } from "./errors.ts";

const outside = { dialer: systemDialer, clock: systemClock };

test("ten thousand pipelined calls are answered in their order", redis, async () => {
  await using server = await startRedis();
  const connection = await open(server.port);
  assert.equal(connection.protocol, 3);
  const calls = Array.from({ length: 10_000 }, (_, i) => connection.call(["ECHO", i]));
  const replies = await Promise.all(calls);
  assert.deepEqual(
    replies,
    Array.from(replies, (_, i) => String(i)),
  );
  await connection.close();
});

test("an error that the server answers is a reply, and RESP3 comes through", redis, async () => {
  await using server = await startRedis();
  const connection = await open(server.port);
  assert.deepEqual(
    await connection.call(["INCR"]),
    new ReplyError("ERR wrong number of arguments for 'incr' command"),
  );
  assert.deepEqual(await connection.call(["CONFIG", "GET", "maxmemory"]), new Map([["maxmemory", "0"]]));
  await connection.close();
});

test("password and name are given with HELLO", redis, async () => {
  await using server = await startRedis("--requirepass", "secret");
  const connection = await open(server.port, { password: "secret", name: "tester" });
  assert.equal(await connection.call(["CLIENT", "GETNAME"]), "tester");
  await connection.close();
  await assert.rejects(open(server.port, { password: "wrong" }), { code: "REFUSED", message: /^WRONGPASS/ });
  await assert.rejects(open(server.port), { code: "REFUSED", message: /^NOAUTH/ });
});

test("a server without HELLO is spoken to in RESP2, with AUTH and a name", redis, async () => {
  await using server = await startRedis("--requirepass", "secret", "--rename-command", "HELLO", "");
  const connection = await open(server.port, { password: "secret", name: "tester" });
  assert.equal(connection.protocol, 2);
  assert.equal(await connection.call(["CLIENT", "GETNAME"]), "tester");
  assert.deepEqual(await connection.call(["CONFIG", "GET", "maxmemory"]), ["maxmemory", "0"]);
  await connection.close();
  await assert.rejects(open(server.port, { password: "wrong" }), { code: "REFUSED", message: /^WRONGPASS/ });
});

test("push messages go to their own callback", redis, async () => {
  await using server = await startRedis();
  const other = await open(server.port);
  const pushes = new EventEmitter();
  const pushed = once(pushes, "push");
  const connection = await open(server.port, { onPush: (push) => pushes.emit("push", ...push) });
  await connection.call(["CLIENT", "TRACKING", "ON"]);
  await connection.call(["GET", "watched"]);
  await other.call(["SET", "watched", "x"]);
  // Only now may it close: the push comes on a socket of its own, at any time after the reply to SET.
  assert.deepEqual(await pushed, ["invalidate", ["watched"]]);
  await Promise.all([connection.close(), other.close()]);
});

test("a call past its deadline fails, and its late reply reaches nobody else", redis, async () => {
  await using server = await startRedis();
  const connection = await open(server.port);
  const other = await open(server.port);
  const late = connection.call(["BLPOP", "list", 0], { deadlineMs: 20 });
  const next = connection.call(["ECHO", "mine"]);
  await assert.rejects(late, { code: "TIMEOUT", applied: "maybe" });
  await other.call(["RPUSH", "list", "a"]);
  assert.equal(await next, "mine");
  await Promise.all([connection.close(), other.close()]);
});

test("close() finishes what was called and takes no more", redis, async () => {
  await using server = await startRedis();
  const closes: unknown[] = [];
  const connection = await open(server.port, { onClosed: (error) => closes.push(error) });
  const calls = Array.from({ length: 100 }, (_, i) => connection.call(["INCRBY", "n", i]));
  const closed = connection.close();
  await assert.rejects(connection.call(["PING"]), { code: "CLOSED", applied: "no" });
  assert.equal((await Promise.all(calls)).at(-1), 4950);
  await closed;
  assert.deepEqual(closes, [undefined]);
});

test("destroy() fails every call: sent ones may have been carried out", async () => {
  await using server = await serve(helloOnly);
  const connection = await open(server.port);
  const sent = connection.call(["SET", "a", 1]);
  await new Promise(setImmediate);
  const unsent = connection.call(["SET", "b", 2]);
  connection.destroy(new ConnectionError("CLOSED", "enough"));
  await assert.rejects(sent, { message: "enough", applied: "maybe" });
  await assert.rejects(unsent, { message: "enough", applied: "no" });
  await connection.close();
});

test("wherever the connection is cut, the calls before it are answered and all others fail", async () => {
  const cuts = fc.record({ calls: fc.nat(60), replyBytes: fc.nat(700), reset: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(cuts, async ({ calls, replyBytes, reset }) => {
      await using server = await serve((socket) => cutAfter(socket, replyBytes, reset));
      const connection = await open(server.port);
      const settled = await Promise.allSettled(
        Array.from({ length: calls }, (_, i) => connection.call(["ECHO", `value-${i}`])),
      );
      const answered = settled
        .filter((result) => result.status === "fulfilled")
        .map((result) => result.value);
      assert.deepEqual(
        answered,
        Array.from(answered, (_, i) => `value-${i}`),
        "a prefix, in order",
      );
      if (!reset) assert.equal(answered.length, Math.min(calls, wholeEchoes(replyBytes)));
      const failed = settled.slice(answered.length) as PromiseRejectedResult[];
      for (const { reason } of failed) assert.equal(reason.code, "CLOSED");
      await connection.close();
    }),
    { numRuns: 60 },
  );
});

test("garbage fails every call that waits", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), async (garbage) => {
      await using server = await serve((socket) => {
        socket.once("data", () => {
          socket.write("%0\r\n");
          socket.once("data", () => socket.end(garbage));
        });
      });
      const connection = await open(server.port);
      const settled = await Promise.allSettled(Array.from({ length: 5 }, () => connection.call(["PING"])));
      const errors = settled
        .filter((result) => result.status === "rejected")
        .map((result) => result.reason.code);
      assert.ok(
        errors.every((code) => code === "BROKEN" || code === "CLOSED"),
        errors.join(" "),
      );
      await connection.close();
    }),
    { numRuns: 60 },
  );
});

test("what is no RESP, and a reply that nobody asked for, end the connection with their reason", async () => {
  for (const [bytes, reason] of [
    ["HTTP/1.1 400 Bad Request\r\n", /does not speak RESP: no reply begins with "HTTP/],
    ["+PONG\r\n+PONG\r\n", /nobody asked for/],
  ] as const) {
    await using server = await serve((socket) => {
      socket.once("data", () => {
        socket.write("%0\r\n");
        socket.once("data", () => socket.write(bytes));
      });
    });
    const closed = new Promise<ConnectionError | undefined>((resolve) => {
      void open(server.port, { onClosed: resolve }).then((connection) =>
        connection.call(["PING"]).catch(() => {}),
      );
    });
    const error = await closed;
    assert.equal(error?.code, "BROKEN");
    assert.match(error.message, reason);
  }
});

test("what comes right behind the answer to HELLO and is no RESP, or unasked, is no connection", async () => {
  for (const behind of ["+EXTRA\r\n", "garbage\r\n"]) {
    await using server = await serve((socket) => {
      socket.once("data", () => socket.write(`%0\r\n${behind}`));
    });
    await assert.rejects(open(server.port), { code: "BROKEN", applied: "no" });
  }
});

test("a server that says nothing is given up", async () => {
  await using server = await serve(() => {});
  await assert.rejects(open(server.port, { connectMs: 50 }), {
    code: "TIMEOUT",
    message: `127.0.0.1:${server.port} did not answer within 50 ms`,
  });
});

test("a server that closes at once, or is not there, is named", async () => {
  await using server = await serve((socket) => socket.destroy());
  await assert.rejects(open(server.port), { code: "CLOSED" });
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await assert.rejects(open(port), {
    code: "UNREACHABLE",
    message: `nothing listens on 127.0.0.1:${port}`,
    applied: "no",
  });
});

test("a host that does not exist is named", async () => {
  await assert.rejects(open(1, { host: "no-such-host.invalid" }), {
    code: "UNREACHABLE",
    message: /^the host of no-such-host\.invalid:1 (is not known|cannot be looked up at present)$/,
  });
});

test("a long value on a slow link is no silence, however long it takes", async () => {
  const pieceBytes = 1_048_576;
  await using server = await serve((socket) => {
    let taken = 0;
    socket.once("data", () => {
      socket.write("%0\r\n");
      socket.on("data", (bytes) => {
        const before = Math.floor(taken / pieceBytes);
        taken += bytes.length;
        if (taken >= 24 * pieceBytes) socket.write("+OK\r\n");
        // What the system holds is no progress that can be seen: towards the end the link is as fast as any.
        else if (Math.floor(taken / pieceBytes) > before && taken < 14 * pieceBytes) {
          socket.pause();
          setTimeout(() => socket.resume(), 150);
        }
      });
    });
  });
  const connection = await open(server.port, { silenceMs: 1_000, callMs: 0 });
  assert.equal(await connection.call(["SET", "a", Buffer.alloc(24 * pieceBytes)]), "OK");
  await connection.close();
});

test("beyond its bound the queue takes no more, and goes on when there is room", async () => {
  const gate: { open?: () => void } = {};
  await using server = await serve((socket) => {
    helloOnly(socket);
    gate.open = () => socket.write("+A\r\n".repeat(limits.callsWaitingMax));
  });
  const connection = await open(server.port);
  const calls = Array.from({ length: limits.callsWaitingMax }, () => connection.call(["A"]));
  await assert.rejects(connection.call(["A"]), { code: "BUSY", applied: "no" });
  gate.open!();
  await Promise.all(calls);
  const more = connection.call(["A"]);
  connection.destroy(new ConnectionError("CLOSED", "done"));
  await assert.rejects(more, { message: "done" });
});

test("bytes that wait are bounded too", async () => {
  await using server = await serve(helloOnly);
  const connection = await open(server.port);
  const piece = Buffer.alloc(limits.callBytesUnsentMax / 4);
  const calls = [1, 2, 3].map(() => connection.call(["SET", "a", piece]));
  await assert.rejects(connection.call(["SET", "a", piece]), { code: "BUSY" });
  connection.destroy(new ConnectionError("CLOSED", "done"));
  for (const { status } of await Promise.allSettled(calls)) assert.equal(status, "rejected");
});

function open(port: number, options: Partial<ConnectionOptions> = {}): Promise<Connection> {
  const defaults = { host: "127.0.0.1", port, bulkForm: "text", connectMs: 10_000, callMs: 10_000 } as const;
  return connect({ ...defaults, ...options }, outside);
}

/** Answers HELLO and nothing else. */
function helloOnly(socket: net.Socket): void {
  socket.once("data", () => socket.write("%0\r\n"));
}

/** Answers HELLO, then echoes, and cuts the connection when so many bytes of echoes are out. */
function cutAfter(socket: net.Socket, replyBytes: number, reset: boolean): void {
  socket.once("data", () => {
    socket.write("%0\r\n");
    let left = replyBytes;
    answerEchoes(socket, (reply) => {
      socket.write(reply.subarray(0, left));
      left -= reply.length;
      if (left > 0) return;
      if (reset) socket.resetAndDestroy();
      else socket.end();
    });
  });
}

function wholeEchoes(replyBytes: number): number {
  let bytes = 0;
  for (let i = 0; ; i++) {
    bytes += echoReply(Buffer.from(`value-${i}`)).length;
    if (bytes > replyBytes) return i;
  }
}

function answerEchoes(socket: net.Socket, send: (reply: Buffer) => void): void {
  const decoder = new RequestDecoder();
  let bytes = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    let at = 0;
    while (socket.writable && decoder.next(bytes, at, bytes.length) === COMMAND) {
      at = decoder.position;
      send(echoReply(decoder.args.copyOf(1)));
    }
    bytes = bytes.subarray(at);
  });
}

function echoReply(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from("\r\n")]);
}

interface FakeServer extends AsyncDisposable {
  readonly port: number;
}

/** A server that does what no real one would. */
async function serve(accept: (socket: net.Socket) => void): Promise<FakeServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    accept(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}
