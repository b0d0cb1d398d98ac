import type { CommandRow } from "./row.ts";

/** None while there is one node. */
export const clusterRows: readonly CommandRow[] = [];
