import { entryKinds } from "../../src/log/entry.ts";
import type { Wal } from "../../src/log/wal.ts";
import type { PeerMessage } from "../../src/peers/message.ts";
import { crc32 } from "../../src/platform/crc32.ts";
import type { ReplyWriter } from "../../src/protocol/reply-writer.ts";
import { type Configuration, decodeConfiguration } from "../../src/raft/configuration.ts";
import type { NodeStatus } from "../../src/raft/raw-node.ts";
import type { Entry, LogIndex, NodeId, PlacedConfiguration } from "../../src/raft/types.ts";
import { type Violation, Violations } from "../checkers/checker.ts";
import { Bounds } from "../checkers/cluster/bounds.ts";
import type { Counted } from "../checkers/cluster/held.ts";
import { ClusterCheckers } from "../checkers/cluster/index.ts";
import { MemberChanges } from "../checkers/cluster/member-changes.ts";
import { MembersInForce } from "../checkers/cluster/members-in-force.ts";
import type { Observation } from "../checkers/cluster/observation.ts";
import { SnapshotWaits } from "../checkers/cluster/snapshot-waits.ts";
import type { SentVote } from "../checkers/cluster/votes.ts";
import { Settlement } from "../checkers/settlement.ts";
import type { Addressee, Letter } from "../network.ts";
import type { SimProcess } from "../process.ts";
import type { SimWorld } from "../world.ts";
import { type End, isReply, mayHear } from "./admission.ts";
import { Hearing, votersOf } from "./hearing.ts";
import type { NodeLife, NodeObserver, SimNode } from "./node.ts";
import type { CarriedOut, Execution } from "./observed-engine.ts";
import type { Pending, Recorder } from "./recorder.ts";
import { Seen } from "./seen.ts";

const uncommittedBytes = "bytes of uncommitted entries";
/** How long a leader may wait for a snapshot without sending any of it: ten times what it takes to send a piece again. */
const snapshotWaitMs = 5_000;
/** Entries between two looks at the whole state of a node. */
const hashEvery = 32;

/** Shows the nodes to the checkers after each step, and tells the checkers what leaves the nodes. */
export class Watch implements NodeObserver {
  readonly checkers: ClusterCheckers;
  readonly hearing: Hearing;
  readonly memberChanges: MemberChanges = new MemberChanges();
  readonly membersInForce: MembersInForce;
  readonly snapshotWaits: SnapshotWaits = new SnapshotWaits(snapshotWaitMs);
  readonly bounds: Bounds;
  readonly settlement: Settlement = new Settlement();
  readonly violations: Violations = new Violations("nodes");
  /** Connections by their replies: who hears of what was carried out for them. */
  readonly outs: WeakMap<ReplyWriter, (execution: Execution) => void> = new WeakMap();
  /** The latest time that any node has applied. */
  clusterTime = 0;
  /** Called where a start was refused or failed. */
  onRefused: (life: NodeLife, error: unknown) => void = () => {};
  onDied: (life: NodeLife) => void = () => {};
  readonly #world: SimWorld;
  readonly #nodes: readonly SimNode[];
  readonly #recorder: () => Recorder;
  readonly #seen: Map<SimNode, Seen> = new Map();
  readonly #votes: SentVote[] = [];
  readonly #counted: { readonly counted: Counted; readonly seen: Seen }[] = [];
  readonly #replies: { readonly index: number; readonly life: NodeLife; readonly quorum: number }[] = [];
  /** Hashes of entries, by term and index. */
  readonly #hashes: Map<string, string> = new Map();
  /** At which revision each unnumbered write was carried out. */
  readonly #revisions: Map<Pending, number> = new Map();
  readonly #hashed: Set<string> = new Set();
  readonly #lives: WeakMap<SimProcess, NodeLife> = new WeakMap();
  /** By their names: voters of configurations that were in force somewhere. */
  readonly #members: Map<string, { readonly index: LogIndex; readonly voters: readonly NodeId[] }> =
    new Map();

  constructor(
    world: SimWorld,
    nodes: readonly SimNode[],
    recorder: () => Recorder,
    { first, convergeWithinUs }: { readonly first: Configuration; readonly convergeWithinUs: number },
  ) {
    this.bounds = new Bounds({ [uncommittedBytes]: world.knobs.raft.uncommittedBytesMax });
    this.checkers = new ClusterCheckers({ convergeWithinUs });
    this.hearing = new Hearing(
      world.knobs.raft,
      (vote) => this.#votes.push(vote),
      () => this.checkers.committedIndex,
    );
    this.membersInForce = new MembersInForce(showMembers(first));
    this.#world = world;
    this.#nodes = nodes;
    this.#recorder = recorder;
    world.network.addressee = (sender, message) => this.#addressee(this.#lives.get(sender)!, message);
    world.network.admits = (letter) => this.#admits(letter);
  }

