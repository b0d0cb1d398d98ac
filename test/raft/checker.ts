import assert from "node:assert/strict";
import {
  type AppendReply,
  CONFIGURATION,
  type Configuration,
  decodeConfiguration,
  type Entry,
  type LogIndex,
  type Message,
  type NodeId,
  type Ready,
  type Term,
  type Write,
} from "../../src/raft/index.ts";
import type { Member, Witness } from "./member.ts";

/** A log as its node has it in memory: what is on the disk, and over it the writes that are under way. */
function logOf({ disk }: Member): { snapshotIndex: LogIndex; entries: ReadonlyMap<LogIndex, Entry> } {
  const entries = new Map(disk.all.map((entry) => [entry.index, entry]));
  let snapshotIndex = disk.snapshot.index;
  for (const write of disk.pending) {
    if (write.snapshot !== undefined) {
      snapshotIndex = write.snapshot.index;
      entries.clear();
    }
    const [first] = write.entries;
    if (first !== undefined)
      for (const index of entries.keys()) if (index >= first.index) entries.delete(index);
    for (const entry of write.entries) entries.set(entry.index, entry);
  }
  return { snapshotIndex, entries };
}

function signatureOf({ term, kind, payload }: Entry): string {
  return `${term}:${kind}:${payload.toString("latin1")}`;
}

function votersOf({ members }: Configuration): NodeId[] {
  return members.filter(({ isVoter }) => isVoter).map(({ id }) => id);
}

/**
 * Sees everything that happens in a cluster, knows what no member can know, and fails when one of the guarantees of
 * the paper (fig. 3) or one of those that the host relies on is broken.
 */
export class Checker implements Witness {
  /** Highest index that is committed in truth. */
  committedIndex: LogIndex = 0;
  elections = 0;
  readonly #members: ReadonlyMap<NodeId, Member>;
  readonly #leaders: Map<Term, NodeId> = new Map();
  readonly #votes: Map<string, NodeId> = new Map();
  readonly #hardTerms: Map<NodeId, Term> = new Map();
  /** Committed entries. */
  readonly #history: Map<LogIndex, { term: Term; committedIn: Term; signature: string }> = new Map();
  /** Every entry that was ever written, by index and term. */
  readonly #written: Map<string, string> = new Map();
  readonly #commitIndexes: Map<NodeId, LogIndex> = new Map();
  /** Reads that wait: what was committed when they were asked. */
  readonly #reads: Map<string, LogIndex> = new Map();
  readsAnswered = 0;
  #configuration: Configuration;

  constructor(members: ReadonlyMap<NodeId, Member>, configuration: Configuration) {
    this.#members = members;
    this.#configuration = configuration;
  }

  ready(member: Member, { status, write, messages, reads, failedReads }: Ready): void {
    this.look(member);
    this.#holdsCommitted(member);
    for (const message of messages) this.#leaving(member, message);
    if (status?.role === "leader") this.#elected(member, status.term);
    if (write !== undefined) this.#writing(member, write);
    for (const { token, index } of reads) this.#mayRead(member.id, token, index);
    for (const token of failedReads) this.#reads.delete(`${member.id} ${token}`);
  }

