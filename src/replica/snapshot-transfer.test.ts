import assert from "node:assert/strict";
import { test } from "node:test";
import { SimDisk } from "../../sim/disk.ts";
import { EngineClient } from "../../test/engine-harness.ts";
import { directory, fixedRandom, HandClock } from "../../test/log-harness.ts";
import type { Engine } from "../engine/engine.ts";
import { Image } from "../engine/image.ts";
import { DataDirectory } from "../log/data-directory.ts";
import { type SnapshotMeta, snapshotFormat } from "../log/snapshot-file.ts";
import type { PeerMessage, SnapshotPiece } from "../peers/message.ts";
import { systemClock } from "../platform/clock.ts";
import { silentLogger } from "../platform/logger.ts";
import type { InstallSnapshot } from "../raft/message.ts";
import { SnapshotReceiver } from "./snapshot-receiver.ts";
import { SnapshotSender } from "./snapshot-sender.ts";

const clusterId = "00".repeat(16);
const term = 3;

/** A leader with snapshots, and a member that lags; between them, messages that somebody hands over. */
class Pair {
  readonly clock: HandClock = new HandClock();
  readonly leader: DataDirectory;
  readonly member: DataDirectory;
  readonly leaderDisk: SimDisk;
  readonly memberDisk: SimDisk;
  readonly sender: SnapshotSender;
  readonly receiver: SnapshotReceiver;
  readonly ends: [to: string, isDone: boolean][] = [];
  readonly complete: InstallSnapshot[] = [];
  /** On their way. */
  readonly messages: PeerMessage[] = [];

  private constructor(
    leader: DataDirectory,
    member: DataDirectory,
    disks: readonly [SimDisk, SimDisk],
    bytesPerSecond: number,
  ) {
    this.leader = leader;
    this.member = member;
    [this.leaderDisk, this.memberDisk] = disks;
    const peers = {
      send: (message: PeerMessage) => void this.messages.push(message),
      listen() {},
      setMembers() {},
    };
    const { clock } = this;
    const logger = silentLogger;
    this.sender = new SnapshotSender(
      { store: leader.snapshots, pieceBytes: 100, bytesPerSecond, clock, peers, logger },
      (to, isDone) => this.ends.push([to, isDone]),
    );
    this.receiver = new SnapshotReceiver({ directory: member, peers, logger }, (install) => {
      this.complete.push(install);
    });
  }

  static async open(otherCluster = clusterId, bytesPerSecond = 1e9): Promise<Pair> {
    const disks = [new SimDisk(), new SimDisk()] as const;
    const leader = await opened(disks[0], "n1", clusterId);
    const pair = new Pair(leader, await opened(disks[1], "n2", otherCluster), disks, bytesPerSecond);
    await save(leader, 7);
    return pair;
  }

  install(index: number): InstallSnapshot {
    const snapshot = { index, term, configuration: { members: [] } };
    return { type: "installSnapshot", from: "n1", to: "n2", term, snapshot };
  }

  /** The next message, once there is one. */
  async next(): Promise<PeerMessage> {
    await until(() => this.messages.length > 0);
    return this.messages.shift()!;
  }

  /** Hands it to whom it is for, and waits until that one has taken it. */
  async deliver(message: PeerMessage): Promise<void> {
    if (message.type === "snapshotPiece") this.receiver.received(message, term);
    else if (message.type === "snapshotProgress") this.sender.progressed(message);
    else assert.fail(message.type);
    await quiet();
  }

  /** Hands over everything until the transfer has ended. */
  async run(ends = 1): Promise<void> {
    while (this.ends.length < ends) await this.deliver(await this.next());
  }

