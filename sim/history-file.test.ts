import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "./history.ts";
import { lineOf, parseOperation, readHistory } from "./history-file.ts";
import { simLimits } from "./limits.ts";

async function* chunksOf(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

function lineWith(fields: Record<string, unknown>): string {
  return JSON.stringify({ process: "a", type: "get", key: "x", result: null, start: 1, end: 2, ...fields });
}

function read(...lines: string[]): Promise<Operation[]> {
  return readHistory(chunksOf(`${lines.join("\n")}\n`));
}

test("a file is read line by line, however its bytes arrive", async () => {
  const text = `${lineWith({ key: "é" })}\n\n${lineWith({ start: 2, end: 9 })}`;
  const history = await readHistory(chunksOf(text.slice(0, 20), text.slice(20, 70), text.slice(70)));
  assert.deepEqual(
    history.map(({ action, position }) => ({ action, position })),
    [
      { action: { type: "get", key: "é" }, position: 0 },
      { action: { type: "get", key: "x" }, position: 1 },
    ],
  );
});

test("every type is written and read again", async () => {
  const lines = [
    lineWith({ result: "1", revision: 7, mode: "stale", maxLag: 9, node: "n1", position: 0 }),
    lineWith({ type: "set", argument: "\0\xff", ttl: 50, result: "OK", clock: [5, 6], position: 1 }),
    lineWith({ type: "cas", argument: [null, "1"], result: null, position: 2 }),
    lineWith({ type: "incr", argument: -1, result: { error: "not a number" }, position: 3 }),
    lineWith({ type: "append", argument: "1", result: "unknown", position: 4 }),
    lineWith({ type: "del", result: 1, session: "s", sequence: 3, low: 2, position: 5 }),
    lineWith({ type: "expire", argument: 5, result: 0, position: 6 }),
    lineWith({ type: "persist", result: "failed", position: 7 }),
    lineWith({ type: "rename", argument: "y", result: "OK", position: 8 }),
    JSON.stringify({ process: "a", type: "flush", result: "OK", start: 1, end: 2, position: 9 }),
    JSON.stringify({
      ...{ process: "a", type: "exec", argument: [{ type: "get", key: "x" }, { type: "flush" }] },
      ...{ result: [null, "OK"], start: 1, end: 2, position: 10 },
    }),
  ];
  const history = await read(...lines);
  const again = await read(...history.map(lineOf));
  assert.deepEqual(again, history);
  assert.deepEqual([history[4]!.outcome, history[4]!.reply], ["unknown", null]);
  assert.deepEqual([history[7]!.outcome, history[7]!.reply], ["failed", null]);
});

test('a value that reads "unknown" is one', () => {
  const operation = parseOperation(lineWith({ result: { value: "unknown" } }));
  assert.deepEqual([operation.outcome, operation.reply], ["known", "unknown"]);
  assert.deepEqual(parseOperation(lineOf(operation)), operation);
});

test("operations without a position stand by their start", async () => {
  const history = await read(lineWith({ start: 5, end: 6 }), lineWith({ start: 1 }));
  assert.deepEqual(
    history.map(({ position }) => position),
    [1, 0],
  );
  await assert.rejects(read(lineWith({ position: 1 }), lineWith({})), /process a: position: all of its/);
});

test("what is no operation is refused with its line and field", async () => {
  const cases: readonly [string, RegExp][] = [
    ["{", /^line 2: no JSON/],
    ["[]", /^line 2: an operation is an object/],
    [lineWith({ type: "gte" }), /^line 2: type: /],
    [lineWith({ key: undefined }), /^line 2: key: /],
    [lineWith({ key: "€" }), /^line 2: key: a character beyond U\+00FF/],
    [lineWith({ argument: "1" }), /^line 2: Unrecognized key: "argument"/],
    [lineWith({ begin: 1 }), /^line 2: Unrecognized key: "begin"/],
    [lineWith({ start: 1.5 }), /^line 2: start: /],
    [lineWith({ start: 3 }), /^line 2: end: before start/],
    [lineWith({ end: undefined }), /^line 2: end: missing/],
    [lineWith({ result: undefined }), /^line 2: result: missing/],
    [lineWith({ result: 1 }), /^line 2: result: /],
    [lineWith({ clock: [2, 1] }), /^line 2: clock: goes back/],
    [lineWith({ mode: "strong" }), /^line 2: mode: /],
    [
      lineWith({ type: "exec", key: undefined, argument: [{ type: "del", key: "x" }], result: [] }),
      /^line 2: result: null, or a list of 1 replies/,
    ],
    [
      lineWith({ type: "exec", key: undefined, argument: [{ type: "del", key: "x" }], result: ["OK"] }),
      /^line 2: result\.0: /,
    ],
  ];
  for (const [line, message] of cases) await assert.rejects(read(lineWith({}), line), { message });
});

test("a line without an end is refused at its bound", async () => {
  const piece = "x".repeat(simLimits.historyLineBytesMax / 2);
  await assert.rejects(readHistory(chunksOf(piece, piece, "x")), { code: "TOO_LARGE" });
});