  written(member: Member, { hardState }: Write): void {
    if (hardState === undefined) return;
    const { term, vote } = hardState;
    assert.ok(term >= (this.#hardTerms.get(member.id) ?? 0), `the term of ${member.id} fell to ${term}`);
    this.#hardTerms.set(member.id, term);
    if (vote === undefined) return;
    const before = this.#votes.get(`${member.id} ${term}`) ?? vote;
    assert.equal(vote, before, `${member.id} voted twice in term ${term}`);
    this.#votes.set(`${member.id} ${term}`, vote);
  }

  /** State-machine safety. */
  applied(member: Member, entry: Entry): void {
    const committed = this.#history.get(entry.index);
    assert.ok(committed !== undefined, `${member.id} applied ${entry.index}, which nobody committed`);
    assert.equal(
      signatureOf(entry),
      committed.signature,
      `${member.id} applied another entry ${entry.index}`,
    );
  }

  restored(member: Member, index: LogIndex): void {
    assert.ok(index <= this.committedIndex, `${member.id} installed a snapshot at ${index}, not committed`);
    assert.equal(member.disk.snapshot.term, this.#history.get(index)?.term, "a snapshot of another history");
  }

  asked(member: Member, token: number): void {
    this.#reads.set(`${member.id} ${token}`, this.committedIndex);
  }

  stopped(member: Member): void {
    this.#commitIndexes.delete(member.id);
    for (const key of this.#reads.keys()) if (key.startsWith(`${member.id} `)) this.#reads.delete(key);
  }

  /** After every step of a member: what it holds for committed. */
  look(member: Member): void {
    const { role, term, commitIndex, configuration } = member.node;
    const before = this.#commitIndexes.get(member.id) ?? 0;
    assert.ok(
      commitIndex >= before,
      `the commit index of ${member.id} fell from ${before} to ${commitIndex}`,
    );
    if (commitIndex === before) return;
    this.#commitIndexes.set(member.id, commitIndex);
    // A leader that hands over has committed, and steps down in the same step.
    const leads = role === "leader" || this.#leaders.get(term) === member.id;
    if (leads && commitIndex > this.committedIndex) this.#commit(member, term, configuration);
    assert.ok(commitIndex <= this.committedIndex, `${member.id} holds ${commitIndex} for committed`);
  }

  /** At any time: all logs that have an entry have the same, and each counts the members that its log names. */
  lookAtAll(): void {
    for (const member of this.#members.values()) {
      if (member.isDown) continue;
      member.turn();
      if (member.disk.pending.some(({ snapshot }) => snapshot !== undefined)) continue;
      const { entries } = logOf(member);
      const last = [...entries.values()].findLast(({ kind }) => kind === CONFIGURATION);
      const { configuration, configurationIndex } = member.node.status();
      if (last !== undefined && last.index > member.disk.snapshot.index) {
        assert.deepEqual(
          configuration,
          decodeConfiguration(last.payload),
          `the members that ${member.id} counts`,
        );
        assert.equal(configurationIndex, last.index);
      } else if (configurationIndex > member.disk.snapshot.index)
        assert.fail(`${member.id} counts members of an entry that is not in its log`);
    }
  }

  /** What it holds for committed is so; every entry behind it was seen when it was the last. */
  #holdsCommitted(member: Member): void {
    const { commitIndex } = member.node;
    const entry = logOf(member).entries.get(commitIndex);
    if (entry === undefined) return;
    const committed = this.#history.get(commitIndex)?.signature;
    assert.equal(
      signatureOf(entry),
      committed,
      `${member.id} holds another entry ${commitIndex} for committed`,
    );
  }

  /** What a message promises is on the disk before it leaves. */
  #leaving(member: Member, message: Message): void {
    const { hardState } = member.disk;
    const { id } = member;
    if (message.type === "requestVote" || (message.type === "voteReply" && message.isGranted)) {
      const vote = message.type === "requestVote" ? id : message.to;
      assert.deepEqual(hardState, { term: message.term, vote }, `${id} speaks of a vote that is not durable`);
    } else if (message.type === "appendReply" && message.conflict === undefined)
      this.#acknowledging(member, message);
  }

  #acknowledging({ id, disk }: Member, { to, term, index }: AppendReply): void {
    assert.ok(disk.hardState.term >= term, `${id} acknowledges in term ${term}, which is not durable`);
    const leader = this.#members.get(to)!;
    if (leader.isDown || leader.node.role !== "leader" || leader.node.term !== term) return;
    const here = disk.pending.length > 0 ? undefined : disk.termOf(index);
    const there = logOf(leader).entries.get(index)?.term;
    if (here === undefined || there === undefined) return;
    assert.equal(here, there, `${id} acknowledges an entry ${index} that its leader has not`);
  }

  /** Election safety and leader completeness. */
  #elected(member: Member, term: Term): void {
    const other = this.#leaders.get(term) ?? member.id;
    assert.equal(other, member.id, `two leaders in term ${term}`);
    if (!this.#leaders.has(term)) this.elections++;
    this.#leaders.set(term, member.id);
    const { snapshotIndex, entries } = logOf(member);
    for (const [index, committed] of this.#history) {
      // Who was elected long ago and hears of it only now leads nobody.
      if (index <= snapshotIndex || committed.committedIn >= term) continue;
      const entry = entries.get(index);
      const isThere = entry !== undefined && signatureOf(entry) === committed.signature;
      assert.ok(isThere, `${member.id} leads term ${term} without the committed entry ${index}`);
    }
  }

  /** Log matching, as the pairs of neighbours that were ever written. */
  #writing(member: Member, { entries }: Write): void {
    const log = logOf(member);
    for (const entry of entries) {
      const { index, term, kind } = entry;
      const previous = log.entries.get(index - 1)?.term ?? (index - 1 === log.snapshotIndex ? "snapshot" : 0);
      const name = `${index}/${term}`;
      const before = this.#written.get(name);
      const after = `${signatureOf(entry)} behind ${previous}`;
      if (kind === CONFIGURATION && before === undefined) this.#proposed(member, entry);
      if (previous === "snapshot") continue;
      assert.equal(before ?? after, after, `two entries ${name}`);
      this.#written.set(name, after);
    }
  }

