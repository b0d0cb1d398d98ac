import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerListener, Peers } from "../src/peers/contract.ts";
import type { PeerMessage } from "../src/peers/message.ts";
import { FaultCounts } from "./fault-counts.ts";
import { calmNetwork, type NetworkWeather, SimNetwork } from "./network.ts";
import { Prng } from "./prng.ts";
import { SimProcess } from "./process.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";

/** One life of a node that notes what it hears: "7" for a message with this number, or what it is told of others. */
class Node implements PeerListener {
  readonly process: SimProcess;
  readonly peers: Peers;
  readonly heard: string[] = [];

  constructor(process: SimProcess, peers: Peers) {
    this.process = process;
    this.peers = peers;
    peers.listen(this);
  }

  received(message: PeerMessage): void {
    assert.equal(message.to, this.process.id);
    this.heard.push(message.type === "logEndRequest" ? `${message.round}` : message.type);
  }

  unreachable(id: string): void {
    this.heard.push(`${id} unreachable`);
  }

  refused(id: string): void {
    this.heard.push(`${id} refused`);
  }

  /** Numbered messages to another. */
  say(to: string, from: number, count = 1): void {
    for (let round = from; round < from + count; round++)
      this.peers.send({ type: "logEndRequest", from: this.process.id, to, boot: 1, round });
  }

  /** A message of so many bytes that may wait. */
  sayBulk(to: string, bytes: number): void {
    const payload = Buffer.alloc(bytes);
    this.peers.send({
      type: "forward",
      from: this.process.id,
      to,
      session: 1,
      sequence: 1,
      kind: 1,
      voters: 0,
      payload,
    });
  }
}

class Net {
  readonly scheduler: Scheduler;
  readonly faults = new FaultCounts();
  readonly network: SimNetwork;
  #seed: number;

  constructor(weather: Partial<NetworkWeather> = {}, seed = 1) {
    const trace = new Trace();
    this.#seed = seed;
    this.scheduler = new Scheduler(trace);
    const all = { ...calmNetwork, ...weather };
    this.network = new SimNetwork(this.scheduler, new Prng(seed), trace, this.faults, all);
  }

