/** How the values of CONFIG SET are read. The words are Redis'. */

export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** A whole number in decimal. */
export function readNumber(text: string, min: number, max: number): Reading<number> {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text))
    return { problem: "argument couldn't be parsed into an integer" };
  const value = Number(text);
  if (value >= min && value <= max) return { value };
  return { problem: `argument must be between ${min} and ${max} inclusive` };
}

/** Bytes, with a unit where one is given: 1k is 1000, 1kb is 1024. Nothing at all is 0, as in Redis. */
export function readMemory(text: string): Reading<number> {
  const match = /^(\d{0,20})([a-z]{0,2})$/i.exec(text);
  const unit = units.get(match?.[2]?.toLowerCase() ?? "?");
  if (match === null || unit === undefined) return { problem: "argument must be a memory value" };
  const value = Number(match[1]) * unit;
  if (Number.isSafeInteger(value)) return { value };
  return { problem: `argument must be at most ${Number.MAX_SAFE_INTEGER} bytes` };
}

/** Bytes, or a share in percent, which is given as a negative number, as in Redis. */
export function readMemoryOrPercent(text: string): Reading<number> {
  const percent = /^(0|[1-9]\d{0,18})%$/.exec(text);
  if (percent === null) {
    const reading = readMemory(text);
    return "value" in reading ? reading : { problem: "argument must be a memory or percent value" };
  }
  const value = Number(percent[1]);
  return value <= 100
    ? { value: 0 - value }
    : { problem: "percentage argument must be less or equal to 100" };
}

const units: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["k", 1000],
  ["kb", 1024],
  ["m", 1000 ** 2],
  ["mb", 1024 ** 2],
  ["g", 1000 ** 3],
  ["gb", 1024 ** 3],
]);

/** A word out of several, of which some may be known and still not be possible here. */
export function readWord(text: string, known: readonly string[], possible: string): Reading<string> {
  const value = text.toLowerCase();
  if (value === possible) return { value };
  if (!known.includes(value)) return { problem: wordProblem(known) };
  return { problem: `only ${possible} is possible here` };
}

function wordProblem(known: readonly string[]): string {
  if (known.length === 2) return `argument must be '${known[0]}' or '${known[1]}'`;
  return `argument(s) must be one of the following: ${known.join(", ")}`;
}
