import { limits } from "../base/limits.ts";
import type { DataDirectory } from "../log/data-directory.ts";
import type { Wal } from "../log/wal.ts";
import type { Peers } from "../peers/contract.ts";
import type { PeerMessage } from "../peers/message.ts";
import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Config } from "../raft/config.ts";
import type { Change, Configuration } from "../raft/configuration.ts";
import type { Message } from "../raft/message.ts";
import { type NodeStatus, RawNode } from "../raft/raw-node.ts";
import type { Ready, Status } from "../raft/ready.ts";
import type {
  Entry,
  EntryKind,
  LogIndex,
  NodeId,
  PlacedConfiguration,
  ReadToken,
  Refusal,
  Restored,
  Snapshot,
} from "../raft/types.ts";
import { ConsensusLog } from "./consensus-log.ts";
import { StoredLog } from "./log-view.ts";
import { Persister } from "./persister.ts";
import { SnapshotReceiver } from "./snapshot-receiver.ts";
import { SnapshotSender } from "./snapshot-sender.ts";

/** What a tick is worth; raft/config.ts counts timeouts in them. */
export const consensusTickMs = 10;

export interface ConsensusParts {
  readonly config: Config;
  readonly restored: Omit<Restored, "log">;
  /** Who the members are as long as neither log nor snapshot says so. */
  readonly first: Configuration;
  readonly directory: DataDirectory;
  readonly log: Wal;
  readonly peers: Peers;
  readonly snapshotPieceBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: ConsensusHost;
}

/** Whom the core's decisions concern. None of these calls may call back at once, but for `turned`. */
export interface ConsensusHost {
  /** Entries up to here are committed, and durable here. */
  mayApply(index: LogIndex): void;
  /** The reads of this token may be answered when `index` is applied. */
  mayRead(token: ReadToken, index: LogIndex): void;
  /** Nobody could be asked: ask again. */
  readFailed(token: ReadToken): void;
  /** Role, term or leader changed. */
  statusChanged(status: Status): void;
  /** All decisions of a turn are told. */
  turned(): void;
  /** Takes over a received state, which is the newest of the directory. Resolves when the engine has it. */
  load(snapshot: Snapshot): Promise<void>;
  /** A write, a sync or a read of what must be there has failed: consensus has stopped for good. */
  failed(error: unknown): void;
  /** What another member says that is not the core's. */
  received(message: PeerMessage): void;
  /** Cluster time by this node's estimate, in ms since 1970. */
  readonly timeMs: number;
  /** A leader's estimate of it. */
  heardTime(timeMs: number): void;
  /** The only voter has lost the end of its log, from this entry on, which is committed here: consensus has stopped. */
  diverged(index: LogIndex): void;
}

/**
 * The host of the core (raft/README.md): feeds it time, messages and proposals, and carries out what it decides.
 *
 *     inputs ──► core ──ready──┬─► log, hard state ──persisted──► core
 *                              ├─► peers, beside the write
 *                              └─► apply, reads, status ──► host
 */
export class Consensus {
  readonly #parts: ConsensusParts;
  readonly #node: RawNode;
  readonly #view: StoredLog;
  readonly #persister: Persister;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  /** As the peers know them. */
  #members: Configuration | undefined;
  #tickedMs: number;
  #isTurning = false;
  readonly #lines: ConsensusLog;
  #isStopped = false;

