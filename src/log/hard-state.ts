import { assert } from "../base/assert.ts";
import { KvorumError } from "../base/errors.ts";
import { reached } from "../base/reached.ts";
import type { Disk } from "../platform/disk.ts";
import { corruptionHelp } from "./fault.ts";
import { readSmallFile, replaceSmallFile } from "./small-file.ts";

/** What a member must not forget, or it could vote twice in a term. */
export interface HardState {
  readonly term: number;
  /** The member that got the vote of this term, "" for none. */
  readonly vote: string;
  /** An index that is known to be committed; may be behind. */
  readonly commit: number;
}

const fileName = "hard-state";
const format = 1;

/** Undefined where none was ever saved. Throws KvorumError where it is damaged or newer. */
export async function readHardState(disk: Disk, directory: string): Promise<HardState | undefined> {
  const value = await readSmallFile(disk, directory, fileName, format);
  if (value === undefined) return undefined;
  const { term, vote, commit } = value;
  if (!isNumber(term) || typeof vote !== "string" || !isNumber(commit))
    throw new KvorumError("ERR", `${directory}/${fileName} is not what kvorum writes; restore a backup`);
  return { term, vote, commit };
}

/**
 * What is wrong with a hard state beside entries of this term, undefined where nothing is: term and vote are on the
 * disk before the first entry of the term is written. `holder` has the entries: "the log".
 */
export function staleness(state: HardState | "none", term: number, holder: string): string | undefined {
  const known = state === "none" ? 0 : state.term;
  if (known >= term) return undefined;
  const what = state === "none" ? "it is missing" : `it is of term ${known}`;
  return `${what}, though ${holder} has an entry of term ${term}`;
}

/** Throws KvorumError where there is such a thing: the node could vote twice in one term. */
export function refuseStaleHardState(
  directory: string,
  state: HardState | "none",
  term: number,
  holder: string,
): void {
  const problem = staleness(state, term, holder);
  if (problem === undefined) return;
  reached("vote-older-than-log-refused");
  throw new KvorumError(
    "ERR",
    `${directory}/${fileName} is not right: ${problem}. ${corruptionHelp(directory)}`,
  );
}

/** Durable when this resolves: only then may an answer go out that rests on it. */
export function saveHardState(disk: Disk, directory: string, state: HardState): Promise<void> {
  assert(isNumber(state.term) && isNumber(state.commit), "whole numbers");
  return replaceSmallFile(disk, directory, fileName, { format, ...state });
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
