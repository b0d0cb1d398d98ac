import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { limits } from "../base/limits.ts";
import { systemClock } from "../platform/clock.ts";
import { silentLogger } from "../platform/logger.ts";
import { systemDialer } from "../platform/net-connect.ts";
import { systemNet } from "../platform/net-system.ts";
import { systemRandom } from "../platform/random.ts";
import { encodeAbout } from "./about.ts";
import { aliveFrame } from "./codec.ts";
import type { Hello } from "./hello.ts";
import type { Forward, PeerMessage } from "./message.ts";
import { PeerNetwork } from "./network.ts";

const cluster = "0123456789abcdef0123456789abcdef";

test("messages go both ways, also the largest, and those that must not wait do not stand behind them", async () => {
  await using one = await Peer.start("n1");
  await using two = await Peer.start("n2");
  one.knows(two);
  two.knows(one);
  const payload = Buffer.alloc(limits.logPayloadBytesMax, 7);
  // Each channel is open in its own time; what is said before is lost.
  await until(() => {
    one.network.send(forward("n1", "n2", 1, Buffer.alloc(1)));
    return two.received.length > 0 && two.network.isUp("n1");
  });
  two.received.length = 0;
  one.network.send(forward("n1", "n2", 2, payload));
  one.network.send(progress("n1", "n2", 3));
  two.network.send(progress("n2", "n1", 4));
  const large = (): PeerMessage | undefined =>
    two.received.find((message) => message.type === "forward" && message.sequence === 2);
  await until(() => large() !== undefined && one.received.length === 1);
  const types = two.received.map(({ type }) => type);
  assert.ok(types.indexOf("snapshotProgress") < two.received.indexOf(large()!), types.join(" "));
  assert.ok((large() as { payload: Buffer }).payload.equals(payload));
  assert.deepEqual(one.received, [progress("n2", "n1", 4)]);
});

test("small messages that wait for the network arrive as they were sent", async () => {
  await using one = await Peer.start("n1");
  await using two = await Peer.start("n2");
  one.knows(two);
  two.knows(one);
  const payloads = Array.from({ length: 1_500 }, (_, i) => Buffer.alloc(20_000, i));
  await until(() => {
    one.network.send(forward("n1", "n2", 0, payloads[0]!));
    return two.received.length > 0;
  });
  one.unreachable.length = 0;
  // All in one turn, in which nobody reads: more than the system's buffers take.
  for (const [i, payload] of payloads.entries()) one.network.send(forward("n1", "n2", i, payload));
  await until(() => two.received.some((message) => "sequence" in message && message.sequence === 1_499));
  const seen = two.received.filter((message) => "sequence" in message && message.sequence > 0) as Forward[];
  assert.equal(seen.length, payloads.length - 1);
  for (const { sequence, payload } of seen) assert.ok(payload.equals(payloads[sequence]!));
  assert.deepEqual(one.unreachable, []);
});

test("a member that dies is reported, as lost and as refused, and found again when it is back", async () => {
  await using one = await Peer.start("n1");
  const two = await Peer.start("n2");
  one.knows(two);
  await until(() => one.network.isUp("n2"));
  const { port } = two;
  await two.network.close();
  await until(() => one.refused.includes("n2"));
  assert.ok(one.unreachable.includes("n2"));
  await using again = await Peer.start("n2", { port, boot: 2 });
  await until(() => one.network.isUp("n2"));
  one.network.send(progress("n1", "n2", 1));
  await until(() => again.received.length === 1);
});

for (const [what, options, reason] of [
  ["another secret", { secret: "other" }, /it has another cluster secret|another cluster secret/],
  ["another cluster", { cluster: "f".repeat(32) }, /n2 belongs to another cluster than n1/],
  ["no cluster", { cluster: "" }, /n2 belongs to another cluster than n1|belongs to no cluster yet/],
  ["the same id", { id: "n1" }, /n1 lives there, not n2|two nodes have the id n1/],
  ["another data directory", { incarnation: "f".repeat(16) }, /has another data directory than the n2/],
  ["an older start", { boot: 0 }, /too old/],
] as const) {
  test(`a member with ${what} is not spoken to`, async () => {
    await using one = await Peer.start("n1");
    await using two = await Peer.start("n2", options);
    one.knows(two, { id: "n2", incarnation: incarnation });
    two.knows(one);
    await until(() => one.says(reason) && two.says(/it refuses|it has another|belongs|lives there|too old/));
    assert.equal(one.network.isUp("n2"), false, [...one.log, "--", ...two.log].join("\n"));
    one.network.send(progress("n1", "n2", 1));
    assert.deepEqual(two.received, []);
    assert.deepEqual(one.received, []);
  });
}

test("who is not known, but has the secret, is heard and answered", async () => {
  await using leader = await Peer.start("n1");
  await using newcomer = await Peer.start("n4");
  leader.knows(newcomer);
  await until(() => leader.network.isUp("n4") && newcomer.network.isUp("n1"));
  newcomer.network.send(progress("n4", "n1", 1));
  await until(() => leader.received.length === 1);
});

