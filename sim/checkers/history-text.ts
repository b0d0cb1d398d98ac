import type { Action, Operation, PartAction, Reply } from "../history.ts";
import { parseOperation } from "../history-file.ts";

/** Short forms of histories, for tests. */

/**
 * Operations from lines such as
 *
 *     a 0 10 set x 1 = OK revision=3
 *     b 5 20 get x = nil mode=stale node=n2
 *     c 7 9 incr x 1 = unknown
 *
 * process, start, end, type, key, arguments, "=", result, then facts. `nil` is null, a number stands for the number
 * where a reply is one. With several parts: `a 0 9 exec set x 1 ; get y = OK 2`.
 */
export function historyOf(text: string): Operation[] {
  const positions = new Map<string, number>();
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => operationOf(line, positions));
}

function operationOf(line: string, positions: Map<string, number>): Operation {
  const [asked = "", told = ""] = line.split(" = ");
  const [process = "", start, end, ...words] = asked.split(" ");
  const isFact = (word: string): boolean => /^[a-zA-Z]+=/.test(word);
  const results = told.split(" ").filter((word) => !isFact(word));
  const facts = told.split(" ").filter(isFact).map(factOf);
  const position = positions.get(process) ?? 0;
  positions.set(process, position + 1);
  const action = actionOf(words);
  const fields = { process, position, start: Number(start), end: Number(end), ...action };
  const result = resultOf(action, results);
  return parseOperation(JSON.stringify({ ...fields, result, ...Object.fromEntries(facts) }));
}

/** "clock=5-9" for what the leader's clock showed. */
function factOf(word: string): [string, unknown] {
  const [name = "", value = ""] = word.split("=");
  if (name === "clock") return [name, value.split("-").map(Number)];
  return [name, /^\d+$/.test(value) && name !== "session" ? Number(value) : value];
}

function actionOf(words: readonly string[]): Action {
  if (words[0] !== "exec") return partOf(words);
  const parts = words.slice(1).join(" ").split(" ; ");
  return { type: "exec", argument: parts.map((part) => partOf(part.split(" "))) };
}

function partOf([type = "", key = "", ...rest]: readonly string[]): PartAction {
  const value = rest[0] ?? "";
  const nullable = (word = ""): string | null => (word === "nil" ? null : word);
  switch (type) {
    case "flush":
      return { type };
    case "set":
      return { type, key, argument: value, ...(rest[1] !== undefined && { ttl: Number(rest[1]) }) };
    case "cas":
      return { type, key, argument: [nullable(value), rest[1] ?? ""] };
    case "incr":
    case "expire":
      return { type, key, argument: Number(value) };
    case "append":
    case "rename":
      return { type, key, argument: value };
    default:
      return { type: type as "get" | "del" | "persist", key };
  }
}

function resultOf(action: Action, results: readonly string[]): Reply {
  const [first = ""] = results;
  if (first === "unknown" || first === "failed") return first;
  if (action.type !== "exec") return replyOf(action, first);
  return first === "aborted" ? null : action.argument.map((part, i) => replyOf(part, results[i] ?? ""));
}

function replyOf(action: PartAction, word: string): string | number | null | { error: string } {
  if (word === "nil") return null;
  if (word === "error") return { error: "wrong" };
  return action.type === "get" || word === "OK" ? word : Number(word);
}
