import type { Prng } from "./prng.ts";

/**
 * What is left behind. After all kinds but "process" what is there is durable.
 *
 * - process: only the process died. Nothing that was done is lost, but what was not durable still is not. Of a
 *   write on its way some first bytes were written.
 * - all-kept, all-lost: the machine stopped, and everything un-synced had reached the disk, or nothing.
 * - subset: any sectors of un-synced writes, of any age and of any files; sizes, names and removals likewise.
 * - torn: of each file the last un-synced write breaks off at some byte; all else as in "subset".
 *
 * What was on its way counts as un-synced, in synchronous files too.
 */
export type CrashKind = "process" | "all-kept" | "all-lost" | "subset" | "torn";

/** Of the machine. */
export const stopKinds: readonly CrashKind[] = ["all-kept", "all-lost", "subset", "torn"];
export const crashKinds: readonly CrashKind[] = ["process", ...stopKinds];

export interface CrashOptions {
  /** Decides what survives; without it the disk's own chance does. */
  readonly seed?: number;
  /** Bytes of the write that "process" and "torn" break off, instead of chance. */
  readonly tornAt?: number;
}

/** One crash, as those that take part in it see it. */
export interface Crash {
  readonly kind: CrashKind;
  readonly random: Prng;
  readonly tornAt: number | undefined;
}

/** Whether something un-synced survives, decided anew with each call. */
export function survival({ kind, random }: Crash): () => boolean {
  if (kind === "all-lost") return () => false;
  if (kind === "all-kept") return () => true;
  // Even odds alone would hardly ever leave nearly all or nearly nothing.
  const odds = random.pick([0.05, 0.5, 0.95]);
  return () => random.chance(odds);
}

/** How many of the first bytes of a write of `length` were written. */
export function tornBytes({ random, tornAt }: Crash, length: number): number {
  return tornAt === undefined ? random.below(length + 1) : Math.min(tornAt, length);
}
