import { assert } from "../base/assert.ts";
import type { Config } from "./config.ts";
import type { Change, Configuration } from "./configuration.ts";
import type { Message } from "./message.ts";
import type { ProgressState } from "./progress.ts";
import { Raft } from "./raft.ts";
import { Bundler, type Ready, type Write } from "./ready.ts";
import type { EntryKind, LogIndex, NodeId, ReadToken, Refusal, Restored, Role, Term } from "./types.ts";

/** A member as the leader sees it. */
export interface PeerStatus {
  readonly id: NodeId;
  readonly state: ProgressState;
  readonly match: LogIndex;
  readonly next: LogIndex;
  /** Messages with entries that it has not acknowledged. */
  readonly inflight: number;
  readonly ticksSinceHeard: number;
}

export interface NodeStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly vote: NodeId | undefined;
  readonly leaderId: NodeId | undefined;
  readonly firstIndex: LogIndex;
  readonly stableIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly applyIndex: LogIndex;
  readonly configuration: Configuration;
  /** The entry that brought the configuration. */
  readonly configurationIndex: LogIndex;
  /** Of a leader only. */
  readonly peers: readonly PeerStatus[];
  /** To whom it hands the lead over. */
  readonly successor: NodeId | undefined;
}

/**
 * One member of a raft cluster: put something in, then take bundles until there is none. README.md has the host's
 * loop and its duties. Not reentrant; nothing is kept of what is handed in but payloads and messages.
 */
export class RawNode {
  readonly #raft: Raft;
  readonly #bundler: Bundler;

  constructor(config: Config, restored: Restored) {
    this.#raft = new Raft(config, restored);
    this.#bundler = new Bundler(this.#raft);
  }

  /** So many ticks have passed since the last call. */
  tick(elapsed = 1): void {
    assert(Number.isInteger(elapsed) && elapsed > 0, "time only goes on, in whole ticks");
    this.#raft.tick(elapsed);
  }

  /** A message of another member arrived. */
  step(message: Message): void {
    this.#raft.step(message);
  }

  /** Appends an entry if this node leads: its index, or why it was not taken. Its term is the node's. */
  propose(kind: EntryKind, payload: Buffer): LogIndex | Refusal {
    return this.#raft.leader?.propose(kind, payload) ?? "notLeader";
  }

  proposeChange(change: Change): LogIndex | Refusal {
    return this.#raft.leader?.proposeChange(change) ?? "notLeader";
  }

  /** Asks for an index to read at. The answer comes in `reads` or `failedReads`; the token may be used again then. */
  readIndex(token: ReadToken): void {
    this.#raft.read(token);
  }

  /** Makes another voter the leader, if it can be done soon. Undefined: under way. */
  transfer(to: NodeId): Refusal | undefined {
    const { leader } = this.#raft;
    return leader === undefined ? "notLeader" : leader.transfer(to);
  }

  /** Whom this leader is handing over to; undefined when it has given up. */
  get successor(): NodeId | undefined {
    return this.#raft.leader?.successor;
  }

  /** Asks for votes now, pre-vote first. */
  campaign(): void {
    this.#raft.campaign();
  }

  /** Messages to this member may be lost. */
  reportUnreachable(id: NodeId): void {
    this.#raft.leader?.peers.unreachable(id);
  }

  /** A connection to this member was refused: its process is gone. */
  reportRefused(id: NodeId): void {
    this.#raft.refused(id);
  }

  /** The bytes of the snapshot for this member were brought over, or the attempt was given up. */
  reportSnapshot(id: NodeId, isDone: boolean): void {
    this.#raft.leader?.peers.snapshotEnded(id, isDone);
  }

  /** What `loads` asked for this member is in memory. */
  loaded(id: NodeId): void {
    this.#raft.leader?.peers.loaded(id);
  }

  /** All of this write, and of those before it, is durable. */
  persisted(write: Write): void {
    this.#raft.persisted(write.number);
  }

  /** The next bundle of effects, or undefined if there is nothing to do. */
  ready(): Ready | undefined {
    return this.#bundler.take();
  }

  get role(): Role {
    return this.#raft.role;
  }

  get term(): Term {
    return this.#raft.term;
  }

  get leaderId(): NodeId | undefined {
    return this.#raft.leaderId;
  }

  get commitIndex(): LogIndex {
    return this.#raft.log.commitIndex;
  }

  get configuration(): Configuration {
    return this.#raft.log.membership.current;
  }

  /** The entry that brought it, or the snapshot that did. */
  get configurationIndex(): LogIndex {
    return this.#raft.log.membership.index;
  }

  /** The highest index that at least so many voters hold durably, as far as this leader knows; 0 elsewhere. */
  heldBy(count: number): LogIndex {
    return this.#raft.leader?.peers.heldBy(count) ?? 0;
  }

  status(): NodeStatus {
    const { id, role, term, vote, leaderId, log } = this.#raft;
    const { membership } = log;
    // Field by field: whoever watches a node asks after each of its steps, and spreading costs ten times as much.
    return {
      id,
      role,
      term,
      vote,
      leaderId,
      firstIndex: log.firstIndex,
      stableIndex: log.stableIndex,
      lastIndex: log.lastIndex,
      commitIndex: log.commitIndex,
      applyIndex: log.applyIndex,
      configuration: membership.current,
      configurationIndex: membership.index,
      peers: this.#peers(),
      successor: this.successor,
    };
  }

  #peers(): PeerStatus[] {
    const { leader, now } = this.#raft;
    const peers: PeerStatus[] = [];
    if (leader === undefined) return peers;
    for (const { id, state, match, next, inflights, heardAt } of leader.peers.all)
      peers.push({ id, state, match, next, inflight: inflights.count, ticksSinceHeard: now - heardAt });
    return peers;
  }
}
