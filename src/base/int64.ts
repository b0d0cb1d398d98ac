/**
 * Whole numbers of 64 bits with a sign, as text. Up to 2^53 they are doubles, which are exact there and
 * cost nothing; beyond, they are BigInts. Every value has one of the two forms only.
 */
export type Int64 = number | bigint;

const MINUS = 45;
const ZERO = 48;
const min = -(2n ** 63n);
const max = 2n ** 63n - 1n;
/** Every number of so many digits is exact in a double. */
const exactDigits = 15;
/** 2^63 has so many. */
const digitsMax = 19;
const lowDigits = 9;

/**
 * The number written in bytes [start, end), or undefined where it is none: Redis' rule, which knows one
 * text for each number (no leading zeros, no plus, no spaces, no "-0").
 */
export function parseInt64(bytes: Uint8Array, start: number, end: number): Int64 | undefined {
  const negative = bytes[start] === MINUS && end > start;
  const first = negative ? start + 1 : start;
  const digits = end - first;
  if (digits <= 0 || digits > digitsMax) return undefined;
  if (bytes[first] === ZERO) return digits === 1 && !negative ? 0 : undefined;
  if (digits <= exactDigits) {
    const value = digitsOf(bytes, first, end);
    if (value < 0) return undefined;
    return negative ? -value : value;
  }
  return parseLong(bytes, first, end, negative);
}

/** -1 where one of the bytes is no digit. */
function digitsOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function parseLong(bytes: Uint8Array, first: number, end: number, negative: boolean): Int64 | undefined {
  const high = digitsOf(bytes, first, end - lowDigits);
  const low = digitsOf(bytes, end - lowDigits, end);
  if (high < 0 || low < 0) return undefined;
  const size = BigInt(high) * 10n ** BigInt(lowDigits) + BigInt(low);
  return narrow(negative ? -size : size);
}

/** The sum, or undefined where it has more than 64 bits. */
export function addInt64(a: Int64, b: Int64): Int64 | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return narrow(BigInt(a) + BigInt(b));
}

/** The number with the other sign, or undefined for -2^63. */
export function negateInt64(value: Int64): Int64 | undefined {
  return typeof value === "number" ? 0 - value : narrow(-value);
}

function narrow(value: bigint): Int64 | undefined {
  if (value < min || value > max) return undefined;
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : value;
}
