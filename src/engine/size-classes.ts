/**
 * Sizes that a slab gives out: every multiple of 8 up to 1 KiB, then eight steps to each doubling, so
 * that at most an eighth of a place is wasted.
 */
const fineBytesMax = 1024;
const stepsPerDoubling = 8;
const doublings = 8;

/** The largest record in a slab: a quarter of a page. Larger ones get a buffer of their own. */
export const slabBytesMax: number = fineBytesMax << doublings;

export const classBytes: Int32Array = buildSizes();
export const classes: number = classBytes.length;

/** The smallest class with room for `size` bytes, 1 ≤ size ≤ slabBytesMax. */
export function classOf(size: number): number {
  if (size <= fineBytesMax) return (size - 1) >>> 3;
  const doubling = 21 - Math.clz32(size - 1);
  const step = (fineBytesMax << doubling) / stepsPerDoubling;
  const above = Math.ceil((size - (fineBytesMax << doubling)) / step);
  return fineBytesMax / 8 + doubling * stepsPerDoubling + above - 1;
}

/** Bytes of the place that a new record of `size` bytes is given. */
export function placeBytes(size: number): number {
  return size > slabBytesMax ? Math.ceil(size / largeStepBytes) * largeStepBytes : classBytes[classOf(size)]!;
}

/** Large records grow in these steps. */
const largeStepBytes: number = 16 * 1024;

function buildSizes(): Int32Array {
  const sizes: number[] = [];
  for (let size = 8; size <= fineBytesMax; size += 8) sizes.push(size);
  for (let base = fineBytesMax; base < slabBytesMax; base *= 2) {
    for (let step = 1; step <= stepsPerDoubling; step++) sizes.push(base + (base / stepsPerDoubling) * step);
  }
  return Int32Array.from(sizes);
}
