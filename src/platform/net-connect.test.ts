import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import type { Stream } from "./net.ts";
import { type ConnectHandler, systemDialer } from "./net-connect.ts";

test("a large write comes back whole, and end() closes in order", async () => {
  await using peer = await listen((socket) => socket.pipe(socket));
  const big = Buffer.alloc(3_000_000, "kvorum");
  const seen = new Recorder(big.length);
  const stream = connect(peer.port, seen);
  stream.write(big);
  await seen.whole;
  assert.ok(Buffer.concat(seen.chunks).equals(big));
  stream.end();
  assert.equal(await seen.close, undefined);
  assert.deepEqual(seen.events.slice(0, 1), ["connected"], "connected comes first");
});

test("what the system could not take at once is reported as drained later", async () => {
  await using peer = await listen((socket) => socket.pause());
  const seen = new Recorder(1);
  const stream = connect(peer.port, seen);
  await seen.connect;
  const piece = Buffer.alloc(1_000_000);
  while (stream.write(piece));
  assert.ok(stream.unsentBytes > 0);
  assert.ok(!seen.events.includes("drained"));
  for (const socket of peer.sockets) socket.resume();
  await seen.drain;
  assert.equal(stream.unsentBytes, 0);
  stream.destroy();
  await seen.close;
});

test("a paused stream reads on after resume", async () => {
  await using peer = await listen((socket) => socket.end("hello"));
  const seen = new Recorder(5);
  seen.takesMore = false;
  const stream = connect(peer.port, seen);
  await seen.whole;
  assert.ok(!seen.events.includes("ended"), "nothing is read while it is paused");
  stream.resume();
  await seen.close;
  assert.deepEqual(seen.events, ["connected", "received", "ended", "closed"]);
});

test("a port where nobody listens is a close with its error", async () => {
  const peer = await listen(() => {});
  const { port } = peer;
  await peer[Symbol.asyncDispose]();
  const seen = new Recorder(1);
  connect(port, seen);
  const error = (await seen.close) as NodeJS.ErrnoException;
  assert.equal(error.code, "ECONNREFUSED");
  assert.deepEqual(seen.events, ["closed"]);
});

test("destroy before the connection stands is an orderly close", async () => {
  await using peer = await listen(() => {});
  const seen = new Recorder(1);
  connect(peer.port, seen).destroy();
  assert.equal(await seen.close, undefined);
  assert.deepEqual(seen.events, ["closed"]);
});

function connect(port: number, handler: ConnectHandler): Stream {
  return systemDialer.connect({ host: "127.0.0.1", port, keepAliveMs: 0, handler });
}

/** Notes what happens to a stream, and resolves when it does. */
class Recorder implements ConnectHandler {
  readonly events: string[] = [];
  readonly chunks: Buffer[] = [];
  takesMore = true;
  readonly connect: Promise<void>;
  readonly drain: Promise<void>;
  readonly whole: Promise<void>;
  readonly close: Promise<Error | undefined>;
  readonly #wanted: number;
  #connected!: () => void;
  #drained!: () => void;
  #arrived!: () => void;
  #closed!: (error: Error | undefined) => void;

  constructor(wantedBytes: number) {
    this.#wanted = wantedBytes;
    this.connect = new Promise((resolve) => {
      this.#connected = resolve;
    });
    this.drain = new Promise((resolve) => {
      this.#drained = resolve;
    });
    this.whole = new Promise((resolve) => {
      this.#arrived = resolve;
    });
    this.close = new Promise((resolve) => {
      this.#closed = resolve;
    });
  }

  connected(): void {
    this.events.push("connected");
    this.#connected();
  }

  received(buffer: Buffer, length: number): boolean {
    this.events.push("received");
    this.chunks.push(Buffer.from(buffer.subarray(0, length)));
    if (this.chunks.reduce((sum, chunk) => sum + chunk.length, 0) >= this.#wanted) this.#arrived();
    return this.takesMore;
  }

  drained(): void {
    this.events.push("drained");
    this.#drained();
  }

  ended(): void {
    this.events.push("ended");
  }

  closed(error: Error | undefined): void {
    this.events.push("closed");
    this.#closed(error);
  }
}

interface Peer extends AsyncDisposable {
  readonly port: number;
  readonly sockets: Set<net.Socket>;
}

async function listen(accept: (socket: net.Socket) => void): Promise<Peer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    accept(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
