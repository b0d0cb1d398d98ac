import type { Prng } from "./prng.ts";

/** Nothing gets from the first to the second. */
export type Cut = readonly [from: string, to: string];

/**
 * How a network falls apart.
 *
 * - oneWay: one node does not reach another, which still reaches it
 * - link: two nodes do not reach each other
 * - isolate: one is alone; mute: others do not hear one; deaf: one hears no others
 * - halves: two groups of any size
 * - bridge: two groups, and one node that reaches both
 * - ring: each reaches its two neighbours alone, so that any majority is another's minority
 */
export type PartitionShape = "oneWay" | "link" | "isolate" | "mute" | "deaf" | "halves" | "bridge" | "ring";

export const partitionShapes: readonly PartitionShape[] = [
  "oneWay",
  "link",
  "isolate",
  "mute",
  "deaf",
  "halves",
  "bridge",
  "ring",
];

/** The links that are cut. Chance decides who is who, but for the first. */
export function cutsOf(
  shape: PartitionShape,
  ids: readonly string[],
  random: Prng,
  first: string = random.pick(ids),
): Cut[] {
  const others = ids.filter((id) => id !== first);
  const order = [first, ...shuffled(others, random)];
  const place = (id: string) => order.indexOf(id);
  const split = 1 + random.below(Math.max(1, ids.length - 1));
  const isCut = rules[shape];
  return ids.flatMap((from) =>
    ids
      .filter((to) => to !== from && isCut(place(from), place(to), split, ids.length))
      .map((to): Cut => [from, to]),
  );
}

/** Whether what stands at one place does not reach what stands at another, where the second group begins at `split`. */
type Rule = (from: number, to: number, split: number, count: number) => boolean;

const rules: Readonly<Record<PartitionShape, Rule>> = {
  oneWay: (from, to) => from === 0 && to === 1,
  link: (from, to) => from + to === 1,
  isolate: (from, to) => from === 0 || to === 0,
  mute: (from) => from === 0,
  deaf: (_from, to) => to === 0,
  halves: (from, to, split) => from < split !== to < split,
  bridge: (from, to, _split, count) =>
    from > 0 && to > 0 && from <= (count - 1) / 2 !== to <= (count - 1) / 2,
  ring: (from, to, _split, count) => {
    const distance = Math.abs(from - to);
    return distance !== 1 && distance !== count - 1;
  },
};

/** In an order that chance decides. */
export function shuffled<T>(list: readonly T[], random: Prng): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [result[i], result[other]] = [result[other]!, result[i]!];
  }
  return result;
}