  node(id: string): Node {
    const process = new SimProcess(id, this.scheduler, new Prng(++this.#seed));
    return new Node(process, this.network.join(process));
  }

  /** Two that have spoken to each other, so that all connections are open. */
  async pair(): Promise<[Node, Node]> {
    const pair: [Node, Node] = [this.node("a"), this.node("b")];
    pair[0].say("b", 0);
    pair[1].say("a", 0);
    pair[0].sayBulk("b", 1);
    await this.for(20);
    assert.deepEqual([pair[0].heard.splice(0), pair[1].heard.splice(0).sort()], [["0"], ["0", "forward"]]);
    return pair;
  }

  for(ms: number): Promise<void> {
    return this.scheduler.run(this.scheduler.nowMs + ms);
  }

  kill(node: Node, isMachineOn = true): void {
    node.process.kill();
    this.network.left(node.process.id, { isMachineOn });
  }
}

function numbers(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${from + i}`);
}

test("in calm weather everything arrives once and in order, however the bytes are split", async () => {
  for (const splitChance of [0, 0.5, 1]) {
    const net = new Net({ splitChance });
    const [a, b] = await net.pair();
    a.say("b", 1, 500);
    b.say("a", 1, 500);
    assert.deepEqual(b.heard, [], "nothing arrives while it is sent");
    await net.for(50);
    assert.deepEqual([a.heard, b.heard], [numbers(1, 500), numbers(1, 500)]);
    assert.deepEqual(net.faults.all, []);
  }
});

test("every delay is at least the least, and their mean is the mean", async () => {
  const net = new Net({ delay: { minMs: 2, meanMs: 5 } });
  const [a, b] = await net.pair();
  let sumMs = 0;
  for (let i = 0; i < 300; i++) {
    const startMs = net.scheduler.nowMs;
    a.say("b", i);
    await net.scheduler.runUntil(() => b.heard.length > i, startMs + 1_000);
    sumMs += net.scheduler.nowMs - startMs;
    assert.ok(net.scheduler.nowMs - startMs >= 2);
  }
  assert.ok(sumMs / 300 > 4 && sumMs / 300 < 6, `${sumMs / 300}`);
});

test("some are lost", async () => {
  const net = new Net();
  const [a, b] = await net.pair();
  net.network.weather = { ...calmNetwork, lossChance: 0.3 };
  a.say("b", 1, 1_000);
  await net.for(100);
  assert.equal(b.heard.length + net.faults.of("lost"), 1_000);
  assert.ok(net.faults.of("lost") > 240 && net.faults.of("lost") < 360);
  assert.deepEqual(
    b.heard,
    [...b.heard].sort((x, y) => +x - +y),
  );
});

test("some are repeated, some are overtaken, and none of them is lost", async () => {
  const net = new Net();
  const [a, b] = await net.pair();
  net.network.weather = { ...calmNetwork, repeatChance: 0.2, reorderChance: 0.2, holdMsMax: 50 };
  for (let i = 1; i <= 500; i++) {
    a.say("b", i);
    await net.for(1);
  }
  await net.for(100);
  assert.equal(b.heard.length, 500 + net.faults.of("repeated"));
  assert.deepEqual([...new Set(b.heard)].sort(), numbers(1, 500).sort());
  const overtaken = b.heard.filter((text, i) => i > 0 && +text < +b.heard[i - 1]!).length;
  assert.ok(net.faults.of("repeated") > 60 && overtaken > 60, `${net.faults.of("repeated")} ${overtaken}`);
});

test("a flipped bit is found; what is under way behind it is lost, and the sender is told", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const net = new Net({}, seed);
    const [a, b] = await net.pair();
    net.network.weather = { ...calmNetwork, corruptChance: 1, splitChance: 0.5 };
    a.say("b", 1);
    net.network.weather = calmNetwork;
    a.say("b", 2, 3);
    await net.for(10);
    assert.deepEqual([a.heard, b.heard], [["b unreachable"], []]);
    assert.equal(net.faults.of("damage found"), 1);
    await net.for(2_000);
    a.say("b", 5);
    await net.for(10);
    assert.deepEqual(b.heard, ["5"]);
  }
});

test("a cut is one-way; what got stuck arrives late and in order when it heals in time", async () => {
  const net = new Net({ stallMsMax: 1_000 });
  const [a, b] = await net.pair();
  net.network.cut([["a", "b"]]);
  a.say("b", 1, 3);
  b.say("a", 1);
  await net.for(500);
  assert.deepEqual([a.heard, b.heard], [["1"], []]);
  net.network.heal([["a", "b"]]);
  a.say("b", 4);
  await net.for(300);
  assert.deepEqual([a.heard, b.heard], [["1"], ["1", "2", "3", "4"]]);
});

test("a cut that lasts too long breaks the connection; nobody is refused, and afterwards there is a new one", async () => {
  const net = new Net({ stallMsMax: 1_000 });
  const [a, b] = await net.pair();
  net.network.cut([["a", "b"]]);
  a.say("b", 1, 3);
  await net.for(5_000);
  assert.ok(a.heard.length > 1 && a.heard.every((text) => text === "b unreachable"), `${a.heard}`);
  net.network.healAll();
  await net.for(5_000);
  a.say("b", 4);
  await net.for(10);
  assert.deepEqual(b.heard, ["4"]);
  assert.equal(net.faults.of("refused"), 0);
});

test("whose process is dead refuses, and whoever was connected finds out by himself", async () => {
  const net = new Net();
  const [a, b] = await net.pair();
  net.kill(b);
  await net.for(1_000);
  assert.equal(a.heard[0], "b unreachable");
  assert.equal(
    a.heard.find((text) => text !== "b unreachable"),
    "b refused",
  );
  const again = net.node("b");
  await net.for(2_000);
  a.heard.length = 0;
  a.say("b", 7);
  again.say("a", 8);
  await net.for(10);
  assert.deepEqual([a.heard, b.heard, again.heard], [["8"], [], ["7"]]);
});

test("a machine that is off says nothing", async () => {
  const net = new Net();
  const [a, b] = await net.pair();
  net.kill(b, false);
  await net.for(1_000);
  assert.deepEqual(a.heard, []);
  a.say("b", 1);
  await net.for(10_000);
  assert.ok(a.heard.length > 0 && a.heard.every((text) => text === "b unreachable"), `${a.heard}`);
});

test("behind a cut nobody is refused, in neither direction", async () => {
  for (const cut of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    const net = new Net();
    const [a, b] = await net.pair();
    net.network.cut([cut]);
    net.kill(b);
    a.say("b", 1);
    await net.for(20_000);
    assert.ok(!a.heard.includes("b refused"));
  }
});

test("what a dead process sent is still under way, and what it sends is not", async () => {
  const net = new Net({ delay: { minMs: 5, meanMs: 6 } });
  const [a, b] = await net.pair();
  a.say("b", 1);
  net.kill(a);
  a.say("b", 2);
  await net.for(50);
  assert.deepEqual(
    b.heard.filter((text) => !text.startsWith("a ")),
    ["1"],
  );
});

test("a paused process hears all of it when it goes on", async () => {
  const net = new Net();
  const [a, b] = await net.pair();
  b.process.pause();
  a.say("b", 1, 3);
  await net.for(60_000);
  assert.deepEqual([a.heard, b.heard], [[], []]);
  b.process.resume();
  await net.for(1);
  assert.deepEqual(b.heard, ["1", "2", "3"]);
});

test("a half-open connection swallows everything until it times out", async () => {
  const net = new Net({ stallMsMax: 1_000 });
  const [a, b] = await net.pair();
  net.network.halfOpen("a", "b");
  a.say("b", 1, 3);
  b.say("a", 1);
  await net.for(900);
  assert.deepEqual([a.heard, b.heard], [["1"], []]);
  await net.for(2_000);
  assert.deepEqual(a.heard, ["1", "b unreachable", "b unreachable"]);
  a.say("b", 4);
  await net.for(10);
  assert.deepEqual(b.heard, ["4"]);
});

test("bulk takes its time, and what must not wait does not stand behind it", async () => {
  const net = new Net({ bytesPerMs: 100 });
  const [a, b] = await net.pair();
  a.sayBulk("b", 100_000);
  a.say("b", 1);
  await net.for(10);
  assert.deepEqual(b.heard, ["1"]);
  await net.for(985);
  assert.deepEqual(b.heard, ["1"]);
  await net.for(20);
  assert.deepEqual(b.heard, ["1", "forward"]);
});

test("a slow link is slow in its direction, until it is healed", async () => {
  const net = new Net();
  const [a, b] = await net.pair();
  net.network.slow("a", "b", 300, 1);
  a.say("b", 1);
  b.say("a", 1);
  await net.for(300);
  assert.deepEqual([a.heard, b.heard], [["1"], []]);
  await net.for(100);
  net.network.heal([["a", "b"]]);
  a.say("b", 2);
  await net.for(10);
  assert.deepEqual(b.heard, ["1", "2"]);
});

test("what waits for a slow link is there soon after it is healed, in order and once", async () => {
  const net = new Net({ splitChance: 0.5 });
  const [a, b] = await net.pair();
  net.network.slow("a", "b", 300, 1);
  a.sayBulk("b", 60_000);
  a.say("b", 1, 100);
  await net.for(1_000);
  const before = b.heard.length;
  assert.ok(before > 0 && before < 100, `${before}`);
  net.network.heal([["a", "b"]]);
  await net.for(10);
  assert.deepEqual([...b.heard].sort(), ["forward", ...numbers(1, 100)].sort());
  assert.deepEqual(
    b.heard.filter((heard) => heard !== "forward"),
    numbers(1, 100),
  );
});

test("what has no room is lost, also while nobody answers or the receiver sleeps", async () => {
  const net = new Net({ queueBytesMax: 1_000, stallMsMax: 1e9 });
  const [a, b] = await net.pair();
  b.process.pause();
  a.say("b", 1, 100);
  await net.for(10);
  const lost = net.faults.of("no room");
  assert.ok(lost > 50 && lost < 90, `${lost}`);
  b.process.resume();
  await net.for(10);
  assert.deepEqual(b.heard, numbers(1, 100 - lost));
  net.network.cut([["a", "b"]]);
  a.say("b", 1, 100);
  assert.equal(net.faults.of("no room"), 2 * lost);
});

test("the same seed does the same, another one something else", async () => {
  const hashOf = async (seed: number): Promise<string> => {
    const net = new Net({ repeatChance: 0.2, reorderChance: 0.2, holdMsMax: 50, splitChance: 0.5 }, seed);
    const [a, b] = [net.node("a"), net.node("b")];
    a.say("b", 1, 100);
    b.say("a", 1, 100);
    await net.for(100);
    return net.network.trace.hash;
  };
  assert.equal(await hashOf(1), await hashOf(1));
  assert.notEqual(await hashOf(1), await hashOf(2));
});
