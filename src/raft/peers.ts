import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import type { Change } from "./configuration.ts";
import { bytesOf } from "./log.ts";
import { Progress } from "./progress.ts";
import { reachedBy, reachedByMajority } from "./quorum.ts";
import type { Raft } from "./raft.ts";
import type { Entry, EntryId, LogIndex, NodeId } from "./types.ts";

/**
 * The other members as their leader sees them: what each has, what it is sent next, and what a majority of the voters,
 * the leader included if it is one, has reached.
 *
 * Invariant: holds a progress for each member of the configuration in force but the leader, and no other.
 */
export class Peers {
  readonly #raft: Raft;
  readonly #peers: Map<NodeId, Progress> = new Map();

  constructor(raft: Raft) {
    this.#raft = raft;
    this.meet(undefined);
  }

  get(id: NodeId): Progress | undefined {
    return this.#peers.get(id);
  }

  get all(): Iterable<Progress> {
    return this.#peers.values();
  }

  /** The configuration is new. A member that begins (again) as a learner may have lost what it had. */
  meet(change: Change | undefined): void {
    const { log, now, config, id: own } = this.#raft;
    const ids = log.membership.members.map(({ id }) => id);
    if (change?.type === "demote") {
      reached("learner-begins-anew");
      this.#forget(change.id);
    }
    for (const id of this.#peers.keys()) if (!ids.includes(id)) this.#forget(id);
    for (const id of ids) {
      if (id !== own && !this.#peers.has(id))
        this.#peers.set(id, new Progress(id, log.lastIndex + 1, now, config));
    }
  }

  /** Who has its name from now on may have lost what it had: what this bundle tells it goes by that. */
  #forget(id: NodeId): void {
    this.#peers.delete(id);
    this.#raft.outbox.forget(id);
  }

  /**
   * It can be of use at once: it was heard of late, or a majority that needs it may be none. And it holds the
   * configuration: a member that does not know the members never votes, so as a voter without it, it could block the
   * election of anyone who could send it.
   */
  isCaughtUp(id: NodeId): boolean {
    const { now, config, log } = this.#raft;
    const peer = this.#peers.get(id);
    if (peer === undefined || now - peer.heardAt >= config.checkQuorumTicks) return false;
    return peer.isCaughtUp(log.commitIndex) && peer.match >= log.membership.index;
  }

  /** The voter that holds most, other than the leader. */
  get mostAdvanced(): NodeId {
    const voters = [...this.#peers.values()].filter(({ id }) => this.#raft.log.membership.isVoter(id));
    return voters.reduce((best, peer) => (peer.match > best.match ? peer : best)).id;
  }

  // What the host reports

  unreachable(id: NodeId): void {
    const peer = this.#peers.get(id);
    if (peer?.state === "replicate") {
      reached("connection-lost");
      peer.becomeProbe();
    }
  }

  snapshotEnded(id: NodeId, isDone: boolean): void {
    this.#peers.get(id)?.snapshotEnded(isDone);
  }

  loaded(id: NodeId): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) peer.isLoading = false;
  }

  // What voters have reached

  heldBy(count: number): LogIndex {
    return reachedBy(count, this.#raft.log.membership.voters, this.#matchOf);
  }

  get heldByMajority(): LogIndex {
    return reachedByMajority(this.#raft.log.membership.voters, this.#matchOf);
  }

  get ticksWithoutMajority(): number {
    return this.#raft.now - reachedByMajority(this.#raft.log.membership.voters, this.#heardAtOf);
  }

  /** The last of the rounds, up to `own`, that a majority answered. */
  roundOfMajority(own: number): number {
    const roundOf = (id: NodeId) => (id === this.#raft.id ? own : this.#peers.get(id)!.round);
    return reachedByMajority(this.#raft.log.membership.voters, roundOf);
  }

  /** The leader counts for what is durable on its own disk, like any other, however far ahead its memory is. */
  readonly #matchOf = (id: NodeId): LogIndex =>
    id === this.#raft.id ? this.#raft.log.stableIndex : this.#peers.get(id)!.match;

  readonly #heardAtOf = (id: NodeId): number =>
    id === this.#raft.id ? this.#raft.now : this.#peers.get(id)!.heardAt;

  // What they are sent

  sendHeartbeats(round: number): void {
    const { id, term, log, config } = this.#raft;
    const isConfirmed = this.ticksWithoutMajority <= 2 * config.heartbeatTicks;
    if (!isConfirmed) reached("heartbeat-without-majority");
    for (const { id: to, match } of this.#peers.values()) {
      // What it has not acknowledged may be something else there: it must not commit it.
      const commitIndex = Math.min(match, log.commitIndex);
      this.#raft.send({ type: "heartbeat", from: id, to, term, commitIndex, isConfirmed, round });
    }
  }

  sendEntries(): void {
    for (const peer of this.#peers.values()) while (this.#isSendDue(peer)) this.#send(peer);
  }

  #isSendDue(peer: Progress): boolean {
    if (peer.isPaused) return false;
    const { lastIndex, commitIndex } = this.#raft.log;
    if (peer.next <= lastIndex || peer.sentCommit < commitIndex) return true;
    return peer.isCheckDue || peer.state === "probe";
  }

  /** Sends one message and records it, so that it is not due again. */
  #send(peer: Progress): void {
    const { log, config } = this.#raft;
    const index = peer.next - 1;
    const term = peer.next < log.firstIndex ? undefined : log.termOf(index);
    if (term === undefined) {
      this.#sendSnapshot(peer);
      return;
    }
    if (peer.inflights.isFull) reached("window-full");
    const entries = peer.inflights.isFull ? none : log.entries(peer.next, config.appendBytesMax);
    if (entries === undefined) this.#load(peer);
    else this.#sendAppend(peer, { term, index }, entries);
  }

  #sendAppend(peer: Progress, previous: EntryId, entries: readonly Entry[]): void {
    const { id, term, log } = this.#raft;
    const { commitIndex } = log;
    this.#raft.send({ type: "appendEntries", from: id, to: peer.id, term, previous, entries, commitIndex });
    peer.sentCommit = commitIndex;
    peer.sent(previous.index + entries.length, entries.length, sizeOf(entries));
  }

  #sendSnapshot(peer: Progress): void {
    const { id, term, log } = this.#raft;
    const { snapshot } = log;
    assert(snapshot.index > 0, "what was compacted is in a snapshot");
    reached("snapshot-for-lagging");
    peer.becomeSnapshot(snapshot.index);
    this.#raft.send({ type: "installSnapshot", from: id, to: peer.id, term, snapshot });
  }

  #load(peer: Progress): void {
    reached("entries-loaded");
    peer.isLoading = true;
    this.#raft.loads.push({ to: peer.id, from: peer.next, bytesMax: this.#raft.config.appendBytesMax });
  }
}

const none: readonly Entry[] = [];

function sizeOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += bytesOf(entry);
  return bytes;
}
