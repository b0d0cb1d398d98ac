import { once } from "node:events";
import net from "node:net";
import { createHistogram } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { takeSnapshot } from "../../peers/snapshots.ts";
import { Filler } from "../filler.ts";
import { Lane } from "../lane.ts";
import { type OpenLoopResult, windowMs } from "../open-loop.ts";
import { keyOf, SetBatch } from "../set-batch.ts";

/**
 * An open load: requests leave at fixed times, half GET and half SET, on keys that exist, and latency
 * counts from the time a request was meant to leave. A server that stops for a moment makes all requests
 * of that moment late, as it would real users; a generator that waits for answers would hide that.
 *
 * Beside it, a filler writes keys in sequence at a fixed pace, or the server takes a snapshot. All run in one loop that never sleeps:
 * timers are too coarse, and two processes on a core would wait for each other.
 */
const { values: options } = parseArgs({
  options: {
    port: { type: "string" },
    rate: { type: "string" },
    connections: { type: "string" },
    keys: { type: "string" },
    seconds: { type: "string", default: "0" },
    "fill-from": { type: "string", default: "0" },
    "fill-to": { type: "string", default: "0" },
    "fill-rate": { type: "string", default: "0" },
    "take-snapshot": { type: "boolean", default: false },
  },
});
const port = Number(options.port);
const requestsPerMs = Number(options.rate) / 1_000;
const keys = Number(options.keys);
const durationMs = Number(options.seconds) * 1_000;
const fillFrom = Number(options["fill-from"]);
const fillTo = Number(options["fill-to"]);
const keysPerMs = Number(options["fill-rate"]) / 1_000;
/** Small: the server works on a batch in one piece, and the load waits behind it. */
const keysPerBatch = 32;

const latency = createHistogram();
const lateness = createHistogram();
const worstMs: number[] = [];
let windowWorstMs = 0;

const lanes: Lane[] = [];
for (let i = 0; i < Number(options.connections); i++) lanes.push(new Lane(await connect(), answered));
const filler = new Filler(
  await connect(),
  { keysPerBatch, batchesInFlight: 16, withDeadlines: false },
  () => {},
);
const setCommand = new SetBatch(1, false);

let requests = 0;
let filled = fillFrom;
let state = 0x9e3779b9;
const startMs = performance.now();
let windowEndMs = startMs + windowMs;
let isSaving = options["take-snapshot"];
if (isSaving) {
  void takeSnapshot(port).then(() => {
    isSaving = false;
  });
}
setImmediate(turn);

function turn(): void {
  const nowMs = performance.now();
  if (nowMs >= windowEndMs) closeWindow();
  const isFilled = fillFrom + filler.acknowledgedKeys >= fillTo;
  if (nowMs - startMs < durationMs || !isFilled || isSaving) {
    sendDueRequests(nowMs);
    sendDueKeys(nowMs);
  } else {
    // Of the time that a late turn has slept through, too.
    sendDueRequests(startMs + durationMs);
    if (lanes.every((lane) => lane.isIdle)) {
      finish(nowMs);
      return;
    }
  }
  setImmediate(turn);
}

function sendDueRequests(nowMs: number): void {
  for (;;) {
    const intendedMs = startMs + requests / requestsPerMs;
    if (intendedMs > nowMs) return;
    const lane = lanes[requests % lanes.length]!;
    const index = Math.floor(random() * keys);
    const kind = requests++ % 2 === 0 ? "get" : "set";
    lateness.record(Math.max(1, Math.round((performance.now() - intendedMs) * 1_000)));
    lane.send({ bytes: kind === "get" ? getCommand(index) : setOne(index), kind, intendedMs });
  }
}

/** One batch a turn: the requests come first. */
function sendDueKeys(nowMs: number): void {
  const due = Math.min(fillTo, fillFrom + Math.floor((nowMs - startMs) * keysPerMs));
  const count = Math.min(keysPerBatch, fillTo - filled);
  if (count === 0 || due - filled < count || !filler.hasRoom) return;
  filler.send(filled, count);
  filled += count;
}

function answered(latencyMs: number): void {
  latency.record(Math.max(1, Math.round(latencyMs * 1_000)));
  windowWorstMs = Math.max(windowWorstMs, latencyMs);
}

function closeWindow(): void {
  worstMs.push(windowWorstMs);
  windowWorstMs = 0;
  windowEndMs += windowMs;
}

function finish(nowMs: number): void {
  const ms = (percent: number): number => latency.percentile(percent) / 1_000;
  const result: OpenLoopResult = {
    requests,
    seconds: (nowMs - startMs) / 1_000,
    latencyMs: { p50: ms(50), p99: ms(99), p999: ms(99.9), max: latency.max / 1_000 },
    generatorLateMs: { p999: lateness.percentile(99.9) / 1_000, max: lateness.max / 1_000 },
    worstMs,
  };
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

function getCommand(index: number): Buffer {
  return Buffer.from(`*2\r\n$3\r\nGET\r\n$16\r\n${keyOf(index)}\r\n`, "latin1");
}

/** A copy: the socket may keep it for a while. */
function setOne(index: number): Buffer {
  return Buffer.from(setCommand.commands(index, 1));
}

/** Xorshift: the same keys in every run. */
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

async function connect(): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.once("close", () => {
    throw new Error("the server closed a connection");
  });
  return socket;
}