  /** After each event. */
  look(): void {
    for (const node of this.#nodes) {
      const { life } = node;
      if (life === undefined || life.isStray) continue;
      const seen = this.#seenOf(node);
      if (seen.life === life && seen.steps === life.process.steps) continue;
      // A new process remembers nothing that was not saved.
      if (seen.life !== life) seen.saved = undefined;
      seen.life = life;
      seen.steps = life.process.steps;
      this.#observe(life, seen);
    }
    if (this.#counted.length > 0)
      for (const { counted, seen } of this.#counted.splice(0)) this.#count(counted, seen);
    if (this.#votes.length > 0) for (const vote of this.#votes.splice(0)) this.checkers.votes.sent(vote);
    if (this.#replies.length > 0) for (const reply of this.#replies.splice(0)) this.#acknowledge(reply);
  }

  /** What cannot be judged yet is told again. */
  #count(counted: Counted, seen: Seen): void {
    const peer = this.#nodes.find(({ id }) => id === counted.peer);
    const isUnseen = peer !== undefined && this.#seenOf(peer).isLoading;
    if (isUnseen || !this.checkers.held.counted(counted)) seen.counted.delete(counted.peer);
  }

  #seenOf(node: SimNode): Seen {
    let seen = this.#seen.get(node);
    if (seen === undefined) {
      seen = new Seen();
      this.#seen.set(node, seen);
    }
    return seen;
  }

  /** A client is told that its write is applied. */
  acknowledged(life: NodeLife, index: number, quorum: number): void {
    if (life.isStray)
      this.violations.add(`${life.id} acknowledged a write, and its directory is an old copy.`);
    this.#replies.push({ index, life, quorum });
  }

  finish(): readonly Violation[] {
    const { checkers, hearing, memberChanges, membersInForce, snapshotWaits, bounds, settlement } = this;
    const all = [checkers, hearing, memberChanges, membersInForce, snapshotWaits, bounds, settlement];
    return [...this.violations.all, ...all.flatMap((checker) => checker.finish())];
  }

  // From the nodes

  sent(life: NodeLife, message: PeerMessage): void {
    this.checkers.quarantine.acted(life.id, `sent a message of type ${message.type}`);
    if (message.type === "consensus" && !life.isStray) this.hearing.sent(life, message);
    else if (message.type === "snapshotPiece") this.snapshotWaits.sent(life, message.to, life.monotonicMs);
  }

  received(life: NodeLife, message: PeerMessage): void {
    if (message.type === "consensus") this.hearing.received(life, message.message);
  }

  taken(life: NodeLife): void {
    this.hearing.taken(life);
  }

  executed(life: NodeLife, execution: Execution): void {
    this.outs.get(execution.out)?.(execution);
    this.partExecuted(life, execution);
  }

  partExecuted(life: NodeLife, { wire, revision, hasChanged, time }: Execution): void {
    if (time > this.clusterTime && time === life.engine!.now) this.clusterTime = time;
    const pending = this.#recorder().unnumbered(wire);
    if (pending === undefined) return;
    const before = this.#revisions.get(pending);
    if (before === undefined) this.#revisions.set(pending, revision);
    else if (before !== revision)
      this.violations.add(
        `${pending.process}'s ${JSON.stringify(wire)} was carried out twice: at revision ${before}, and as ${revision} by ${life.id}.`,
      );
    if (pending.revision !== undefined) return;
    pending.revision = revision;
    pending.hasChanged = hasChanged;
    pending.clock = time;
  }

  carriedOut(life: NodeLife, write: CarriedOut): void {
    const { session, sequence, revision } = write;
    this.#recorder().carriedOut(write);
    this.checkers.once.carriedOut({ node: life.id, index: revision, session, sequence });
  }

  between(life: NodeLife): void {
    const { engine } = life;
    if (engine!.now > this.clusterTime) this.clusterTime = engine!.now;
    // While a leader's state is loaded, what is there is none.
    if (!life.isServing || life.member!.trouble?.everything !== undefined) return;
    const index = life.member!.appliedIndex;
    if (index % hashEvery !== 0) return;
    const name = `${life.id} ${life.node.incarnation} ${index}`;
    if (this.#hashed.has(name)) return;
    this.#hashed.add(name);
    this.hash(life);
  }

  /** The node's state as it is now, between two entries. */
  hash(life: NodeLife): void {
    const hash = life.stateHash();
    this.checkers.states.applied(life.id, life.member!.appliedIndex, hash);
    this.#world.trace.mix(Number.parseInt(hash.slice(0, 8), 16));
  }

  refused(life: NodeLife, error: unknown): void {
    this.onRefused(life, error);
  }

  began(life: NodeLife): void {
    this.#lives.set(life.process, life);
    const { quarantine } = this.checkers;
    if (life.damage === undefined) quarantine.repaired(life.id);
    else quarantine.damaged(life.id, life.damage);
  }

  /** Requests are for the incarnation that the sender's configuration names; the rest for the one that it has met. */
  #addressee(sender: NodeLife, message: PeerMessage): Addressee {
    const named = sender.member?.inForce?.configuration.members.find(({ id }) => id === message.to)?.about;
    const met = sender.met.get(message.to)?.incarnation;
    return isReply(message) || named === undefined ? met?.toString() : named;
  }

  /** Whether the handshakes of both ends let this message in. */
  #admits({ sender: from, receiver: to, message, addressee }: Letter): boolean {
    const [sender, receiver] = [this.#lives.get(from)!, this.#lives.get(to)!];
    // Who does not get so far as to take part has met nobody.
    if (receiver.member?.status === undefined) return false;
    if (!hasMet(receiver, sender) || !hasMet(sender, receiver)) return false;
    if (addressee !== undefined && addressee !== String(receiver.incarnation)) return false;
    return mayHear(endOf(receiver), endOf(sender), isReply(message));
  }

  closing(life: NodeLife): void {
    this.onDied(life);
  }

  died(life: NodeLife): void {
    this.onDied(life);
  }

  // To the checkers

  #observe(life: NodeLife, seen: Seen): void {
    const { log, member } = life;
    const status = member?.status;
    if (log === undefined || status === undefined) return;
    life.node.hasTakenPart = true;
    if (status.leaderId === undefined) this.hearing.leaderGone(life);
    if (status.role === "leader" && seen.ledTerm !== status.term) {
      seen.ledTerm = status.term;
      this.hearing.wins(life, status);
    }
    const { appliedIndex } = member!;
    // A snapshot that was received takes the place of the log before it takes that of the engine.
    seen.isLoading = appliedIndex < log.firstIndex - 1;
    if (seen.isLoading) return;
    const { role } = seen;
    const term = seen.numbers[0];
    if (status.role === "leader") this.#led(life, seen, status);
    if (!seen.differs(life, status)) return;
    const { configuration, configurationIndex: index } = status;
    if (configuration !== seen.configuration) {
      this.#knowMembers({ index, configuration });
      if (role === "leader" && status.role === role && status.term === term)
        this.#changedMembers(life, status, seen.configurationIndex);
    }
    seen.configuration = configuration;
    seen.configurationIndex = index;
    if (status.role !== role || (status.role === "leader" && status.term !== term))
      this.#world.trace.note(`${life.id} is ${status.role} in term ${status.term}`);
    const observation = this.#observationOf(life, status);
    this.checkers.observe(observation);
    const { placed } = member!;
    this.membersInForce.applied(placed.index, showMembers(placed.configuration));
    if (isSettled(log, status)) this.membersInForce.goesBy(observation, showMembers(configuration));
    if (status.role === "leader") this.#measure(life, status);
  }

  #led(life: NodeLife, seen: Seen, status: NodeStatus): void {
    this.hearing.led(life, status);
    const { id: node, term, peers, configuration } = status;
    const atMs = life.monotonicMs;
    for (const { id: peer, match, state } of peers) {
      this.snapshotWaits.led(life, { node, term, to: peer, isWaiting: state === "snapshot", atMs });
      const incarnation = configuration.members.find(({ id }) => id === peer)?.about ?? "";
      const name = `${term} ${incarnation} ${match}`;
      if (seen.counted.get(peer) === name) continue;
      seen.counted.set(peer, name);
      const matchTerm = match >= status.firstIndex ? life.log!.termOf(match) : undefined;
      const peerTerm = this.#nodes.find(({ id }) => id === peer)?.life?.member?.status?.term ?? term;
      this.#counted.push({ counted: { node, term, peer, incarnation, match, matchTerm, peerTerm }, seen });
    }
  }

