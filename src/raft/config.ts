import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { NodeId } from "./types.ts";

/** Timeouts are counted in ticks of the host; what a tick is worth is the host's choice. */
export interface Config {
  readonly id: NodeId;
  /** The number of this start of the node: higher than at every start before. */
  readonly boot: number;
  /** A whole number from 0 on, below the one given. Elections need chance, nothing else does. */
  readonly random: (below: number) => number;

  readonly heartbeatTicks: number;
  /** An election timeout is drawn anew for each attempt: at least min, below max (paper 5.2). */
  readonly electionTicksMin: number;
  readonly electionTicksMax: number;
  /** A leader that has heard no majority for so long steps down (thesis 6.2). */
  readonly checkQuorumTicks: number;
  /** When the leader's process is gone, the wait before a pre-vote is drawn from 1 to this. */
  readonly refusedTicksMax: number;

  /** Entries in one message, one larger entry excepted. */
  readonly appendBytesMax: number;
  /** What a follower may be sent ahead of its acknowledgements. */
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  /** Proposals that wait for their commit; more are refused. */
  readonly uncommittedBytesMax: number;

  /**
   * Asked when the leader contradicts what is committed here: whether that one is the only voter and may have lost the end
   * of its log in a crash (it does not sync every write), and this node follows it as a learner. Then the node is told so
   * in its status, and has to begin anew; everywhere else that is a broken promise, and the process stops.
   */
  readonly toleratesLostTail: () => boolean;
}

/** For one data centre and ticks of 10 ms: heartbeat 50 ms, election 500 to 1000 ms. */
export const defaultConfig: Omit<Config, "id" | "boot" | "random"> = {
  heartbeatTicks: 5,
  electionTicksMin: 50,
  electionTicksMax: 100,
  checkQuorumTicks: 40,
  refusedTicksMax: 6,
  appendBytesMax: limits.appendBytesMax,
  inflightMessagesMax: limits.inflightMessagesMax,
  inflightBytesMax: limits.inflightBytesMax,
  uncommittedBytesMax: limits.uncommittedBytesMax,
  toleratesLostTail: () => false,
};

/** Checks how the values relate. What an operator may set, the configuration of the node checks before. */
export function checkedConfig(config: Config): Config {
  assert(config.id !== "", "a node has a name");
  assert(config.heartbeatTicks >= 1, "time is counted in whole ticks");
  assert(config.refusedTicksMax >= 1, "a short delay is a delay");
  assert(
    2 * config.heartbeatTicks <= config.checkQuorumTicks,
    "one lost heartbeat does not depose a leader, and a confirmation is not older than what deposes it",
  );
  assert(
    config.checkQuorumTicks < config.electionTicksMin,
    "a leader without a majority steps down before its followers' stickiness ends",
  );
  assert(config.electionTicksMin < config.electionTicksMax, "election timeouts must be able to differ");
  assert(config.appendBytesMax > 0 && config.inflightMessagesMax > 0, "something must be allowed under way");
  assert(config.inflightBytesMax > 0 && config.uncommittedBytesMax > 0, "something must be allowed to wait");
  return config;
}