  fileOn(disk: SimDisk): Buffer | undefined {
    return [...disk.snapshotFiles()].find(([path]) => path.endsWith(".snapshot"))?.[1];
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** Calls of the simulated disks are done in microtasks: all that was begun is done. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function opened(disk: SimDisk, nodeId: string, ofCluster: string): Promise<DataDirectory> {
  return DataDirectory.open({
    ...{ disk, directory, nodeId, clock: systemClock, random: fixedRandom(), logger: silentLogger },
    cluster: { clusterId: ofCluster, hashKey: [1, 2] },
  });
}

/** The state of an engine with a few keys, as of this entry. */
async function save({ snapshots }: DataDirectory, index: number): Promise<void> {
  const client = new EngineClient();
  for (let i = 0; i < 20; i++) client.run("SET", `key:${i}`, `value ${i} ${"x".repeat(30)}`);
  const image = new Image(client.engine);
  const writer = await snapshots.create(metaOf(client.engine, index));
  writer.hurries = true;
  for (let goesOn = true; goesOn; ) {
    goesOn = image.next(100);
    for (let chunk = image.take(); chunk !== undefined; chunk = image.take()) await writer.write(chunk);
  }
  image.close();
  await writer.finish();
}

function metaOf({ keyspaces, revision, now, version }: Engine, index: number): SnapshotMeta {
  return {
    ...{ format: snapshotFormat, clusterId, hashKey: [1, 2], index, term, revision, timeMs: now },
    ...{ keys: keyspaces.map(({ records }) => records), sessions: 0, engineVersion: version },
    createdWallMs: 0,
  };
}

test("a state goes over in pieces, each when the one before has arrived, and is verified and adopted", async () => {
  const pair = await Pair.open();
  const install = pair.install(7);
  pair.sender.send(install);
  for (let pieces = 0; pair.ends.length === 0; ) {
    const message = await pair.next();
    await quiet();
    assert.deepEqual(pair.messages, [], "one message at a time");
    if (message.type === "snapshotPiece") {
      assert.deepEqual([message.offset, message.bytes.length <= 100], [pieces * 100, true]);
      pieces++;
    }
    await pair.deliver(message);
  }
  assert.deepEqual(pair.complete, [install]);
  assert.equal(pair.member.snapshots.newest(), undefined);
  assert.deepEqual(pair.ends, [["n2", true]]);
  pair.receiver.hold();
  await pair.receiver.adopt(install.snapshot);
  assert.equal(pair.member.snapshots.newest()?.index, 7);
  assert.deepEqual(pair.fileOn(pair.memberDisk), pair.fileOn(pair.leaderDisk));
});

test("pieces leave no faster than the rate allows", async () => {
  const pair = await Pair.open(clusterId, 100_000);
  pair.sender.send(pair.install(7));
  for (let pieces = 0; pair.ends.length === 0; pieces++) {
    await until(() => pair.messages.length > 0);
    await pair.deliver(await pair.next());
    await pair.deliver(await pair.next());
    assert.equal(pair.messages.length, 0, "the next one waits");
    pair.clock.move(1);
    assert.ok(pieces < 100);
  }
  assert.deepEqual(pair.ends, [["n2", true]]);
});

test("what is lost is sent again in its time; what comes twice, or too early, changes nothing", async () => {
  const pair = await Pair.open();
  pair.sender.send(pair.install(7));
  for (let i = 0; pair.ends.length === 0; i++) {
    if (pair.messages.length === 0) pair.clock.move(500);
    const message = await pair.next();
    if (i % 3 === 0) continue;
    await pair.deliver(message);
    if (i % 3 === 1) await pair.deliver(message);
    if (message.type === "snapshotPiece") await pair.deliver({ ...message, offset: message.offset + 300 });
  }
  assert.deepEqual(pair.ends, [["n2", true]]);
  assert.equal(pair.complete.length, 1);
});

test("a state that was damaged on its way is thrown away, and both say so", async () => {
  const pair = await Pair.open();
  pair.sender.send(pair.install(7));
  for (let i = 0; pair.ends.length === 0; i++) {
    const message = await pair.next();
    if (message.type === "snapshotPiece" && i === 4) message.bytes[10]! ^= 1;
    await pair.deliver(message);
  }
  assert.deepEqual(pair.ends, [["n2", false]]);
  assert.deepEqual(pair.complete, []);
  // Another transfer goes well.
  pair.sender.send(pair.install(7));
  await pair.run(2);
  assert.deepEqual(pair.ends.at(-1), ["n2", true]);
});

test("what is not what the core spoke of is not taken: another entry, or another cluster", async () => {
  const other = await Pair.open();
  other.sender.send(other.install(7));
  while (other.ends.length === 0) {
    const message = await other.next();
    const install = other.install(8);
    await other.deliver(message.type === "snapshotPiece" ? { ...message, install } : message);
  }
  assert.deepEqual(other.ends, [["n2", false]]);
  const foreign = await Pair.open("11".repeat(16));
  foreign.sender.send(foreign.install(7));
  await foreign.run();
  assert.deepEqual([foreign.ends, foreign.complete], [[["n2", false]], []]);
});

test("who never answers is given up after twenty repeats, and the file is let go", async () => {
  const pair = await Pair.open();
  pair.sender.send(pair.install(7));
  await pair.next();
  for (let repeat = 1; repeat <= 20; repeat++) {
    assert.deepEqual(pair.ends, []);
    pair.clock.move(500);
    await pair.next();
  }
  await quiet();
  pair.clock.move(500);
  assert.deepEqual(pair.ends, [["n2", false]]);
  for (const index of [8, 9]) await save(pair.leader, index);
  await quiet();
  const files = [...pair.leaderDisk.snapshotFiles().keys()].filter((path) => path.endsWith(".snapshot"));
  assert.equal(files.length, 2);
});

test("a member that is sent another state ends the transfer before, and takes the newer one", async () => {
  const pair = await Pair.open();
  pair.sender.send(pair.install(7));
  for (let i = 0; i < 6; i++) await pair.deliver(await pair.next());
  const late = await pair.next();
  await save(pair.leader, 9);
  pair.sender.send(pair.install(9));
  assert.deepEqual(pair.ends, [["n2", false]]);
  await pair.deliver(late);
  await pair.run(2);
  assert.deepEqual(pair.ends.at(-1), ["n2", true]);
  assert.deepEqual(
    pair.complete.map(({ snapshot }) => snapshot.index),
    [9],
  );
});

test("a file that cannot be read ends the transfer; so does the end of leadership, once", async () => {
  const pair = await Pair.open();
  pair.leaderDisk.inject({ call: "read", nth: 3, code: "EIO" });
  pair.sender.send(pair.install(7));
  await pair.run();
  assert.deepEqual(pair.ends, [["n2", false]]);
  pair.sender.send(pair.install(7));
  await pair.deliver(await pair.next());
  pair.sender.stopAll();
  pair.sender.stopAll();
  assert.deepEqual(pair.ends, [
    ["n2", false],
    ["n2", false],
  ]);
});

test("a disk that takes no more is told to the leader, and nothing is left of what arrived", async () => {
  const pair = await Pair.open();
  pair.memberDisk.inject({ call: "write", path: "received", nth: 3, code: "EIO" });
  pair.sender.send(pair.install(7));
  await pair.run();
  assert.deepEqual(pair.ends, [["n2", false]]);
  assert.ok(![...pair.memberDisk.snapshotFiles().keys()].some((path) => path.includes("received")));
});

test("nothing is taken of who leads no more, nor while what has arrived is being adopted", async () => {
  const pair = await Pair.open();
  pair.sender.send(pair.install(7));
  const piece = (await pair.next()) as SnapshotPiece;
  pair.receiver.received(piece, term + 1);
  await quiet();
  assert.deepEqual(pair.messages, []);
  await pair.deliver(piece);
  await pair.run();
  const before = pair.messages.length;
  pair.receiver.hold();
  await pair.deliver({ ...piece, transfer: 9 });
  assert.equal(pair.messages.length, before);
  await pair.receiver.adopt(pair.install(7).snapshot);
  await pair.deliver({ ...piece, transfer: 9 });
  assert.equal(pair.messages.length, before + 1);
});