  constructor(parts: ConsensusParts) {
    const { config, restored, directory, log, clock, peers, logger, snapshotPieceBytes: pieceBytes } = parts;
    this.#parts = parts;
    this.#lines = new ConsensusLog(logger);
    this.#view = new StoredLog(log, directory.snapshots, parts.first);
    const toleratesLostTail = (): boolean => this.#mayHaveLostTail;
    this.#node = new RawNode({ ...config, toleratesLostTail }, { ...restored, log: this.#view });
    this.#persister = new Persister({
      log,
      saveHardState: ({ term, vote = "" }) =>
        directory.saveHardState({ term, vote, commit: this.#node.status().applyIndex }),
      install: (snapshot) => this.#install(snapshot),
      onPersisted: (write) => {
        this.#node.persisted(write);
        this.#turn();
      },
      onFailed: (error) => this.#failed(error),
    });
    const store = directory.snapshots;
    const bytesPerSecond = limits.snapshotSendBytesPerSecond;
    this.#sender = new SnapshotSender(
      { store, pieceBytes, bytesPerSecond, clock, peers, logger },
      (id, isDone) => {
        this.#input(() => this.#node.reportSnapshot(id, isDone));
      },
    );
    this.#receiver = new SnapshotReceiver({ directory, peers, logger }, (message) => {
      this.#input(() => this.#node.step(message));
    });
    this.#tickedMs = clock.monotonicMs();
    peers.listen({
      received: (message) => this.#input(() => this.#received(message)),
      unreachable: (id) => this.#input(() => this.#node.reportUnreachable(id)),
      refused: (id) => this.#input(() => this.#node.reportRefused(id)),
    });
  }

  /** Begins: where nobody else could lead, at once. */
  start(): void {
    this.#input(() => {
      if (this.isAlone) this.#node.campaign();
    });
  }

  /** Time has passed; at least every `consensusTickMs`, as long as nothing else is put in. */
  tick(): void {
    this.#input(noInput);
  }

  /** Nothing is written, sent or decided any more. */
  stop(): void {
    this.#isStopped = true;
    this.#sender.close();
    this.#receiver.close();
    this.#persister.fail();
  }

  /** The log has written something. */
  written(): void {
    if (!this.#isStopped) this.#persister.written();
  }

  /** Appends an entry if this node leads: its index, or why it was not taken. */
  propose(kind: EntryKind, payload: Buffer): LogIndex | Refusal {
    let answer: LogIndex | Refusal = "notLeader";
    this.#input(() => {
      answer = this.#node.propose(kind, payload);
    });
    return answer;
  }

  proposeChange(change: Change): LogIndex | Refusal {
    let answer: LogIndex | Refusal = "notLeader";
    this.#input(() => {
      answer = this.#node.proposeChange(change);
    });
    return answer;
  }

  transfer(to: NodeId): Refusal | undefined {
    let answer: Refusal | undefined = "notLeader";
    this.#input(() => {
      answer = this.#node.transfer(to);
    });
    return answer;
  }

  /** Whom this leader is handing over to; undefined when it has given up. */
  get successor(): NodeId | undefined {
    return this.#isStopped ? undefined : this.#node.successor;
  }

  /** The other voter that has most of the log, of those that were heard of late. */
  get bestSuccessor(): NodeId | undefined {
    const { configuration, peers } = this.#node.status();
    const isVoter = (id: NodeId): boolean =>
      configuration.members.some((one) => one.id === id && one.isVoter);
    const { electionTicksMin } = this.#parts.config;
    return peers
      .filter(({ id, ticksSinceHeard }) => isVoter(id) && ticksSinceHeard < electionTicksMin)
      .sort((a, b) => b.match - a.match)[0]?.id;
  }

  /** The answer comes with mayRead or readFailed. */
  read(token: ReadToken): void {
    this.#input(() => this.#node.readIndex(token));
  }

  send(message: PeerMessage): void {
    if (!this.#isStopped) this.#parts.peers.send(message);
  }

  get leads(): boolean {
    return !this.#isStopped && this.#node.role === "leader";
  }

  get leaderId(): NodeId | undefined {
    return this.#node.leaderId;
  }

  get term(): number {
    return this.#node.term;
  }

  get commitIndex(): LogIndex {
    return this.#node.commitIndex;
  }

  get configuration(): Configuration {
    return this.#node.configuration;
  }

  /** That, with the entry that brought it, or the snapshot. */
  get inForce(): PlacedConfiguration {
    return { index: this.#node.configurationIndex, configuration: this.#node.configuration };
  }

  /** This node is the only voter. */
  get isAlone(): boolean {
    const voters = this.#node.configuration.members.filter(({ isVoter }) => isVoter);
    return voters.length === 1 && voters[0]!.id === this.#parts.config.id;
  }

  /** Nothing that was appended waits for the disk. */
  get isLogAtRest(): boolean {
    const { lastIndex, stableIndex } = this.#parts.log;
    return lastIndex === stableIndex;
  }

  /** The highest entry that at least so many voters hold durably, as far as this leader knows; 0 elsewhere. */
  heldBy(count: number): LogIndex {
    return this.#node.heldBy(count);
  }

  /** Voters that this leader has heard within the shortest election timeout, itself included. */
  get reachableVoters(): number {
    const { configuration, peers } = this.#node.status();
    const { id, electionTicksMin } = this.#parts.config;
    const isHeard = (voter: NodeId): boolean =>
      voter === id || peers.some((peer) => peer.id === voter && peer.ticksSinceHeard < electionTicksMin);
    return configuration.members.filter((member) => member.isVoter && isHeard(member.id)).length;
  }

  status(): NodeStatus {
    return this.#node.status();
  }

  /** The member has said that it syncs now and then only. */
  syncsLate(id: NodeId): boolean {
    return this.#parts.peers.syncsLate?.(id) ?? false;
  }

  /** The leader is the only voter, syncs now and then only, and is another node. */
  get #mayHaveLostTail(): boolean {
    const { leaderId, configuration } = this.#node;
    const voters = configuration.members.filter(({ isVoter }) => isVoter);
    const isOnlyVoter = voters.length === 1 && voters[0]!.id === leaderId;
    return isOnlyVoter && leaderId !== this.#parts.config.id && this.syncsLate(leaderId!);
  }

  /** An entry of the log, where it is in memory. */
  entryAt(index: LogIndex): Entry | undefined {
    return this.#parts.log.cached(index, 0)?.[0];
  }

  // The loop

  #input(put: () => void): void {
    if (this.#isStopped) return;
    this.#passTime();
    put();
    this.#turn();
  }

  /** All ticks that have really passed, before anything that waited meanwhile (duty 5). */
  #passTime(): void {
    const elapsed = Math.floor((this.#parts.clock.monotonicMs() - this.#tickedMs) / consensusTickMs);
    if (elapsed <= 0) return;
    this.#tickedMs += elapsed * consensusTickMs;
    this.#node.tick(elapsed);
  }

  #turn(): void {
    if (this.#isTurning || this.#isStopped) return;
    this.#isTurning = true;
    for (let ready = this.#node.ready(); ready !== undefined; ready = this.#node.ready())
      this.#carryOut(ready);
    this.#isTurning = false;
    this.#tellMembers();
    this.#parts.host.turned();
  }

  /** As they are in force: from the entry on that brought them, or its truncation. */
  #tellMembers(): void {
    const { configuration } = this.#node;
    if (configuration === this.#members) return;
    this.#members = configuration;
    this.#parts.peers.setMembers(configuration);
  }

  #carryOut({ write, messages, loads, reads, failedReads, status, applyIndex }: Ready): void {
    const { host } = this.#parts;
    for (const message of messages) this.#send(message);
    if (write?.snapshot !== undefined) this.#receiver.hold();
    if (write !== undefined) this.#persister.begin(write);
    for (const load of loads) this.#load(load);
    if (status !== undefined) this.#statusChanged(status);
    for (const token of failedReads) host.readFailed(token);
    for (const { token, index } of reads) host.mayRead(token, index);
    host.mayApply(applyIndex);
  }

  #send(message: Message): void {
    this.#lines.message("→", message.to, message);
    if (message.type === "installSnapshot") {
      this.#sender.send(message);
      return;
    }
    const { peers, host } = this.#parts;
    peers.send({ type: "consensus", from: message.from, to: message.to, message, timeMs: host.timeMs });
  }

  #received(message: PeerMessage): void {
    switch (message.type) {
      case "consensus":
        this.#stepped(message.message, message.timeMs);
        break;
      case "snapshotPiece":
        this.#receiver.received(message, this.#node.term);
        break;
      case "snapshotProgress":
        this.#sender.progressed(message);
        break;
      default:
        this.#parts.host.received(message);
    }
  }

  #stepped(message: Message, timeMs: number): void {
    this.#lines.message("←", message.from, message);
    this.#node.step(message);
    if (message.from === this.#node.leaderId) this.#parts.host.heardTime(timeMs);
  }

  #load(load: Ready["loads"][number]): void {
    this.#view.load(load).then(
      () =>
        this.#input(() => {
          this.#node.loaded(load.to);
          this.#turn();
          this.#view.forget(load.to);
        }),
      (error) => this.#failed(error),
    );
  }

  #statusChanged(status: Status): void {
    if (status.divergedAt !== undefined) {
      this.stop();
      this.#parts.host.diverged(status.divergedAt);
      return;
    }
    this.#lines.status(status, this.#node.term);
    if (status.role !== "leader") this.#sender.stopAll();
    this.#parts.host.statusChanged(status);
  }

  async #install(snapshot: Snapshot): Promise<void> {
    const { log, host } = this.#parts;
    await this.#receiver.adopt(snapshot);
    log.reset(snapshot);
    await log.sync();
    if (!this.#isStopped) await host.load(snapshot);
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    this.#parts.host.failed(error);
  }
}

function noInput(): void {}
