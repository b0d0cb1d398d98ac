import { createHistogram } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type ClientKind, connectClient } from "../clients.ts";
import { keyOf, valueBytes } from "../set-batch.ts";

/**
 * Callers of one client of Node.js in this process, each of whom waits for its answer before the next request.
 *
 *     node --expose-gc --max-semi-space-size=128 dist/bench/load/programs/client-load.js --client ioredis --ports 6379 --command set --callers 10 --keys 10000 --requests 20000
 *
 * Prints the rate, the latencies, the processor time of this process and the bytes that an operation allocates, as JSON.
 */
const { values: options } = parseArgs({
  options: {
    client: { type: "string" },
    ports: { type: "string", default: "" },
    command: { type: "string" },
    callers: { type: "string" },
    keys: { type: "string" },
    requests: { type: "string" },
  },
});
const callers = Number(options.callers);
const keys = Number(options.keys);
const requests = Number(options.requests);
const isWrite = options.command === "set";
const value = "x".repeat(valueBytes);
/** Of the requests, so many are made first: until the code is compiled and the connections stand. */
const warmUpPart = 0.2;
/** Fewer than a collection of young objects would interrupt. */
const weighedMax = 4_000;

await using client = await connectClient(
  options.client as ClientKind,
  options.ports.split(",").map(Number),
  callers,
);
await make(Math.ceil(requests * warmUpPart));
const allocatedBytesPerOp = await weigh(Math.min(weighedMax, requests));
const latency = createHistogram();
const before = process.cpuUsage();
const startMs = performance.now();
await make(requests, (micros) => latency.record(Math.max(1, Math.round(micros))));
const seconds = (performance.now() - startMs) / 1_000;
const { user, system } = process.cpuUsage(before);
const ms = (percent: number): number => latency.percentile(percent) / 1_000;
console.log(
  JSON.stringify({
    opsPerSecond: requests / seconds,
    cpuMicrosPerOp: (user + system) / requests,
    latencyMs: { p50: ms(50), p99: ms(99) },
    allocatedBytesPerOp,
  }),
);

async function make(count: number, onDone?: (micros: number) => void): Promise<void> {
  let left = count;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const key = keyOf(Math.floor(Math.random() * keys));
      const sentMs = performance.now();
      const answer = isWrite ? await client.set(key, value) : await client.get(key);
      if (answer === null) throw new Error(`${key} does not exist`);
      onDone?.((performance.now() - sentMs) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

async function weigh(count: number): Promise<number> {
  globalThis.gc!();
  const usedBytes = process.memoryUsage().heapUsed;
  await make(count);
  return (process.memoryUsage().heapUsed - usedBytes) / count;
}
