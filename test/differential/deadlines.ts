import { lower } from "./conversation.ts";

/** A number in a command that will be read as a time. */
interface GivenTime {
  readonly value: number;
  readonly isAbsolute: boolean;
}

/** Farther from now than any conversation lasts. */
const clearanceMs = 100_000;
/** Redis takes deadlines up to 2^63, kvorum up to 2^53: what lies between is not compared. */
const exactMax = 2 ** 53;
const redisMax = 2 ** 63;

/**
 * Whether the reply, or the replies after it, depend on the moment at which a server reads its clock: a
 * deadline that comes soon, or one that only one of the two can hold.
 */
export function leavesToTheClock(args: readonly Buffer[]): boolean {
  const nowMs = Date.now();
  return timesIn(args).some(({ value, isAbsolute }) => {
    const distance = isAbsolute ? value - nowMs : value;
    const isNear = distance > (isAbsolute ? -clearanceMs : 0) && distance < clearanceMs;
    const deadline = isAbsolute ? value : value + nowMs;
    return isNear || (deadline > exactMax - clearanceMs && deadline < redisMax + nowMs);
  });
}

/** Whether a command writes a key whose deadline has passed already. */
export function setsExpired(args: readonly Buffer[]): boolean {
  return (
    lower(args[0]) === "set" &&
    timesIn(args).some(({ value, isAbsolute }) => isAbsolute && value < Date.now())
  );
}

function timesIn(args: readonly Buffer[]): GivenTime[] {
  const name = lower(args[0]);
  const place = places.get(name);
  if (place !== undefined) return timeAt(args, 2, place);
  const first = name === "set" ? 3 : name === "getex" ? 2 : args.length;
  return args.flatMap((arg, i) => {
    const unit = i >= first ? options.get(lower(arg)) : undefined;
    return unit === undefined ? [] : timeAt(args, i + 1, unit);
  });
}

interface Unit {
  readonly ms: number;
  readonly isAbsolute: boolean;
}

function timeAt(args: readonly Buffer[], index: number, { ms, isAbsolute }: Unit): GivenTime[] {
  const text = lower(args[index]);
  return /^-?\d+$/.test(text) ? [{ value: Number(text) * ms, isAbsolute }] : [];
}

const seconds: Unit = { ms: 1_000, isAbsolute: false };
const milliseconds: Unit = { ms: 1, isAbsolute: false };
const atSecond: Unit = { ms: 1_000, isAbsolute: true };
const atMillisecond: Unit = { ms: 1, isAbsolute: true };

/** Commands whose second argument is a time. */
const places: ReadonlyMap<string, Unit> = new Map([
  ["expire", seconds],
  ["pexpire", milliseconds],
  ["expireat", atSecond],
  ["pexpireat", atMillisecond],
  ["setex", seconds],
  ["psetex", milliseconds],
]);

/** Options of SET and GETEX that a time follows. */
const options: ReadonlyMap<string, Unit> = new Map([
  ["ex", seconds],
  ["px", milliseconds],
  ["exat", atSecond],
  ["pxat", atMillisecond],
]);
