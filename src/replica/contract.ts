import type { Arguments } from "../protocol/arguments.ts";
import type { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import type { Change } from "../raft/configuration.ts";
import type { NodeStatus } from "../raft/raw-node.ts";
import type { NodeId } from "../raft/types.ts";
import type { Lag } from "./lag.ts";

/**
 * How everything above reaches the store. A command is offered with `submit`; the replica answers
 * into the origin's `out`, at once or later, but always in the order in which the commands of one
 * origin were taken. Behind this stands the whole path of a write (log, replicate, commit, apply);
 * nobody above knows how much of it there is.
 */
export interface Replica {
  /**
   * Offers one command. The request and its bytes belong to the caller again when this returns: what
   * the replica keeps, it copies.
   *
   * - DONE: the reply is in `origin.out`.
   * - LATER: taken; the reply comes to `origin.out`, then `origin.settled()`. More may be offered meanwhile,
   *   and is answered behind it.
   * - FULL: not taken. Offer it again after `origin.drain()`, and nothing of this origin before.
   *
   * Takes reads and writes of the engine, EXEC as one item (see engine/transaction.ts), and WATCH,
   * which is a read that the origin itself performs once it may be answered.
   */
  submit(request: Request): Verdict;

  /** What WATCH remembers of a key, in the state applied here: its modified revision, 0 where it is absent. */
  revisionOf(db: number, key: Buffer): number;

  /** What INFO and MEMORY tell about the store. */
  readonly store: StoreView;

  /** No room is left for growth: commands that may need more are to be refused with OOM. */
  readonly isFull: boolean;

  /** Why commands cannot be taken at the moment; undefined where all can. */
  readonly trouble: Trouble | undefined;

  /** What is kept on a disk, and how that goes; undefined where nothing is. */
  readonly persistence: Persistence | undefined;

  /** Where this node stands among the members; undefined where there is no consensus, or not yet. */
  readonly status: NodeStatus | undefined;

  /** What people do about members and leader; undefined where there can be no others. */
  readonly administration: Administration | undefined;

  /** This node leads, as far as it knows. Where there is no consensus it always does. */
  readonly leads: boolean;

  /**
   * Counts the other members that hold durably all that is applied here at this moment. `heard` is told how many there are
   * known to be, at once and whenever there are more, until the count is ended.
   */
  countHolders(heard: (others: number) => void): Count;

  /** Finishes what was taken, then refuses. */
  close(): Promise<void>;
}

/** Something that is counted as it comes. */
export interface Count {
  end(): void;
}

export const DONE = 0;
export const LATER = 1;
export const FULL = 2;
export type Verdict = typeof DONE | typeof LATER | typeof FULL;

/** One command on its way down. Each origin has one such object and fills it again. */
export interface Request {
  command: Command;
  /** The command as raw RESP bytes with the places of its arguments; what the log will hold. */
  args: Arguments;
  /** The selected database, 0 to 15. */
  db: number;
  origin: Origin;
  /** How a read wants to be answered. */
  readMode: ReadMode;
  /** Voters that a read of the mode "quorum" asks; 0: a majority, which is the least. */
  readQuorum: number;
  /** By how many ms a read of the mode "stale" may be behind; 0: by any time. Where this node cannot tell that it is less, the
   * read is as a linearizable one, which also tells for those that follow. */
  readLagMs: number;
  /** Voters that must hold a write before it is answered; 0: as configured. */
  writeQuorum: number;
}

export type ReadMode = "linearizable" | "quorum" | "stale";

/** A connection, as the replica sees it. */
export interface Origin {
  readonly out: ReplyWriter;
  /** Nobody waits for replies any more. */
  readonly isGone: boolean;
  /** Replies of commands that were taken with LATER are still to come. */
  readonly isWaiting: boolean;
  /**
   * Carries out a command of the connection's own: within a transaction; as a read (WATCH); or MULTI, which says what the
   * connection has decided already, and is carried out in its turn also where those before it come to nothing.
   */
  perform(command: Command, args: Arguments): void;
  /** So many commands that were taken with LATER have their replies in `out`; 0: a part of a long one is there. */
  settled(count: number): void;
  /** After FULL: offer again. */
  drain(): void;
}

/** Errors to be answered without offering the command; undefined where there is no reason to. */
export interface Trouble {
  /** For everything that needs the data. */
  readonly everything: string | undefined;
  readonly everyWrite: string | undefined;
  /** For writes that may need more room. */
  readonly growth: string | undefined;
}

/** The disk's side of a node, for INFO, SAVE and their like. */
export interface Persistence {
  /** When the last snapshot was finished, in ms since 1970; 0: never. */
  readonly lastSaveMs: number;
  readonly lastSaveOk: boolean;
  readonly isSaving: boolean;
  /** Entries of the log behind the last snapshot. */
  readonly entriesSinceSave: number;
  /** Bytes of the log on the disk. */
  readonly logBytes: number;
  readonly fsync: "always" | "interval";
  /** "ok", or the code of the error that stopped the writing. */
  readonly diskState: string;
  /** How much of the start is done, 0 to 1. */
  readonly loaded: number;
  /** Takes a snapshot, without regard to pace where it hurries; rejects with KvorumError. One that is under way is joined. */
  save(hurries: boolean): Promise<void>;
  /** Resolves when everything that was acknowledged before is on the disk. */
  sync(): Promise<void>;
  /** Takes a snapshot that has everything that was acknowledged before; it stays until it is released. */
  takeBackup(): Promise<HeldSnapshot>;
}

/** Members and leader, in the hands of people. */
export interface Administration {
  /**
   * Changes one member, where this node leads. Resolves when the change is committed; rejects with KvorumError where
   * nothing has changed (its code says whether to try again, or whom), or with UNKNOWN_OUTCOME.
   */
  changeMembers(change: Change): Promise<void>;
  /** Hands the lead over, to the voter that is next best where none is named. Resolves when another node leads. */
  transferLeadership(to?: NodeId): Promise<void>;
  /** How far each other member is behind the end of this leader's log; empty where this node does not lead. */
  readonly lags: ReadonlyMap<NodeId, Lag>;
  /** Voters that hold a write before it is answered: a majority at least. */
  readonly writeQuorum: number;
}

/** A snapshot that somebody reads piece by piece. */
export interface HeldSnapshot {
  /** The last entry that it has. */
  readonly index: number;
  readonly bytes: number;
  /** Fewer bytes where it ends. Rejects where the disk fails. Not after `release`. */
  read(offset: number, length: number): Promise<Buffer>;
  release(): Promise<void>;
}

/** A look at the store, without changing it. */
export interface StoreView {
  keyspace(db: number): KeyspaceView;
  /** How many µs a transaction takes at most for the values that it copies and compares, if they are as long as now. */
  valueMicros(item: Arguments): number;
  /** Bytes of all records and tables, as the operating system sees them. */
  readonly residentBytes: number;
  readonly revision: number;
  readonly expiredKeys: number;
  /** Of all that members have in common at one index. Walks through every record, in one turn. */
  stateHash(): string;
}

export interface KeyspaceView {
  /** Keys that a reader can see. */
  readonly keys: number;
  /** Those of them that have a deadline. */
  readonly expires: number;
  /** The earliest deadline in ms since 1970, 0: none. */
  readonly earliestMs: number;
}
