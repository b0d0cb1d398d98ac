import type { Configuration } from "./configuration.ts";

/** The name of a member: short, printable, never used again for another one. */
export type NodeId = string;

/** An election period. Only grows; at most one member leads it. */
export type Term = number;

/** The place of an entry in the log, from 1; 0 is before the first. */
export type LogIndex = number;

/**
 * (term, index) names an entry for ever: whoever has an entry of this name has the same entry, and the same
 * entries before it (paper 5.3, log matching). Of two logs, the one that ends with the higher term, then the
 * higher index, holds at least what the other can have committed (5.4.1).
 */
export interface EntryId {
  readonly term: Term;
  readonly index: LogIndex;
}

export interface Entry extends EntryId {
  readonly kind: EntryKind;
  readonly payload: Buffer;
}

/** Raft knows two kinds itself and carries the others unread. The log's room names all of them. */
export type EntryKind = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
/** The first entry of a leader's term. */
export const NOOP: EntryKind = 2;
/** The members of the cluster: configuration.ts. */
export const CONFIGURATION: EntryKind = 3;

/** What must be durable before anything that rests on it is said to others. */
export interface HardState {
  readonly term: Term;
  /** For whom this member voted in that term. */
  readonly vote: NodeId | undefined;
}

/** The state up to an entry, and the members as of then. Its bytes are the host's business. */
export interface Snapshot extends EntryId {
  readonly configuration: Configuration;
}

/** A configuration and the entry that brought it. */
export interface PlacedConfiguration {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

/**
 * The host's log, as far as it was reported persisted.
 *
 *     snapshot.index + 1 >= firstIndex          no gap between the snapshot and the log
 *     lastIndex >= snapshot.index               a log that a snapshot outran is empty: it ends there
 */
export interface LogView {
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** The newest snapshot; a new log has one at index 0, with the first configuration or an empty one. */
  readonly snapshot: Snapshot;
  /** Known from firstIndex to lastIndex and at snapshot.index; undefined elsewhere. */
  termOf(index: LogIndex): Term | undefined;
  /**
   * Entries from `from` on, without a gap: as many as `bytesMax` holds, at least one. Undefined: they are not
   * in memory now. May show entries behind those that were reported; these are not looked at.
   */
  entries(from: LogIndex, bytesMax: number): readonly Entry[] | undefined;
}

/** What a node knows when it starts. */
export interface Restored {
  readonly hardState: HardState;
  readonly log: LogView;
  /** The configuration entries behind the snapshot, in order. */
  readonly configurations: readonly PlacedConfiguration[];
  /** Highest index known to be committed, if that is more than the snapshot's. */
  readonly commitIndex?: LogIndex;
  /** What the engine already holds, if that is more than the snapshot's. */
  readonly appliedIndex?: LogIndex;
}

export type Role = "follower" | "preCandidate" | "candidate" | "leader";

/** Names a read for the host that asked. */
export type ReadToken = number;

/** The read may be answered when `index` is applied. */
export interface ReadState {
  readonly token: ReadToken;
  readonly index: LogIndex;
}

/** Why something was not taken. Nothing has happened then. */
export type Refusal =
  | "notLeader"
  /** A transfer is under way, and its target must be able to catch up. */
  | "transferring"
  /** Proposals that are not committed yet fill their bound. */
  | "tooMuchUncommitted"
  /** Members change only after an entry of the leader's own term is committed. */
  | "termNotCommitted"
  /** The change before is not committed. */
  | "changePending"
  | "noSuchMember"
  /** It is what the change would make it. */
  | "alreadySo"
  | "lastVoter"
  /** A member that lags is not promoted, and is no target of a transfer. */
  | "notCaughtUp"
  | "notVoter";
