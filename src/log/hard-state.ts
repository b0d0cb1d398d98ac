import { assert } from "../base/assert.ts";
import { KvorumError } from "../base/errors.ts";
import type { Disk } from "../platform/disk.ts";
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

/** Durable when this resolves: only then may an answer go out that rests on it. */
export function saveHardState(disk: Disk, directory: string, state: HardState): Promise<void> {
  assert(isNumber(state.term) && isNumber(state.commit), "whole numbers");
  return replaceSmallFile(disk, directory, fileName, { format, ...state });
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
