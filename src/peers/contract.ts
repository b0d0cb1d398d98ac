import type { Configuration } from "../raft/configuration.ts";
import type { NodeId } from "../raft/types.ts";
import type { PeerMessage } from "./message.ts";

/**
 * Brings messages to the other members. May lose, repeat and reorder them, and never blocks: what has no room is
 * lost. Messages of a term and votes never stand behind bulk.
 */
export interface Peers {
  send(message: PeerMessage): void;
  /** Who the members are, as of the last entry of this node's log: whom to reach, and where. */
  setMembers(configuration: Configuration): void;
  /** Whether the member has said that it syncs now and then only: it must not vote with others. */
  syncsLate?(id: NodeId): boolean;
  /** Who hears what arrives; before that it is lost. */
  listen(listener: PeerListener): void;
}

export interface PeerListener {
  /** Whole, and from the member that it names. */
  received(message: PeerMessage): void;
  /** Messages to this member may be lost. */
  unreachable(id: NodeId): void;
  /** A connection was refused: its process is gone. */
  refused(id: NodeId): void;
}
