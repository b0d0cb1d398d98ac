import type { Difference } from "./compare.ts";
import { type Conversation, quoted, type Step, type Turn } from "./conversation.ts";

/** A conversation as one would type it into redis-cli, with a comment where there is no word for it. */
export function showConversation(conversation: Conversation): string {
  let last = -1;
  return conversation
    .flatMap((turn, i) => {
      const head = turn.connection === last ? [] : [`# connection ${turn.connection}`];
      last = turn.connection;
      return [...head, ...showTurn(turn, i)];
    })
    .join("\n");
}

function showTurn(turn: Turn, index: number): string[] {
  switch (turn.kind) {
    case "pipeline": {
      const note = turn.cuts === 0 ? "" : `, cut at random (${turn.cuts})`;
      return [`# turn ${index}: ${turn.steps.length} at once${note}`, ...turn.steps.map(showStep)];
    }
    case "garbage":
      return [`# turn ${index}: raw bytes ${quoted(turn.bytes)}`];
    case "walk":
      return [`# turn ${index}: to the end`, `SCAN 0 ${turn.options.map(quoted).join(" ")}`];
    case "draw":
      return [`# turn ${index}`, "RANDOMKEY"];
    case "kill":
      return [`# turn ${index}: closes itself with CLIENT KILL ID, SKIPME no`];
    case "expiry":
      return [
        `# turn ${index}: ${turn.steps.length} at once, the last one until the answer is 0`,
        ...turn.steps.map(showStep),
        `EXISTS ${turn.keys.map(quoted).join(" ")}`,
      ];
  }
}

function showStep({ args, isInline }: Step): string {
  return args.map(quoted).join(" ") + (isInline ? "   # inline" : "");
}

export function showDifference({ turn, step, reference, subject }: Difference): string {
  return [`turn ${turn}, command ${step}`, `  reference: ${reference}`, `  subject:   ${subject}`].join("\n");
}
