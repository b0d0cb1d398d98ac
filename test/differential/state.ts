import { type Step, step } from "./conversation.ts";
import type { ReplyTree } from "./reply-tree.ts";
import { isSameEncoding } from "./sameness.ts";
import type { System } from "./system.ts";

interface KeyState {
  readonly value: string;
  readonly encoding: string;
  /** -1: none. */
  readonly deadlineMs: number;
}

/** Everything a system holds. */
interface State {
  /** By database and name. */
  readonly keys: ReadonlyMap<string, KeyState>;
  /** What DBSIZE said, in all. */
  readonly size: number;
}

const databases = 16;
/** A connection that no conversation uses. */
const own = 1_000;

export async function stateOf(system: System): Promise<State> {
  const found = new Map<string, KeyState>();
  let total = 0;
  for (let db = 0; db < databases; db++) {
    const [, keys, size] = await system.askAll(own, [step("SELECT", db), step("KEYS", "*"), step("DBSIZE")]);
    const names = keys!.elements.map(({ bytes }) => bytes!);
    const replies = names.length === 0 ? [] : await system.askAll(own, names.flatMap(questions));
    for (const [i, name] of names.entries()) {
      found.set(`${db} ${name.toString("latin1")}`, keyState(replies.slice(i * 3, i * 3 + 3)));
    }
    total += Number(size!.head);
  }
  return { keys: found, size: total };
}

function questions(key: Buffer): Step[] {
  return [step("GET", key), step("OBJECT", "ENCODING", key), step("PEXPIRETIME", key)];
}

function keyState([value, encoding, deadline]: readonly ReplyTree[]): KeyState {
  return {
    value: value!.bytes?.toString("latin1") ?? "null",
    encoding: encoding!.bytes?.toString("latin1") ?? "null",
    deadlineMs: Number(deadline!.head),
  };
}

/** The first key in which two states differ. */
export function stateDifference(
  reference: State,
  subject: State,
): { reference: string; subject: string } | undefined {
  const names = [...new Set([...reference.keys.keys(), ...subject.keys.keys()])].sort();
  for (const name of names) {
    const [a, b] = [reference.keys.get(name), subject.keys.get(name)];
    if (a === undefined || b === undefined || !isSame(a, b)) {
      return { reference: shown(name, a), subject: shown(name, b) };
    }
  }
  // The reference may count keys that have expired: its size says nothing.
  if (subject.size === names.length) return undefined;
  return { reference: `in the end ${names.length} keys`, subject: `in the end ${subject.size} keys` };
}

/** From here on all deadlines are given as points in time; before it, they are as far apart as the clocks. */
const exactFromMs = 3_786_912_000_000;
const distanceMs = 5_000;

function isSame(a: KeyState, b: KeyState): boolean {
  if (a.value !== b.value || !isSameEncoding(a.encoding, b.encoding)) return false;
  const isRelative = a.deadlineMs > 0 && a.deadlineMs < exactFromMs && b.deadlineMs > 0;
  return a.deadlineMs === b.deadlineMs || (isRelative && Math.abs(a.deadlineMs - b.deadlineMs) <= distanceMs);
}

function shown(key: string, state: KeyState | undefined): string {
  const name = JSON.stringify(key);
  if (state === undefined) return `in the end no ${name}`;
  const { value, encoding, deadlineMs } = state;
  return `in the end ${name}: ${JSON.stringify(value.slice(0, 200))} ${encoding} deadline ${deadlineMs}`;
}
