import type { Operation } from "../history.ts";

/**
 * The history with each write once, however often its session sent it: begun with the first attempt, ended with the
 * first reply. Whether attempts agree is another checker's question (sessions.ts).
 */
export function withoutRepeats(history: readonly Operation[]): Operation[] {
  const writes = new Map<string, Operation[]>();
  const result: Operation[] = [];
  for (const operation of history) {
    const name = nameOf(operation);
    if (name === undefined) {
      result.push(operation);
      continue;
    }
    const attempts = writes.get(name);
    if (attempts === undefined) writes.set(name, [operation]);
    else attempts.push(operation);
  }
  for (const attempts of writes.values()) result.push(joined(attempts));
  return result;
}

/** Names a write of a session; undefined for what belongs to none. */
export function nameOf({ session, sequence }: Operation): string | undefined {
  return session === undefined || sequence === undefined ? undefined : `${session}/${sequence}`;
}

function joined(all: readonly Operation[]): Operation {
  const attempts = all.filter(({ outcome }) => outcome !== "failed");
  if (attempts.length <= 1) return attempts[0] ?? all[0]!;
  const first = attempts.reduce((a, b) => (b.start < a.start ? b : a));
  const answered = attempts.filter(({ outcome }) => outcome === "known");
  const last = answered.length === 0 ? first : answered.reduce((a, b) => (b.end < a.end ? b : a));
  const revision = attempts.find((attempt) => attempt.revision !== undefined)?.revision;
  const isClockKnown = first.clock !== undefined && last.clock !== undefined;
  return {
    ...last,
    start: first.start,
    ...(revision !== undefined && { revision }),
    ...(isClockKnown && { clock: [first.clock![0], last.clock![1]] as const }),
  };
}
