import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerMessage } from "../src/peers/message.ts";
import { Trace } from "./trace.ts";

const vote = {
  type: "requestVote",
  from: "n2",
  to: "n1",
  term: 6,
  last: { term: 5, index: 9 },
  isTransfer: false,
} as const;
const message: PeerMessage = { type: "consensus", from: "n2", to: "n1", message: vote, timeMs: 1 };

function traceOf(...steps: ((trace: Trace) => void)[]): Trace {
  const trace = new Trace(3);
  for (const step of steps) step(trace);
  return trace;
}

test("lines are in the words of the field, with their times", () => {
  const trace = traceOf(
    (t) => t.time(1234.5678),
    (t) => t.note("n1 starts"),
    (t) => t.message(">", message, 7),
  );
  assert.deepEqual(trace.lines, [
    "   1234.568 n1 starts",
    "   1234.568 n2 > n1 VOTE_REQUEST term=6 candidate=n2 last=9/5",
  ]);
});

test("the last lines are kept, in their order", () => {
  const trace = traceOf(...["a", "b", "c", "d", "e"].map((text) => (t: Trace) => t.note(text)));
  assert.deepEqual(
    trace.lines.map((line) => line.trim().split(" ").at(-1)),
    ["c", "d", "e"],
  );
});

test("every difference changes the hash, also one that no line shows any more", () => {
  const filler = ["x", "y", "z"].map((text) => (t: Trace) => t.note(text));
  const hashes = [
    traceOf((t) => t.time(1), ...filler),
    traceOf((t) => t.time(1 + 2 ** -40), ...filler),
    traceOf((t) => t.note("a"), ...filler),
    traceOf((t) => t.note("b"), ...filler),
    traceOf((t) => t.message(">", message, 1), ...filler),
    traceOf((t) => t.message(">", message, 2), ...filler),
    traceOf((t) => t.mix(3), ...filler),
    traceOf((t) => t.mix(4), ...filler),
    traceOf(
      (t) => t.mix(3),
      (t) => t.mix(4),
      ...filler,
    ),
    traceOf(
      (t) => t.mix(4),
      (t) => t.mix(3),
      ...filler,
    ),
  ].map(({ hash }) => hash);
  assert.equal(new Set(hashes).size, hashes.length);
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{16}$/);
});

test("whoever listens hears each line", () => {
  const heard: string[] = [];
  const trace = new Trace();
  trace.onLine = (line) => heard.push(line);
  trace.note("a");
  trace.message("x", message, 0);
  assert.deepEqual(heard, trace.lines);
});
