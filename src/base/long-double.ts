/**
 * The 80-bit floating point numbers of x86 (`long double` there), which INCRBYFLOAT of Redis computes with:
 *
 *     value = mantissa × 2^exponent     |mantissa| < 2^64, -16445 <= exponent <= 16320
 *
 * Every step is exact in BigInt and then rounded once, to nearest, ties to even, as the processor and the
 * C library do. Sources: Intel's manual, volume 1, chapter 4; strtold and printf of the C standard.
 */
export interface LongDouble {
  readonly mantissa: bigint;
  /** Infinity where the value is infinite; the mantissa then has its sign. */
  readonly exponent: number;
}

const mantissaBits = 64;
const exponentMin = -16_445;
const exponentMax = 16_320;
/** A text as long as this is no number: Redis reads into a buffer of 5 KiB. */
const textBytesMax = 5 * 1024;
/** Decimal exponents beyond these are surely too large, or nothing. */
const tensMax = 5_000;
const tensMin = -5_100;

const decimal = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$/i;
const hexadecimal = /^([+-]?)0x(?:([\da-f]+)(?:\.([\da-f]*))?|\.([\da-f]+))(?:p([+-]?\d+))?$/i;
const infinite = /^([+-]?)inf(?:inity)?$/i;

/**
 * The number that Redis (strtold) reads from bytes [start, end), or undefined where it takes them for none:
 * something else stands there, it is NaN, too large, or not zero and too small.
 */
export function parseLongDouble(bytes: Uint8Array, start: number, end: number): LongDouble | undefined {
  if (end - start >= textBytesMax) return undefined;
  const text = String.fromCharCode(...bytes.subarray(start, end));
  return parseDecimal(text) ?? parseHexadecimal(text) ?? parseInfinite(text);
}

/** Digits of a text, and places of the point from there, that computing with it takes no time worth telling for. */
const fewDigits = 128;
const fewPlaces = 40;
const far = /^[+-]?(?:[\d.]+e|0x[\da-f.]+p)[+-]?0*(\d+)$/i;

/**
 * Whether a text may be a number that takes long to read, or whose sum with another takes long to write: it has many
 * digits, or its point is far from them. Texts that are no numbers are said to be quick as far as they are short.
 */
export function mayBeLongNumber(text: string): boolean {
  if (text.length > fewDigits) return text.length < textBytesMax && /^[+-]?[\d.]/.test(text);
  return Number(far.exec(text)?.[1] ?? 0) > fewPlaces;
}

/** The sum, or undefined where it is infinite or NaN. */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble | undefined {
  if (!Number.isFinite(a.exponent) || !Number.isFinite(b.exponent)) return undefined;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  return round(sum, exponent, false);
}

/** As `%.17Lf` prints it, without zeros at the end. Not for infinite values. */
export function formatLongDouble(value: LongDouble): string {
  const digits = decimals(value, 17).toString().padStart(18, "0");
  const fraction = digits.slice(-17).replace(/0+$/, "");
  const whole = digits.slice(0, -17);
  const text = fraction === "" ? whole : `${whole}.${fraction}`;
  return value.mantissa < 0n && text !== "0" ? `-${text}` : text;
}

export const zeroLongDouble: LongDouble = { mantissa: 0n, exponent: exponentMin };

function parseDecimal(text: string): LongDouble | undefined {
  const match = decimal.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = match[4] ?? "", , power = "0"] = match;
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return zeroLongDouble;
  const tens = clamp(Number(power)) - fraction.length;
  const magnitude = tens + digits.toString().length;
  if (magnitude > tensMax || magnitude < tensMin) return undefined;
  return withSign(sign, timesPowerOfTen(digits, tens));
}

function parseHexadecimal(text: string): LongDouble | undefined {
  const match = hexadecimal.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = match[4] ?? "", , power = "0"] = match;
  const digits = BigInt(`0x${whole}${fraction}`);
  if (digits === 0n) return zeroLongDouble;
  return withSign(sign, nonZero(round(digits, clamp(Number(power)) - 4 * fraction.length, false)));
}

function parseInfinite(text: string): LongDouble | undefined {
  const match = infinite.exec(text);
  if (match === null) return undefined;
  return { mantissa: match[1] === "-" ? -1n : 1n, exponent: Number.POSITIVE_INFINITY };
}

/** Far beyond every exponent that counts, and still a number to compute with. */
function clamp(exponent: number): number {
  return Math.max(-1e6, Math.min(1e6, exponent));
}

function withSign(sign: string | undefined, value: LongDouble | undefined): LongDouble | undefined {
  return value !== undefined && sign === "-" ? { ...value, mantissa: -value.mantissa } : value;
}

function nonZero(value: LongDouble | undefined): LongDouble | undefined {
  return value?.mantissa === 0n ? undefined : value;
}

function timesPowerOfTen(digits: bigint, tens: number): LongDouble | undefined {
  if (tens >= 0) return round(digits * 10n ** BigInt(tens), 0, false);
  const divisor = 10n ** BigInt(-tens);
  // So many bits that the quotient has more than the mantissa; what is left only breaks ties.
  const shift = Math.max(0, bitLength(divisor) - bitLength(digits) + mantissaBits + 2);
  const shifted = digits << BigInt(shift);
  return nonZero(round(shifted / divisor, -shift, shifted % divisor !== 0n));
}

/**
 * The nearest number that has a mantissa of 64 bits, undefined where it is too large. `more`: the value is a
 * little further from zero than given, by less than one in its last place; it then has more than 64 bits.
 */
function round(mantissa: bigint, exponent: number, more: boolean): LongDouble | undefined {
  const negative = mantissa < 0n;
  const size = negative ? -mantissa : mantissa;
  const drop = Math.max(bitLength(size) - mantissaBits, exponentMin - exponent);
  if (drop <= 0) return fitting(mantissa, exponent);
  const kept = size >> BigInt(drop);
  const rest = size - (kept << BigInt(drop));
  const half = 1n << BigInt(drop - 1);
  const up = rest > half || (rest === half && (more || (kept & 1n) === 1n));
  const rounded = up ? kept + 1n : kept;
  return fitting(negative ? -rounded : rounded, exponent + drop);
}

function fitting(mantissa: bigint, exponent: number): LongDouble | undefined {
  const bits = bitLength(mantissa < 0n ? -mantissa : mantissa);
  return bits + exponent > mantissaBits + exponentMax ? undefined : { mantissa, exponent };
}

/** The value in units of 10^-places, without its sign, rounded to nearest, ties to even. */
function decimals({ mantissa, exponent }: LongDouble, places: number): bigint {
  const scaled = (mantissa < 0n ? -mantissa : mantissa) * 10n ** BigInt(places);
  if (exponent >= 0) return scaled << BigInt(exponent);
  const whole = scaled >> BigInt(-exponent);
  const rest = scaled - (whole << BigInt(-exponent));
  const half = 1n << BigInt(-exponent - 1);
  return rest > half || (rest === half && (whole & 1n) === 1n) ? whole + 1n : whole;
}

function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const digits = value.toString(16);
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits[0]!, 16)) - 28);
}