  #changedMembers(life: NodeLife, status: NodeStatus, before: LogIndex): void {
    const { id: node, term, commitIndex, configurationIndex: index } = status;
    const commitTerm = life.log!.termOf(commitIndex);
    this.memberChanges.appended({ node, term, index, before, commitIndex, commitTerm });
  }

  /** What a leader was given and has not committed. One proposal alone may be larger than the bound. */
  #measure(life: NodeLife, { term, commitIndex, lastIndex }: NodeStatus): void {
    let count = 0;
    let bytes = 0;
    for (let index = lastIndex; index > commitIndex; index--) {
      const entry = life.log!.cached(index, 0)?.[0];
      if (entry === undefined || entry.term !== term) break;
      if (entry.kind === entryKinds.configuration) continue;
      if (entry.payload.length > 0) count++;
      bytes += entry.payload.length;
    }
    if (count > 1) this.bounds.measured(life.id, uncommittedBytes, bytes);
  }

  #observationOf(life: NodeLife, { role, term, vote, applyIndex }: NodeStatus): Observation {
    const { log, member, saved, node } = life;
    const { firstIndex, stableIndex, lastIndex } = log!;
    return {
      node: node.id,
      incarnation: String(node.incarnation),
      boot: life.directory!.identity.boot,
      ...{ role, term, vote, durableTerm: saved.term, durableVote: saved.vote },
      ...{ firstIndex, stableIndex, lastIndex, commitIndex: applyIndex, appliedIndex: member!.appliedIndex },
      termOf: (index) => (index >= firstIndex ? log!.termOf(index) : undefined),
      hashOf: (index) => this.#hashOf(life, index),
    };
  }

  /** Of an entry that is no longer in memory, what it was when it came. */
  #hashOf(life: NodeLife, index: number): string | undefined {
    const entry = life.log!.cached(index, 0)?.[0];
    const name = `${life.log!.termOf(index)} ${index}`;
    if (entry === undefined) return this.#hashes.get(name);
    const hash = entryHash(entry as Entry);
    if (entry.kind === entryKinds.configuration && !this.#hashes.has(name))
      this.membersInForce.stored(index, entry.term, showMembers(decodeConfiguration(entry.payload)));
    this.#hashes.set(name, hash);
    return hash;
  }

  #acknowledge({ index, life, quorum }: { index: number; life: NodeLife; quorum: number }): void {
    if (index === 0) return;
    const { placed } = life.member!;
    this.#knowMembers(placed);
    const inForce = [...this.#members.values()].filter((known) => known.index >= placed.index);
    const quorums = inForce.map(({ voters }) => {
      const majority = Math.floor(voters.length / 2) + 1;
      return { voters, quorum: Math.max(Math.min(quorum, voters.length), majority) };
    });
    this.checkers.acknowledged.acknowledged({ index, quorums });
  }

  /** By which voters some leader may have counted, and the highest entry that made them so. */
  #knowMembers({ index, configuration }: PlacedConfiguration): void {
    const voters = votersOf(configuration);
    const name = voters.join(" ");
    const known = this.#members.get(name);
    if (known === undefined || known.index < index) this.#members.set(name, { index, voters });
  }

  /** The members by whom the leader of the latest term goes; none while nobody leads. */
  get members(): readonly NodeId[] {
    let latest: NodeStatus | undefined;
    for (const [node, { role, numbers }] of this.#seen) {
      if (role !== "leader" || node.alive === undefined || numbers[0]! <= (latest?.term ?? 0)) continue;
      const status = node.alive.member?.status;
      if (status?.role === "leader") latest = status;
    }
    return latest?.configuration.members.map(({ id }) => id) ?? [];
  }
}

