import type { KeyAction, Operation, PartReply } from "../history.ts";

/**
 * What one key holds. A deadline is known as well as its moment is: the write that set it happened at some time
 * between its start and its end.
 */
export interface Held {
  /** Null: absent. */
  readonly value: string | null;
  /** Cluster time in ms: not before this the key expires; Infinity without a deadline. */
  readonly earliest: number;
  /** From this on it is surely absent for a linearizable reader. */
  readonly latest: number;
}

export const absent: Held = { value: null, earliest: Infinity, latest: Infinity };

/** What one operation does to one key, as one step: an action, or those of a transaction that name the key. */
export interface KeyStep {
  readonly operation: Operation;
  readonly parts: readonly KeyPart[];
}

export interface KeyPart {
  readonly action: KeyAction | { readonly type: "flush" };
  /** Undefined: nobody knows. */
  readonly reply: PartReply | undefined;
}

/**
 * How far the clock of deadlines may be from that of the history. Where operations carry the leader's clock, `drift`
 * is not needed.
 */
export interface Tolerance {
  /** Share of a ttl by which a clock may run fast or slow. */
  readonly drift: number;
  /** A key may be seen for so long after its deadline, in ms: elections. */
  readonly lateMs: number;
}

/** Clocks that are ten percent wrong, and elections that take their time. */
export const defaultTolerance: Tolerance = { drift: 0.1, lateMs: 2_000 };

/** Cluster time at which the operation can have happened, in ms. */
export function clockOf({ clock, start, end, outcome }: Operation): readonly [number, number] {
  const last = outcome === "unknown" ? Infinity : (clock?.[1] ?? end / 1000);
  return [clock?.[0] ?? start / 1000, last];
}

/** The key's state seen as alive, or as expired. */
type Sight = "alive" | "expired";

/** As which of both the operation can have seen what the key held. */
export function sightsOf(held: Held, operation: Operation): readonly Sight[] {
  if (held.value === null || held.earliest === Infinity) return alive;
  const [from, to] = clockOf(operation);
  // What is not linearizable goes by the time that is applied, which may be behind.
  const isAlive = from < held.latest || operation.mode !== "linearizable";
  const isExpired = to >= held.earliest;
  if (isAlive) return isExpired ? both : alive;
  return isExpired ? expired : [];
}

const alive: readonly Sight[] = ["alive"];
const expired: readonly Sight[] = ["expired"];
const both: readonly Sight[] = ["alive", "expired"];

/** As which it can have been seen at whatever time. */
export function sightsAtAnyTime({ value, earliest }: Held): readonly Sight[] {
  return value === null || earliest === Infinity ? alive : both;
}

/** All that the key may hold after this step, if its replies are right; none where they cannot be. */
export function statesAfter(
  held: Held,
  step: KeyStep,
  tolerance: Tolerance,
  sights: readonly Sight[] = sightsOf(held, step.operation),
): Held[] {
  const states: Held[] = [];
  for (const sight of sights) {
    const next = stateAfter(sight === "alive" ? held : absent, step, tolerance);
    if (next !== undefined && !states.some((state) => sameHeld(state, next))) states.push(next);
  }
  return states;
}

function stateAfter(held: Held, { operation, parts }: KeyStep, tolerance: Tolerance): Held | undefined {
  let now = held;
  for (const { action, reply } of parts) {
    const { answer, next } = applied(now, action, operation, tolerance);
    if (reply !== undefined && !sameReply(answer, reply)) return undefined;
    now = next;
  }
  return now;
}

/** What the key would have answered, part by part. */
export function answersOf(held: Held, { operation, parts }: KeyStep, tolerance: Tolerance): PartReply[] {
  let now = held;
  return parts.map(({ action }) => {
    const { answer, next } = applied(now, action, operation, tolerance);
    now = next;
    return answer;
  });
}

export function sameHeld(a: Held, b: Held): boolean {
  return a.value === b.value && a.earliest === b.earliest && a.latest === b.latest;
}

/** Any error is as good as another. */
function sameReply(a: PartReply, b: PartReply): boolean {
  if (isError(a) || isError(b)) return isError(a) && isError(b);
  return a === b;
}

function isError(reply: PartReply): boolean {
  return typeof reply === "object" && reply !== null;
}

interface Effect {
  readonly answer: PartReply;
  readonly next: Held;
}

function applied(held: Held, action: KeyPart["action"], operation: Operation, tolerance: Tolerance): Effect {
  const { value } = held;
  switch (action.type) {
    case "get":
      return { answer: value, next: held };
    case "set":
      return { answer: "OK", next: holding(action.argument, action.ttl, operation, tolerance) };
    case "cas":
      if (value !== action.argument[0]) return { answer: null, next: held };
      return { answer: "OK", next: { ...absent, value: action.argument[1] } };
    case "incr":
      return incremented(held, action.argument);
    case "append": {
      const longer = (value ?? "") + action.argument;
      return { answer: longer.length, next: { ...held, value: longer } };
    }
    case "del":
      return { answer: value === null ? 0 : 1, next: absent };
    case "expire":
      if (value === null) return { answer: 0, next: held };
      return { answer: 1, next: holding(value, action.argument, operation, tolerance) };
    case "persist":
      return { answer: held.earliest === Infinity ? 0 : 1, next: { ...absent, value } };
    case "flush":
      return { answer: "OK", next: absent };
  }
}

function holding(
  value: string,
  ttl: number | undefined,
  operation: Operation,
  { drift, lateMs }: Tolerance,
): Held {
  if (ttl === undefined) return { ...absent, value };
  if (ttl <= 0) return absent;
  const [from, to] = clockOf(operation);
  const wrong = operation.clock === undefined ? ttl * drift : 0;
  return { value, earliest: from + ttl - wrong, latest: to + ttl + wrong + lateMs };
}

function incremented(held: Held, step: number): Effect {
  const text = held.value ?? "0";
  const small = Number(text);
  if (Number.isSafeInteger(small) && Number.isSafeInteger(small + step) && String(small) === text)
    return { answer: small + step, next: { ...held, value: String(small + step) } };
  const isWhole = /^(?:0|-?[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
  const sum = isWhole ? BigInt(text) + BigInt(step) : 0n;
  if (!isWhole || BigInt.asIntN(64, sum) !== sum) return { answer: { error: "not a number" }, next: held };
  return { answer: Number(sum), next: { ...held, value: String(sum) } };
}
