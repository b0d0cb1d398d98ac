import assert from "node:assert/strict";
import type { Platform } from "../../sim/machine.ts";
import type { PeerMessage } from "../../src/peers/message.ts";
import { type Config, type Message, RawNode, type Ready, type Write } from "../../src/raft/index.ts";
import type { Checker } from "../raft/checker.ts";
import { Member } from "../raft/member.ts";
import type { MemoryDisk } from "../raft/memory-disk.ts";
import { Journal } from "./journal.ts";

/** A transfer of a snapshot is taken for lost after so long: nothing tells its end here. */
const snapshotMs = 200;

export interface RaftNodeOptions {
  readonly config: Omit<Config, "boot">;
  readonly tickMs: number;
  readonly snapshotEntries: number;
}

/**
 * A bare raft core as a node of the simulator: ticks come from the clock, messages from the network, and each of its
 * writes is a record of a journal on the disk. The member itself outlives its processes, as what a checker knows of it;
 * what a crash left is what the journal has.
 */
export class RaftNode {
  readonly member: Member;
  readonly #options: RaftNodeOptions;
  readonly #disk: MemoryDisk;
  readonly #checker: Checker;
  /** Writes that were told to be durable. */
  #finished = 0;
  #platform: Platform | undefined;
  #journal: Journal | undefined;
  #tickedMs = 0;

  constructor(options: RaftNodeOptions, disk: MemoryDisk, checker: Checker) {
    this.#options = options;
    this.#disk = disk;
    this.#checker = checker;
    this.member = this.#newMember();
    this.member.isDiskSlow = true;
    // Until the first process has looked at its disk.
    this.member.stop();
  }

  get isUp(): boolean {
    return !this.member.isDown;
  }

  /** The program of its machine. */
  start(platform: Platform): () => void {
    this.#platform = platform;
    void this.#recover(platform);
    return () => this.#died();
  }

  /** Does something to the member, and then what follows from it. */
  act(what: (member: Member) => void): void {
    if (!this.isUp) return;
    const { member } = this;
    this.#catchUp();
    what(member);
    this.#checker.look(member);
    member.turn();
    this.#pump();
    this.#compact(member);
  }

  async #recover({ disk, clock, peers }: Platform): Promise<void> {
    const { journal, records } = await Journal.open(disk);
    assert.ok(records >= this.#finished, `${this.#options.config.id} has lost what was synced`);
    this.#disk.crash(records - this.#finished, { hardState: false, snapshot: false, entries: 0 });
    this.#finished = records;
    this.#journal = journal;
    this.member.start();
    this.#tickedMs = clock.monotonicMs();
    peers.listen({
      received: (message) => this.act(({ node }) => node.step(consensusOf(message))),
      unreachable: (id) => this.act(({ node }) => node.reportUnreachable(id)),
      refused: (id) => this.act(({ node }) => node.reportRefused(id)),
    });
    clock.every(this.#options.tickMs, () => this.act(() => {}));
    this.act(() => {});
  }

  #newMember(): Member {
    return new Member({ RawNode }, this.#options.config, this.#disk, {
      ready: (at, ready) => this.#ready(at, ready),
      written: (at, write) => this.#checker.written(at, write),
      applied: (at, entry) => this.#checker.applied(at, entry),
      restored: (at, index) => this.#checker.restored(at, index),
    });
  }

  #died(): void {
    if (this.member.isDown) return;
    this.member.stop();
    this.#checker.stopped(this.member);
  }

  /** All ticks that have passed, before anything that waited meanwhile. */
  #catchUp(): void {
    const { tickMs } = this.#options;
    const ticks = Math.floor((this.#platform!.clock.monotonicMs() - this.#tickedMs) / tickMs);
    if (ticks === 0) return;
    this.#tickedMs += ticks * tickMs;
    this.member.node.tick(ticks);
    this.#checker.look(this.member);
  }

  #ready(member: Member, ready: Ready): void {
    this.#checker.ready(member, ready);
    for (const message of ready.messages) this.#send(message);
  }

  #send(message: Message): void {
    const { peers, clock } = this.#platform!;
    const { from, to } = message;
    peers.send({ type: "consensus", from, to, message, timeMs: clock.wallMs() });
    if (message.type === "installSnapshot")
      clock.after(snapshotMs, () => this.act(({ node }) => node.reportSnapshot(to, false)));
  }

  #pump(): void {
    const [write] = this.member.disk.pending;
    const journal = this.#journal!;
    if (write === undefined || journal.isBusy) return;
    journal.append(recordOf(write), () => {
      this.#finished++;
      this.act((member) => member.finishWrite());
    });
  }

  #compact(member: Member): void {
    const { appliedIndex, disk } = member;
    if (appliedIndex - disk.snapshot.index < this.#options.snapshotEntries) return;
    if (disk.pending.every(({ snapshot }) => snapshot === undefined)) member.compact(appliedIndex + 1);
  }
}

function consensusOf(message: PeerMessage): Message {
  assert.ok(message.type === "consensus");
  return message.message;
}

/** Something of the length that it would have on a disk; what it says the member knows. */
function recordOf({ number, entries }: Write): Buffer {
  const bytes = entries.reduce((sum, { payload }) => sum + 64 + payload.length, 64);
  return Buffer.alloc(bytes, number % 251);
}