/**
 * Each start has a higher boot number, which the others remember on their disks; a lower or an equal one of another start is
 * refused.
 */
function hasMet({ met: known }: NodeLife, other: NodeLife): boolean {
  const { incarnation } = other;
  const boot = other.directory?.identity.boot ?? 0;
  const met = known.get(other.id);
  if (met?.incarnation === incarnation && met.life !== other && boot <= met.boot) return false;
  if (met?.life !== other) known.set(other.id, { incarnation, boot, life: other });
  return true;
}

function endOf({ id, incarnation, member }: NodeLife): End {
  return { id, incarnation: String(incarnation), placed: member?.inForce };
}

/** All that it knows is on its disk. */
function isSettled(log: Wal, { firstIndex, stableIndex, lastIndex }: NodeStatus): boolean {
  const isWritten = log.lastIndex === lastIndex && log.stableIndex === lastIndex;
  return isWritten && stableIndex === lastIndex && log.firstIndex === firstIndex;
}

function showMembers({ members }: Configuration): string {
  return members.map(({ id, isVoter, about }) => `${id}${isVoter ? "" : " (learner)"} ${about}`).join(", ");
}

function entryHash({ kind, payload }: Entry): string {
  return `${kind}:${crc32(payload, 0, payload.length).toString(16)}:${payload.length}`;
}
