import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import type { Configuration, Member } from "./configuration.ts";
import type { LogIndex, NodeId, PlacedConfiguration, Snapshot } from "./types.ts";

/**
 * The configurations of the log: the last one that is known to be committed, and those behind it. The last
 * of all is in force, from the moment its entry is appended (thesis 4.1).
 *
 *     [ { index: 7, n1 n2 n3 } , { index: 19, n1 n2 n3 n4 } ]
 *            committed                  in force; gone again if entry 19 is truncated
 *
 * Invariants: never empty; indexes ascend; at most the first is known to be committed.
 */
export class Membership {
  #history: PlacedConfiguration[];
  /** Of the configuration in force. */
  #voters: readonly NodeId[] = [];
  #isVoterOfAny: ReadonlySet<NodeId> = new Set();

  constructor(snapshot: Snapshot, behind: readonly PlacedConfiguration[]) {
    this.#history = [{ index: snapshot.index, configuration: snapshot.configuration }];
    for (const { index, configuration } of behind) this.append(index, configuration);
    this.#refresh();
  }

  /** The configuration in force. */
  get current(): Configuration {
    return this.#history.at(-1)!.configuration;
  }

  /** The entry that brought the configuration in force. */
  get index(): LogIndex {
    return this.#history.at(-1)!.index;
  }

  get members(): readonly Member[] {
    return this.current.members;
  }

  get voters(): readonly NodeId[] {
    return this.#voters;
  }

  /** No configuration is known: this node has lost its disk, or was never a member. */
  get isEmpty(): boolean {
    return this.members.length === 0;
  }

  isVoter(id: NodeId): boolean {
    return this.#voters.includes(id);
  }

  /** The member is the only one that counts: whatever it has durably is committed. */
  isOnlyVoter(id: NodeId): boolean {
    return this.#voters.length === 1 && this.#voters[0] === id;
  }

  /**
   * A voter that finds its own removal at the end of its log may still be needed: nobody else can be elected
   * while only its log holds that entry, and the entry cannot be committed without a leader (thesis 4.2.2).
   */
  mayCampaign(id: NodeId): boolean {
    return this.#isVoterOfAny.has(id);
  }

  append(index: LogIndex, configuration: Configuration): void {
    assert(index > this.index, "a configuration comes behind the one before");
    this.#history.push({ index, configuration });
    this.#refresh();
  }

  /** The log was truncated: entries from `index` on are gone. */
  cutFrom(index: LogIndex): void {
    if (this.index < index) return;
    reached("members-undone");
    assert(this.#history[0]!.index < index, "a committed configuration is never truncated");
    this.#history = this.#history.filter((placed) => placed.index < index);
    this.#refresh();
  }

  commitTo(index: LogIndex): void {
    if (this.#history.length === 1) return;
    const keep = this.#history.findLastIndex((placed) => placed.index <= index);
    if (keep <= 0) return;
    this.#history = this.#history.slice(keep);
    this.#refresh();
  }

  restore(snapshot: Snapshot): void {
    reached("members-of-snapshot");
    this.#history = [{ index: snapshot.index, configuration: snapshot.configuration }];
    this.#refresh();
  }

  #refresh(): void {
    this.#voters = votersOf(this.current);
    this.#isVoterOfAny = new Set(this.#history.flatMap(({ configuration }) => votersOf(configuration)));
  }
}

function votersOf(configuration: Configuration): NodeId[] {
  return configuration.members.filter(({ isVoter }) => isVoter).map(({ id }) => id);
}
