import type { Command } from "../protocol/spec/row.ts";
import { commandNamed } from "../protocol/spec/table.ts";

/** How often keys are looked for whose deadline has passed. */
export const tickMs = 10;

export const exec: Command = commandNamed("exec")!;
/** What a connection has decided by itself, where its reply has to take its turn: server/transactions.ts. */
export const multi: Command = commandNamed("multi")!;
/** The one read that is answered in slices. */
export const keys: Command = commandNamed("keys")!;
export const outOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";
