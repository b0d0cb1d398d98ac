import type { Change } from "../../src/raft/configuration.ts";
import type { NodeId } from "../../src/raft/types.ts";

/**
 * How the disk of a node is: `full` takes no more bytes, `failing` refuses every write and sync, `hung` answers
 * nothing until it is fine again, `slow` takes its time for everything.
 */
export type DiskState = "fine" | "full" | "failing" | "hung" | "slow";

/** What a run tells a node's process, beside what members and clients tell it. */
export type Order =
  | { readonly type: "disk"; readonly state: DiskState }
  /** The wall clock goes on from another time. */
  | { readonly type: "clock"; readonly jumpMs: number }
  /** What it says of itself; the hash takes time, as long as the state is. */
  | { readonly type: "state"; readonly hashes: boolean }
  | { readonly type: "change"; readonly change: Change }
  | { readonly type: "transfer"; readonly to: NodeId };

export type Numbered = Order & { readonly number: number };

/** What became of an order. */
export type Answer = { readonly number: number } & (
  | { readonly error: string }
  | { readonly state: NodeState | undefined }
);

/** A node at one moment; there is none while it is starting. */
export interface NodeState {
  readonly role: string;
  readonly term: number;
  readonly leader: NodeId | undefined;
  readonly applied: number;
  /** Of all that it has applied; empty where it was not asked for. */
  readonly hash: string;
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
}
