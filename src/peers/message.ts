import type { InstallSnapshot, Message } from "../raft/message.ts";
import type { EntryKind, LogIndex, NodeId } from "../raft/types.ts";

/** Everything that one member says to another. codec.ts has the bytes. */
export type PeerMessage =
  | Consensus
  | SnapshotPiece
  | SnapshotProgress
  | Forward
  | ForwardReply
  | LogEndRequest
  | LogEnd
  | Alive;

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
}

/** What the raft core says: see raft/README.md. */
export interface Consensus extends Envelope {
  readonly type: "consensus";
  readonly message: Message;
  /** Cluster time by the sender's estimate, in ms since 1970: what a leader says of it, its members go by. */
  readonly timeMs: number;
}

/**
 * A part of a snapshot file. The next one is sent when its arrival was told; who is told of another place goes on
 * from there.
 */
export interface SnapshotPiece extends Envelope {
  readonly type: "snapshotPiece";
  /** What the file is; handed to the receiver's core when all of it is there. */
  readonly install: InstallSnapshot;
  /** Names the transfer among those of the sender's start. */
  readonly transfer: number;
  readonly offset: number;
  readonly totalBytes: number;
  readonly bytes: Buffer;
}

export interface SnapshotProgress extends Envelope {
  readonly type: "snapshotProgress";
  readonly transfer: number;
  /** Bytes from the beginning that have arrived. */
  readonly received: number;
  /** The receiver wants no more of it: what came was damaged, or the disk failed. */
  readonly hasFailed: boolean;
}

/**
 * An entry of a node that does not lead, to be proposed as it stands but for its time. A batch is named by the node's
 * session and its number in it: whatever is repeated is applied once. Without a session (0, 0): the entry opens one.
 * A batch that wants more voters than the leader can reach is proposed without its commands.
 */
export interface Forward extends Envelope {
  readonly type: "forward";
  readonly session: number;
  readonly sequence: number;
  readonly kind: EntryKind;
  /** W of its writes; 0: the majority that its commit takes. */
  readonly voters: number;
  readonly payload: Buffer;
}

/** What became of it. The reply to its commands is found where the entry is applied. */
export interface ForwardReply extends Envelope {
  readonly type: "forwardReply";
  readonly session: number;
  readonly sequence: number;
  /** Not taken, and why; undefined: proposed. */
  readonly refusal: string | undefined;
}

/** For a quorum read: where does your log end? */
export interface LogEndRequest extends Envelope {
  readonly type: "logEndRequest";
  readonly boot: number;
  readonly round: number;
}

export interface LogEnd extends Envelope {
  readonly type: "logEnd";
  readonly boot: number;
  readonly round: number;
  readonly lastIndex: LogIndex;
  /** Committed, and durable there. */
  readonly heldIndex: LogIndex;
  /** The last configuration that is committed there. */
  readonly configurationIndex: LogIndex;
}

/** Says nothing but that there is somebody. Never reaches the replica. */
export interface Alive extends Envelope {
  readonly type: "alive";
}
