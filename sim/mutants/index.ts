import { elections } from "./elections.ts";
import { membership } from "./membership.ts";
import type { Mutant } from "./mutant.ts";
import { reads } from "./reads.ts";
import { replication } from "./replication.ts";
import { sessions } from "./sessions.ts";
import { storage } from "./storage.ts";

/** All planted bugs. */
export const mutants: readonly Mutant[] = [
  ...elections,
  ...replication,
  ...storage,
  ...reads,
  ...sessions,
  ...membership,
];

/** Points of the checklist of which no bug can be planted, and why. */
export const notPlanted: ReadonlyMap<number, string> = new Map([
  [12, "there are no leases: nothing answers a read without a round"],
]);
