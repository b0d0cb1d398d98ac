import type { KeyAction } from "../../history.ts";
import type { Held } from "../register.ts";
import type { Candidate } from "./configuration.ts";

/**
 * Unknown writes may stack up, one on the other, before a reply shows what became of them. There are as many stacks as
 * subsets in all their orders, and almost none of them leads to what the reply saw; these tests cut those off that
 * surely do not. They may say yes too often, and never no too often.
 */

/** Whether it does and answers the same whatever the key held. */
export function isBlind({ step, isOptional }: Candidate): boolean {
  const type = step.parts[0]!.action.type;
  return type === "set" || type === "flush" || (type === "del" && isOptional);
}

/** Whether more of these unknown writes can bring the key from `held` to where the reply of `seen` is right. */
export function mayLeadTo(held: Held, seen: Candidate, more: readonly Candidate[]): boolean {
  if (more.length === 0) return false;
  const value = seenValue(seen);
  if (value === undefined) return true;
  if (value === null) return more.some((step) => actionOf(step) === undefined);
  if (!more.some((step) => mayEndWith(step, value))) return false;
  const isGrowing = held.earliest === Infinity && more.every((step) => actionOf(step)?.type === "append");
  return !isGrowing || value.startsWith(held.value ?? "");
}

/** The value that the key must have had for this reply; undefined where several would do. */
function seenValue({ step }: Candidate): string | null | undefined {
  const { action, reply } = step.parts[0]!;
  if (action.type === "get") return reply as string | null;
  return action.type === "cas" && reply === "OK" ? action.argument[0] : undefined;
}

/** Whether a step, applied last, can leave this value. */
function mayEndWith(step: Candidate, value: string): boolean {
  const action = actionOf(step);
  switch (action?.type) {
    case "append":
      return value.endsWith(action.argument);
    case "cas":
      return value === action.argument[1];
    case "incr":
      return /^-?\d+$/.test(value);
    default:
      return true;
  }
}

/** Undefined for a transaction, and for what has to do with deadlines. */
function actionOf({ step }: Candidate): KeyAction | undefined {
  const { action } = step.parts[0]!;
  const isSimple = action.type === "append" || action.type === "cas" || action.type === "incr";
  return step.parts.length === 1 && isSimple ? action : undefined;
}
