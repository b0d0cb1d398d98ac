import { z } from "zod";
import { KvorumError } from "../src/base/errors.ts";
import { linesOf } from "../src/cli/lines.ts";
import {
  type Action,
  byProcess,
  type Operation,
  type Outcome,
  type PartAction,
  type Reply,
} from "./history.ts";
import { simLimits } from "./limits.ts";

/** Histories as files: one operation a line, as JSON. README.md shows a line of each type. */

const bytes = z.string().regex(/^[\0-\xff]*$/, "a character beyond U+00FF is no byte");
const whole = z.int().nonnegative();
const ttl = z.int();
const key = bytes;

const partForms = [
  z.strictObject({ type: z.literal("get"), key }),
  z.strictObject({ type: z.literal("set"), key, argument: bytes, ttl: ttl.optional() }),
  z.strictObject({ type: z.literal("cas"), key, argument: z.tuple([bytes.nullable(), bytes]) }),
  z.strictObject({ type: z.literal("incr"), key, argument: z.int() }),
  z.strictObject({ type: z.literal("append"), key, argument: bytes }),
  z.strictObject({ type: z.literal("del"), key }),
  z.strictObject({ type: z.literal("expire"), key, argument: ttl }),
  z.strictObject({ type: z.literal("persist"), key }),
  z.strictObject({ type: z.literal("rename"), key, argument: bytes }),
  z.strictObject({ type: z.literal("flush") }),
] as const;

const actionForm = z.discriminatedUnion("type", [
  ...partForms,
  z.strictObject({
    type: z.literal("exec"),
    argument: z.array(z.discriminatedUnion("type", partForms)).min(1),
  }),
]);

const factsForm = z.strictObject({
  process: z.string().min(1),
  position: whole.optional(),
  start: whole,
  end: whole.optional(),
  revision: z.int().positive().optional(),
  mode: z.enum(["linearizable", "quorum", "stale"]).default("linearizable"),
  maxLag: whole.optional(),
  node: z.string().optional(),
  session: z.string().optional(),
  sequence: whole.optional(),
  low: whole.optional(),
  clock: z.tuple([z.int(), z.int()]).optional(),
});

const ok = z.literal("OK");
const error = z.strictObject({ error: z.string() });
const flag = z.union([z.literal(0), z.literal(1)]);
const replyForms: Readonly<Record<PartAction["type"], z.ZodType>> = {
  get: bytes.nullable(),
  set: ok,
  cas: ok.nullable(),
  incr: z.union([z.int(), error]),
  append: whole,
  del: flag,
  expire: flag,
  persist: flag,
  rename: z.union([ok, error]),
  flush: ok,
};

/**
 * The history in a file's bytes. Throws KvorumError naming line and field where something is no operation, and
 * TOO_LARGE beyond the bounds of limits.ts.
 */
export async function readHistory(chunks: AsyncIterable<Buffer>): Promise<Operation[]> {
  const history: Operation[] = [];
  const unplaced: Operation[] = [];
  let number = 0;
  for await (const line of linesOf(chunks, simLimits.historyLineBytesMax)) {
    number++;
    if (line.length === 0) continue;
    if (history.length === simLimits.historyOperationsMax)
      throw new KvorumError("TOO_LARGE", `more than ${simLimits.historyOperationsMax} operations`);
    const { isPlaced, operation } = parseLine(line.toString(), `line ${number}`);
    history.push(operation);
    if (!isPlaced) unplaced.push(operation);
  }
  return unplaced.length === 0 ? history : placed(history, new Set(unplaced));
}

/** One operation of a file's line. */
export function parseOperation(line: string): Operation {
  return parseLine(line, "line 1").operation;
}

function parseLine(line: string, where: string): { operation: Operation; isPlaced: boolean } {
  const { result, ...fields } = parseObject(line, where);
  const { type, key, argument, ttl, ...rest } = fields;
  const given = Object.entries({ type, key, argument, ttl }).filter(([, value]) => value !== undefined);
  const action = checked(actionForm, Object.fromEntries(given), where) as Action;
  const facts = checked(factsForm, rest, where);
  const { outcome, reply } = outcomeOf(action, result, where);
  const end = facts.end ?? (outcome === "unknown" ? facts.start : undefined);
  if (end === undefined) throw wrong(where, "end", "missing; only an unknown result has none");
  if (end < facts.start) throw wrong(where, "end", "before start");
  if (facts.clock !== undefined && facts.clock[1] < facts.clock[0]) throw wrong(where, "clock", "goes back");
  const operation = { ...facts, position: facts.position ?? 0, action, outcome, reply, end } as Operation;
  return { operation, isPlaced: facts.position !== undefined };
}

function parseObject(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new KvorumError("ERR", `${where}: no JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new KvorumError("ERR", `${where}: an operation is an object {"process":…}`);
  return value as Record<string, unknown>;
}

function outcomeOf(action: Action, result: unknown, where: string): { outcome: Outcome; reply: Reply } {
  if (result === "unknown" || result === "failed") return { outcome: result, reply: null };
  if (result === undefined) throw wrong(where, "result", 'missing; where nobody knows it, "unknown"');
  if (action.type !== "exec") {
    const value = action.type === "get" ? unwrapped(result) : result;
    return { outcome: "known", reply: checked(replyForms[action.type], value, where, ["result"]) as Reply };
  }
  const length = action.argument.length;
  if (result !== null && !(Array.isArray(result) && result.length === length))
    throw wrong(where, "result", `null, or a list of ${length} replies, is expected`);
  for (const [i, part] of action.argument.entries())
    if (result !== null) checked(replyForms[part.type], (result as unknown[])[i], where, ["result", i]);
  return { outcome: "known", reply: result as Reply };
}

/** A value that reads "unknown" or "failed" is written as {"value":"unknown"}. */
function unwrapped(result: unknown): unknown {
  return typeof result === "object" && result !== null && "value" in result ? result.value : result;
}

function checked<T>(form: z.ZodType<T>, value: unknown, where: string, path: readonly PropertyKey[] = []): T {
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw wrong(where, [...path, ...issue.path].join("."), issue.message);
}

function wrong(where: string, field: string, why: string): KvorumError {
  return new KvorumError("ERR", field === "" ? `${where}: ${why}` : `${where}: ${field}: ${why}`);
}

/** Gives a place to operations whose file names none: by start, then as they stand in the file. */
function placed(history: readonly Operation[], unplaced: ReadonlySet<Operation>): Operation[] {
  const positions = new Map<Operation, number>();
  for (const [process, own] of byProcess(history)) {
    const count = own.filter((operation) => unplaced.has(operation)).length;
    if (count === 0) continue;
    if (count < own.length)
      throw new KvorumError("ERR", `process ${process}: position: all of its operations have one, or none`);
    for (const [i, operation] of own.toSorted((a, b) => a.start - b.start).entries())
      positions.set(operation, i);
  }
  return history.map((operation) => {
    const position = positions.get(operation);
    return position === undefined ? operation : { ...operation, position };
  });
}

/** The operation as a line of a file, without its end. */
export function lineOf({ action, outcome, reply, ...facts }: Operation): string {
  const { process, ...rest } = facts;
  return JSON.stringify({ process, ...action, result: resultOf(outcome, reply), ...rest });
}

function resultOf(outcome: Outcome, reply: Reply): unknown {
  if (outcome !== "known") return outcome;
  return reply === "unknown" || reply === "failed" ? { value: reply } : reply;
}
