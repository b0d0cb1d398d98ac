import type { Prng } from "./prng.ts";

/** A time as such things take: at least the least, mostly near it, sometimes many times the mean. */
export interface Delay {
  readonly minMs: number;
  readonly meanMs: number;
}

/** Exponentially distributed above the least. */
export function drawMs(random: Prng, { minMs, meanMs }: Delay): number {
  const share = (random.uint32() + 1) / 2 ** 32;
  return minMs - (meanMs - minMs) * Math.log(share);
}