  /**
   * A leader's new configuration: the one before is committed, and so is an entry of its term. It goes by what it knows:
   * where another leads already, more is committed, and this change never will be.
   */
  #proposed(leader: Member, { index, term }: Entry): void {
    if (this.#leaders.get(term) !== leader.id) return;
    const { commitIndex } = leader.node;
    assert.equal(this.#history.get(commitIndex)?.term, term, `${leader.id} changes members too early`);
    const { entries } = logOf(leader);
    for (let at = commitIndex + 1; at < index; at++)
      assert.notEqual(entries.get(at)?.kind, CONFIGURATION, `${leader.id} changes members twice at once`);
  }

  /** A leader says that entries are committed: a majority has them on the disk, at this moment. */
  #commit(leader: Member, term: Term, configuration: Configuration): void {
    const { entries } = logOf(leader);
    const { commitIndex } = leader.node;
    const voters = votersOf(configuration);
    const last = entries.get(commitIndex);
    assert.equal(last?.term, term, `${leader.id} committed ${commitIndex} of an older term by counting`);
    for (let index = this.committedIndex + 1; index <= commitIndex; index++) {
      const entry = entries.get(index)!;
      const holders = voters.filter((id) => this.#holds(this.#members.get(id)!, entry));
      assert.ok(holders.length > voters.length / 2, `${index} is held by ${holders} of ${voters} only`);
      this.#history.set(index, { term: entry.term, committedIn: term, signature: signatureOf(entry) });
      if (entry.kind === CONFIGURATION) this.#changed(decodeConfiguration(entry.payload));
    }
    this.committedIndex = commitIndex;
  }

  #holds({ disk }: Member, { index, term }: Entry): boolean {
    return index <= disk.snapshot.index || disk.at(index)?.term === term;
  }

  /** One voter at a time. */
  #changed(configuration: Configuration): void {
    const before = votersOf(this.#configuration);
    const after = votersOf(configuration);
    const gone = before.filter((id) => !after.includes(id)).length;
    const come = after.filter((id) => !before.includes(id)).length;
    assert.ok(gone + come <= 1, `members changed from ${before} to ${after}`);
    this.#configuration = configuration;
  }

  #mayRead(id: NodeId, token: number, index: LogIndex): void {
    const floor = this.#reads.get(`${id} ${token}`);
    assert.ok(floor !== undefined, `${id} got an answer to a read that it did not ask`);
    this.#reads.delete(`${id} ${token}`);
    assert.ok(index >= floor, `a read at ${id} got ${index}, and ${floor} was committed before it began`);
    this.readsAnswered++;
  }
}
