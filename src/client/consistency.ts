import type { RequestArgument } from "../protocol/request-encoder.ts";

/** What reads and writes promise; docs/configuration.md has the words. What is absent is as the server is configured. */
export interface ConsistencyOptions {
  /**
   * What a read sees: "linearizable", every write that was acknowledged before it began; "quorum", the same without asking
   * the leader; "stale", what a node has, and at least all that this client has written, or seen with its revision.
   */
  readonly consistency?: "linearizable" | "quorum" | "stale";
  /** Voters that a "quorum" read asks: between a majority, which is the default, and all of them. */
  readonly r?: number;
  /** By how many ms a "stale" read may be behind at most. */
  readonly maxLag?: number;
  /** Voters that hold a write before it is answered: between a majority, which is the default, and all of them. */
  readonly w?: number;
}

/**
 * A connection's state, as CONSISTENCY sets it when the connection is opened: so no operation has to set it, and one that
 * the server refuses is refused before anything is sent under it.
 */
export interface Consistency {
  readonly key: string;
  readonly isStale: boolean;
  readonly setup: readonly (readonly RequestArgument[])[];
}

export const asConfigured: Consistency = { key: "", isStale: false, setup: [] };

/** On a connection of their own: replies come in order, and those of writes wait for disks. */
const readsAsConfigured: Consistency = { key: "reads", isStale: false, setup: [] };

/** What reads use. */
export function readConsistency({ consistency, r, maxLag }: ConsistencyOptions): Consistency {
  if (consistency === undefined) return readsAsConfigured;
  const words: RequestArgument[] = ["CONSISTENCY", "READ", consistency];
  if (consistency === "quorum" && r !== undefined) words.push("R", r);
  if (consistency === "stale" && maxLag !== undefined) words.push("MAXLAG", roundedDown(maxLag));
  return { key: words.slice(2).join(" "), isStale: consistency === "stale", setup: [words] };
}

export const linearizable: Consistency = readConsistency({ consistency: "linearizable" });

/** What writes use. */
export function writeConsistency({ w }: ConsistencyOptions): Consistency {
  return w === undefined
    ? asConfigured
    : { key: `w ${w}`, isStale: false, setup: [["CONSISTENCY", "WRITE", w]] };
}

/** To a power of two: every bound that differs takes a connection of its own, and a stricter one is as good. */
function roundedDown(ms: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, ms)));
}
