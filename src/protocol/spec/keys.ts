import type { Command, KeyUse } from "./row.ts";

/** Some keys of a command, and what becomes of them: a key specification in Redis' words. */
export interface KeySpec {
  /** Position of the first key; the name is at 0. */
  readonly first: number;
  /** Position of the last key; negative: counted from the end. */
  readonly last: number;
  readonly step: number;
  readonly use: KeyUse;
}

/** One for all keys of the row, or one for each where different things happen to them. */
export function keySpecsOf(command: Command): readonly KeySpec[] {
  const { firstKey: first, lastKey: last, keyStep: step } = command;
  if (first === 0) return [];
  const uses = command.keyUse ?? [command.isWrite ? "RW update" : "RO access"];
  if (uses.length === 1) return [{ first, last, step, use: uses[0]! }];
  return uses.map((use, i) => ({ first: first + i * step, last: first + i * step, step, use }));
}

/** Positions of the keys of one specification, in a command of so many arguments. */
export function keyPositions(spec: KeySpec, count: number): number[] {
  const positions: number[] = [];
  const last = spec.last < 0 ? count + spec.last : spec.last;
  for (let at = spec.first; at <= last; at += spec.step) positions.push(at);
  return positions;
}