test("questions are answered, and refusals are told", async () => {
  await using one = await Peer.start("n1");
  await using two = await Peer.start("n2", { cluster: "" });
  one.network.answer(async ({ type }, from) => {
    if (type === "name") return { name: "one", to: from.id };
    throw new Error("not that");
  });
  const at = { host: "127.0.0.1", port: one.port };
  const { from, answer } = await two.network.ask(at, { type: "name" });
  assert.deepEqual([from.id, answer], ["n1", { name: "one", to: "n2" }]);
  await assert.rejects(two.network.ask(at, { type: "other" }), /not that/);
});

test("what strangers say ends their connection, and holds nobody up", async () => {
  await using one = await Peer.start("n1");
  for (const bytes of [
    "GET / HTTP/1.1\r\n\r\n",
    "*1\r\n$4\r\nPING\r\n",
    "KVORUM {}\n",
    'KVORUM {"protocol":99}\n',
    `KVORUM ${"x".repeat(limits.peerLineBytesMax)}`,
    "PROOF 00\n",
    "WELCOME\n",
    aliveFrame,
  ]) {
    const socket = net.connect(one.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(bytes);
    socket.resume();
    await once(socket, "close");
  }
  assert.equal(one.log.filter((line) => line.startsWith("refused")).length, 8);
});

test("a repeated greeting proves nothing", async () => {
  await using one = await Peer.start("n1");
  await using two = await Peer.start("n2");
  // Somebody in the middle writes down what is said on a connection …
  const said: Buffer[] = [];
  let connections = 0;
  const middle = net.createServer((socket) => {
    const onward = net.connect(one.port, "127.0.0.1");
    if (connections++ === 0) socket.on("data", (bytes) => said.push(bytes));
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on("error", () => {});
  });
  middle.listen(0, "127.0.0.1");
  await once(middle, "listening");
  const { port } = middle.address() as net.AddressInfo;
  two.knows(one, { peer: `127.0.0.1:${port}` });
  await until(() => two.network.isUp("n1"));
  await two.network.close();
  middle.close();
  // … and says it again.
  const socket = net.connect(one.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  for (const bytes of said) socket.write(bytes);
  await once(socket, "close");
  assert.ok(one.says(/refused n2 .*another cluster secret/), one.log.join("\n"));
});

const incarnation = "0".repeat(16);

interface PeerOptions {
  readonly id?: string;
  readonly cluster?: string;
  readonly secret?: string;
  readonly incarnation?: string;
  readonly boot?: number;
  readonly port?: number;
}

class Peer {
  readonly network: PeerNetwork;
  readonly received: PeerMessage[] = [];
  readonly unreachable: string[] = [];
  readonly refused: string[] = [];
  readonly log: string[] = [];
  readonly #self: {
    cluster: string;
    id: string;
    incarnation: string;
    boot: number;
    peer: string;
    client: string;
  };

  private constructor(id: string, options: PeerOptions) {
    this.#self = {
      ...{ id, cluster, incarnation, boot: 1, peer: "127.0.0.1:1", client: "127.0.0.1:2" },
      ...options,
    };
    const note = (line: string): void => void this.log.push(line);
    this.network = new PeerNetwork(() => this.#self, {
      ...{ net: systemNet, dialer: systemDialer, clock: systemClock, random: systemRandom },
      logger: { ...silentLogger, info: note },
      secret: options.secret ?? "secret",
      boots: { judge: async ({ boot }: Hello) => (boot < 1 ? "too old" : undefined) },
    });
    this.network.listen({
      received: (message) => this.received.push(message),
      unreachable: (other) => this.unreachable.push(other),
      refused: (other) => this.refused.push(other),
    });
  }

  static async start(id: string, options: PeerOptions = {}): Promise<Peer> {
    const peer = new Peer(id, options);
    const port = await peer.network.open({ host: "127.0.0.1", port: options.port ?? 0 });
    peer.#self.peer = `127.0.0.1:${port}`;
    return peer;
  }

  get port(): number {
    return Number(this.#self.peer.split(":")[1]);
  }

  /** From the configuration. */
  knows(other: Peer, differently: { id?: string; peer?: string; incarnation?: string } = {}): void {
    const { id, ...about } = { ...other.#self, ...differently };
    this.network.setMembers({ members: [{ id, isVoter: true, about: encodeAbout(about) }] });
  }

  says(pattern: RegExp): boolean {
    return this.log.some((line) => pattern.test(line));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.network.close();
  }
}

function progress(from: string, to: string, received: number): PeerMessage {
  return { type: "snapshotProgress", from, to, transfer: 1, received, hasFailed: false };
}

function forward(from: string, to: string, sequence: number, payload: Buffer): PeerMessage {
  return { type: "forward", from, to, session: 1, sequence, kind: 1, voters: 0, payload };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
