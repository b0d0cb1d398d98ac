import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../base/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { systemClock } from "../platform/clock.ts";
import type { HeldSnapshot, Persistence } from "../replica/contract.ts";
import { Backups } from "./backups.ts";
import type { Connection } from "./connection.ts";

/** A clock whose timers are set off by hand. */
class HandClock implements Clock {
  readonly timers = new Set<() => void>();
  wallMs = systemClock.wallMs;
  monotonicMs = systemClock.monotonicMs;
  nextTurn = systemClock.nextTurn;

  after(delayMs: number, task: () => void): Timer {
    assert.equal(delayMs, limits.backupIdleMsMax);
    this.timers.add(task);
    return { cancel: () => this.timers.delete(task) };
  }

  every(): Timer {
    throw new Error("nothing here is done again and again");
  }

  ring(): void {
    for (const task of [...this.timers]) task();
  }
}

/** A disk's side that takes snapshots when it is told to, and counts those that are held. */
class Snapshots {
  held = 0;
  readonly waiting: ((failure?: Error) => void)[] = [];

  takeBackup(): Promise<HeldSnapshot> {
    return new Promise((resolve, reject) => {
      this.waiting.push((failure) => {
        if (failure !== undefined) return reject(failure);
        this.held++;
        resolve({
          index: 1,
          bytes: 10,
          read: async (_offset, length) => Buffer.alloc(length),
          release: async () => void this.held--,
        });
      });
    });
  }
}

function setUp(): { clock: HandClock; snapshots: Snapshots; persistence: Persistence; backups: Backups } {
  const clock = new HandClock();
  const snapshots = new Snapshots();
  // Of a node's persistence and of a connection, this is all that is looked at.
  return { clock, snapshots, persistence: snapshots as unknown as Persistence, backups: new Backups(clock) };
}

function connection(isGone = false): Connection {
  return { isGone } as Connection;
}

test("a backup that nobody reads from ends after a while, and reading puts that off", async () => {
  const { clock, snapshots, persistence, backups } = setUp();
  const client = connection();
  const begun = backups.begin(client, persistence);
  snapshots.waiting.pop()!();
  const backup = await begun;
  const [first] = clock.timers;
  await backups.read(client, backup, 0, 5);
  assert.equal(clock.timers.size, 1);
  assert.ok(!clock.timers.has(first!), "the old timer is gone");
  clock.ring();
  assert.equal(backups.find(client, backup.id), undefined);
  await backups.close();
  assert.deepEqual([snapshots.held, clock.timers.size], [0, 0]);
});

test("a client that leaves while its snapshot is being taken holds nothing", async () => {
  const { clock, snapshots, persistence, backups } = setUp();
  const begun = backups.begin(connection(true), persistence);
  snapshots.waiting.pop()!();
  await begun;
  await backups.close();
  assert.deepEqual([snapshots.held, clock.timers.size], [0, 0]);
});

test("a stop lets go of everything, also of what is still being taken", async () => {
  const { snapshots, persistence, backups } = setUp();
  const begun = [backups.begin(connection(), persistence), backups.begin(connection(), persistence)];
  snapshots.waiting.shift()!();
  await begun[0];
  const closing = backups.close();
  snapshots.waiting.shift()!();
  await closing;
  assert.equal(snapshots.held, 0);
});

test("one backup for a connection, and few at once", async () => {
  const { snapshots, persistence, backups } = setUp();
  const clients = Array.from({ length: limits.backupsMax }, () => connection());
  const begun = clients.map((client) => backups.begin(client, persistence));
  assert.match(backups.refusal(clients[0]!), /^ERR a backup is under way on this connection/);
  assert.match(backups.refusal(connection()), /^BUSY 4 backups are under way/);
  snapshots.waiting.shift()!(new Error("the disk is full"));
  await assert.rejects(begun[0]!, /the disk is full/);
  assert.equal(backups.refusal(clients[0]!), "");
  for (const take of snapshots.waiting) take();
  await Promise.all(begun.slice(1));
  assert.equal(backups.find(clients[1]!, (await begun[2]!).id), undefined, "only one's own");
  for (const client of clients) backups.end(client);
  await backups.close();
  assert.equal(snapshots.held, 0);
});
