import type { Configuration } from "../../src/raft/configuration.ts";
import type { NodeStatus } from "../../src/raft/raw-node.ts";
import type { HardState, LogIndex, NodeId } from "../../src/raft/types.ts";
import type { NodeLife } from "./node.ts";

/** What one node looked like when it was shown to the checkers last, and how far its process had come. */
export class Seen {
  life: NodeLife | undefined;
  steps = -1;
  /** A snapshot has taken the place of its log and not yet of its engine: what was seen of it is of before. */
  isLoading = false;
  /** The last term in which it was seen to lead. */
  ledTerm = 0;
  role = "";
  vote: string | undefined;
  saved: HardState | undefined;
  configuration: Configuration | undefined;
  configurationIndex: LogIndex = 0;
  /** Of a leader, for each member: what it counts on. */
  readonly counted: Map<NodeId, string> = new Map();
  readonly numbers: Float64Array = new Float64Array(7);

  /** Whether anything has changed since the last call. */
  differs({ log, member, saved }: NodeLife, { role, term, vote, applyIndex }: NodeStatus): boolean {
    const { firstIndex, stableIndex, lastIndex, lastTerm } = log!;
    const { numbers } = this;
    const isSame =
      role === this.role &&
      vote === this.vote &&
      saved === this.saved &&
      numbers[0] === term &&
      numbers[1] === firstIndex &&
      numbers[2] === stableIndex &&
      numbers[3] === lastIndex &&
      numbers[4] === lastTerm &&
      numbers[5] === applyIndex &&
      numbers[6] === member!.appliedIndex;
    if (isSame) return false;
    this.role = role;
    this.vote = vote;
    this.saved = saved;
    numbers.set([term, firstIndex, stableIndex, lastIndex, lastTerm, applyIndex, member!.appliedIndex]);
    return true;
  }
}
