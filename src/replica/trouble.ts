import type { Trouble } from "./contract.ts";

export const loading: Trouble = {
  everything: "LOADING kvorum is loading the dataset in memory",
  everyWrite: undefined,
  growth: undefined,
};

/** After a failed write or sync: what is on the disk is not known, so nothing is written again. */
export function diskTrouble(code: string): Trouble {
  return {
    everything: undefined,
    everyWrite: `MISCONF the disk failed (${code}): this node takes no more writes, reads go on; mend the disk and restart the node`,
    growth: undefined,
  };
}

/** It failed while the leader's state took the place of this node's: the half of it that is there answers nothing. */
export const failedInstalling: Trouble = {
  everything:
    "MISCONF the disk failed while the leader's state was being loaded: this node answers nothing; mend the disk and restart the node",
  everyWrite: undefined,
  growth: undefined,
};

/** The others go by an engine version that this program does not know. */
export function outdatedTrouble(reason: string): Trouble {
  const everyWrite = `MISCONF ${reason}; this node takes no more writes, and knows nothing that is newer`;
  return { everything: undefined, everyWrite, growth: undefined };
}

/** Seen ahead of time: the log has room for what shrinks the data, and nothing was lost. */
export const diskAlmostFull: Trouble = {
  everything: undefined,
  everyWrite: undefined,
  growth: "MISCONF the disk is almost full: writes that may need room are refused until there is some",
};

/** Seen ahead of time as well, with no room left even for that. */
export const diskFull: Trouble = {
  everything: undefined,
  everyWrite: "MISCONF the disk is full: writes are refused until there is room on it",
  growth: undefined,
};

/** For what was under way when the disk failed. */
export function unknownOutcome(code: string): string {
  return `UNKNOWN_OUTCOME the disk failed (${code}) while this was being written: it may be there after a restart, or not`;
}

/** For what was under way when an entry came that this program cannot apply. */
export const unknownSinceOutdated =
  "UNKNOWN_OUTCOME this node is too old to apply what is committed: this may be applied by others, or not";

/** For what was not proposed when a leader's state took the place of this node's, and for what found no leader in time. */
export const notApplied = "CLUSTERDOWN the leader has changed: this was not applied, try again";
export const noLeader = "CLUSTERDOWN no leader is known: this was not applied, try again";
/** For what was proposed and is not known to be committed in time. */
export const unknownInTime =
  "UNKNOWN_OUTCOME not known to be committed within the write timeout: it may be applied, or not";
/** Who cannot write takes no part in confirming what the newest state is. */
export const staleOnly = "CLUSTERDOWN the disk of this node failed: it answers stale reads only";
/** Of a write concern W beyond the majority. */
export const underReplicated =
  "UNDER_REPLICATED this was applied, but fewer voters than wanted are known to hold it in time";

export function tooFewReplicas(wanted: number, reached: number): string {
  return `NOREPLICAS ${wanted} voters are wanted for this write and ${reached} can be reached`;
}

/** The same, as it is known where the write was forwarded. */
export function tooFewAtLeader(wanted: number): string {
  return `NOREPLICAS ${wanted} voters are wanted for this write and the leader cannot reach so many`;
}

/** This node's own session, under which it forwards. */
export const sessionLost = "UNKNOWN_OUTCOME this node's session has expired: it may be applied, or not";
