import type { NodeId } from "./types.ts";

/** More than half. Any two majorities of the same voters have one in common. */
function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/**
 * The highest value that at least `count` of the voters have reached.
 *
 *     count 2 of n1: 7, n2: 9, n3: 4   →   7        n1 and n2 are there, n3 is not
 *
 * Three questions are this one: what is committed (value: the index that a voter holds), when a majority was last
 * heard (the tick of its last answer), and which read round is confirmed (the round it answered).
 */
export function reachedBy(
  count: number,
  voters: readonly NodeId[],
  reached: (voter: NodeId) => number,
): number {
  if (count > voters.length || count < 1) return 0;
  if (voters.length === 1) return reached(voters[0]!);
  return voters.map(reached).sort((a, b) => b - a)[count - 1]!;
}

export function reachedByMajority(voters: readonly NodeId[], reached: (voter: NodeId) => number): number {
  return reachedBy(majorityOf(voters.length), voters, reached);
}

/** How an election stands. Lost means that it cannot be won any more. */
export type Tally = "pending" | "won" | "lost";

/** Counts voters only: an answer of anybody else changes nothing. */
export function tally(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): Tally {
  const granted = voters.filter((voter) => votes.get(voter) === true).length;
  const refused = voters.filter((voter) => votes.get(voter) === false).length;
  const needed = majorityOf(voters.length);
  if (granted >= needed) return "won";
  return voters.length - refused < needed ? "lost" : "pending";
}
