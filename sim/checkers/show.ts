import type { Action, Operation, PartAction, Reply } from "../history.ts";
import type { Held } from "./register.ts";

const shownCharactersMax = 64;

/** `c1 cas x "1" "2" → OK [10, 20] revision 7 on n2`, the times in µs. */
export function showOperation(operation: Operation): string {
  const { process, action, start, end, revision, node, mode } = operation;
  const time = operation.outcome === "unknown" ? `[${start}, …` : `[${start}, ${end}]`;
  const where = [
    ...(revision === undefined ? [] : [`revision ${revision}`]),
    ...(mode === "linearizable" ? [] : [mode]),
    ...(node === undefined ? [] : [`on ${node}`]),
  ];
  return [process, showAction(action), "→", showOutcome(operation), time, ...where].join(" ");
}

function showAction(action: Action): string {
  if (action.type !== "exec") return showPart(action);
  return `exec (${action.argument.map(showPart).join("; ")})`;
}

function showPart(action: PartAction): string {
  const words: string[] = [action.type];
  if ("key" in action) words.push(action.key);
  if (action.type === "rename") words.push(action.argument);
  else if ("argument" in action) words.push(...[action.argument].flat().map(showValue));
  if (action.type === "set" && action.ttl !== undefined) words.push(`ttl ${action.ttl}`);
  return words.join(" ");
}

function showValue(value: string | number | null): string {
  if (value === null) return "nothing";
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value);
  return text.length <= shownCharactersMax
    ? text
    : `${text.slice(0, shownCharactersMax)}…" (${value.length} bytes)`;
}

function showOutcome({ outcome, reply }: Operation): string {
  return outcome === "known" ? showReply(reply) : outcome;
}

export function showReply(reply: Reply): string {
  if (Array.isArray(reply)) return `(${reply.map(showReply).join(", ")})`;
  if (reply !== null && typeof reply === "object") return `error ${(reply as { error: string }).error}`;
  return showValue(reply as string | number | null);
}

/** `"1"`, with a deadline where there is one; `"1" or nothing` where several are possible. */
export function describePossible(states: readonly Held[] | undefined): string {
  if (states === undefined) return "anything";
  return [...new Set(states.map(showHeld))].join(" or ");
}

export function showHeld({ value, earliest, latest }: Held): string {
  if (value === null || earliest === Infinity) return showValue(value);
  const end = latest === Infinity ? "any time" : `${Math.round(latest)} ms`;
  return `${showValue(value)} until ${Math.round(earliest)} ms to ${end} of cluster time`;
}
