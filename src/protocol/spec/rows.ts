import { backupRows } from "./backup.ts";
import { clusterRows } from "./cluster.ts";
import { connectionRows } from "./connection.ts";
import { genericRows } from "./generic.ts";
import { kvorumRows } from "./kvorum.ts";
import type { CommandRow } from "./row.ts";
import { serverRows } from "./server.ts";
import { sessionRows } from "./session.ts";
import { stringRows } from "./string.ts";
import { transactionsRows } from "./transactions.ts";

/** Every command, family by family. */
export const commandRows: readonly CommandRow[] = [
  ...stringRows,
  ...genericRows,
  ...transactionsRows,
  ...sessionRows,
  ...connectionRows,
  ...serverRows,
  ...backupRows,
  ...clusterRows,
  ...kvorumRows,
];
