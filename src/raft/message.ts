import type { Entry, EntryId, LogIndex, NodeId, Snapshot, Term } from "./types.ts";

/** What members say to each other. README.md says what each means and when it leaves. */
export type Message =
  | PreVote
  | PreVoteReply
  | RequestVote
  | VoteReply
  | AppendEntries
  | AppendReply
  | Heartbeat
  | HeartbeatReply
  | InstallSnapshot
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexReply;

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's term. */
  readonly term: Term;
}

/** Thesis 9.6. It asks about `term + 1`, and changes nothing at the receiver. */
export interface PreVote extends Envelope {
  readonly type: "preVote";
  readonly last: EntryId;
}

export interface PreVoteReply extends Envelope {
  readonly type: "preVoteReply";
  /** The term that was asked about: the sender's own may be far from it. */
  readonly forTerm: Term;
  readonly isGranted: boolean;
}

/** Paper 5.2. */
export interface RequestVote extends Envelope {
  readonly type: "requestVote";
  /** The end of the candidate's log. */
  readonly last: EntryId;
  /** The leader asked for this election: it is no disruption (thesis 4.2.3). */
  readonly isTransfer: boolean;
}

export interface VoteReply extends Envelope {
  readonly type: "voteReply";
  readonly isGranted: boolean;
}

/** Paper 5.3. */
export interface AppendEntries extends Envelope {
  readonly type: "appendEntries";
  /** The entry in front of the first of `entries`. */
  readonly previous: EntryId;
  readonly entries: readonly Entry[];
  /** All that the leader knows to be committed, also what this member does not have yet. */
  readonly commitIndex: LogIndex;
}

export interface AppendReply extends Envelope {
  readonly type: "appendReply";
  /**
   * Acknowledged: both logs are equal up to here, durably. Refused: the index of the `previous` that did not match.
   */
  readonly index: LogIndex;
  /** Only in a refusal: no entry behind this one can be in both logs. */
  readonly conflict: EntryId | undefined;
}

export interface Heartbeat extends Envelope {
  readonly type: "heartbeat";
  /** Committed, and acknowledged by this member. */
  readonly commitIndex: LogIndex;
  /** A majority had answered the leader just before. */
  readonly isConfirmed: boolean;
  /** The last read round that was begun in this term; 0: none. */
  readonly round: number;
}

export interface HeartbeatReply extends Envelope {
  readonly type: "heartbeatReply";
  readonly round: number;
}

/** Thesis 5.3. The host brings the state's bytes and then hands this in. */
export interface InstallSnapshot extends Envelope {
  readonly type: "installSnapshot";
  readonly snapshot: Snapshot;
}

/** Thesis 3.10. */
export interface TimeoutNow extends Envelope {
  readonly type: "timeoutNow";
}

/** Thesis 6.4. (boot, request) names the request for ever. */
export interface ReadIndexRequest extends Envelope {
  readonly type: "readIndex";
  readonly boot: number;
  readonly request: number;
}

export interface ReadIndexReply extends Envelope {
  readonly type: "readIndexReply";
  readonly boot: number;
  readonly request: number;
  readonly index: LogIndex;
}
