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
