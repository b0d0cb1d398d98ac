import { answersOf, type Held, type KeyStep, sightsOf, type Tolerance } from "../register.ts";
import { showHeld, showOperation, showReply } from "../show.ts";
import type { Shortest } from "./shortest.ts";

/** Unknown outcomes that are shown. */
const optionalShown = 6;

/** Why no order explains what clients saw of a key, for whoever has to read it at night. */
export function describeWrong(key: string, { steps, stuck }: Shortest, tolerance: Tolerance): string {
  const { last, held, count, next, optional } = stuck;
  const lines = [
    `key ${key}: no order of the first ${steps.length} operations explains every reply.`,
    `The order that goes furthest explains ${count} replies${last.length > 0 ? ", at its end:" : "."}`,
    ...last.map(
      (move) => `    ${showOperation(move.step.operation)}    then it holds ${showHeld(move.held)}`,
    ),
    `  the key holds ${showHeld(held)}, and none of these, one of which must come next, fits:`,
    ...next.map((step) => `  ✗ ${showOperation(step.operation)}    ${whyNot(held, step, tolerance)}`),
  ];
  if (optional.length > 0) lines.push(...describeOptional(optional));
  return lines.join("\n");
}

function describeOptional(optional: readonly KeyStep[]): string[] {
  const lines = optional.slice(0, optionalShown).map(({ operation }) => `  ? ${showOperation(operation)}`);
  const more = optional.length - lines.length;
  if (more > 0) lines.push(`  ? and ${more} more`);
  return ["  These may have been applied without a reply, and do not help:", ...lines];
}

function whyNot(held: Held, step: KeyStep, tolerance: Tolerance): string {
  const sights = sightsOf(held, step.operation);
  const seen = sights.includes("alive")
    ? held
    : { ...held, value: null, earliest: Infinity, latest: Infinity };
  const answers = answersOf(seen, step, tolerance);
  const why = held.value !== null && !sights.includes("alive") ? "its deadline has passed, so " : "";
  return `${why}it would have been answered ${showReply(answers.length === 1 ? answers[0]! : answers)}`;
}
