import { assert } from "../src/base/assert.ts";

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The value below which `percent` of the values lie, between neighbours in proportion. */
export function percentile(values: readonly number[], percent: number): number {
  assert(values.length > 0, "a percentile of nothing");
  assert(percent >= 0 && percent <= 100, "a percentile lies within 0 and 100");
  const sorted = [...values].sort((a, b) => a - b);
  const place = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * ours : peer, pair by pair. What disturbs a shared machine for a while disturbs both runs of a pair, so
 * the ratio within a pair is steadier than either value.
 */
export function ratios(ours: readonly number[], peer: readonly number[]): number[] {
  assert(ours.length === peer.length, "every run of ours has its run of the peer");
  return ours.map((value, i) => value / peer[i]!);
}
