import { once } from "node:events";
import net from "node:net";
import { createHistogram } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type EtcdCommand, etcdCalls } from "../etcd-requests.ts";
import { readsOver } from "../reads-over.ts";

/**
 * What redis-benchmark does, for etcd, and for reads from several members: each connection sends its next request when the last one was answered.
 *
 *     node dist/bench/load/programs/closed-load.js --protocol etcd --ports 2379 --command put --connections 50 --keys 100000 --requests 20000
 *
 * Prints the rate and the latencies as JSON.
 */
const { values: options } = parseArgs({
  options: {
    protocol: { type: "string" },
    ports: { type: "string", default: "" },
    command: { type: "string" },
    connections: { type: "string" },
    keys: { type: "string" },
    requests: { type: "string" },
    "in-sequence": { type: "boolean", default: false },
  },
});
const ports = options.ports.split(",").map(Number);
const command = options.command as EtcdCommand;
const keys = Number(options.keys);
const requests = Number(options.requests);
const isInSequence = options["in-sequence"];

const latency = createHistogram();
let sent = 0;
let answered = 0;

const starts: (() => void)[] = [];
for (let i = 0; i < Number(options.connections); i++) starts.push(await connect(ports[i % ports.length]!));
const startMs = performance.now();
for (const start of starts) start();

/** Gives what sends the first request; the others follow by themselves. */
async function connect(port: number): Promise<() => void> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  let sentMs = 0;
  const onAnswer = (error: string | undefined): void => {
    if (error !== undefined) throw new Error(error);
    latency.record(Math.max(1, Math.round((performance.now() - sentMs) * 1_000)));
    if (++answered === requests) finish();
    else send();
  };
  const isStale = command === "stale-get";
  const call =
    options.protocol === "etcd"
      ? etcdCalls(command, socket, onAnswer)
      : await readsOver(socket, isStale, onAnswer);
  const send = (): void => {
    if (sent === requests) return;
    const index = isInSequence ? sent % keys : Math.floor(Math.random() * keys);
    sent++;
    sentMs = performance.now();
    call(index);
  };
  return send;
}

function finish(): void {
  const seconds = (performance.now() - startMs) / 1_000;
  const ms = (percent: number): number => latency.percentile(percent) / 1_000;
  const result = {
    opsPerSecond: requests / seconds,
    latencyMs: { p50: ms(50), p95: ms(95), p99: ms(99), max: latency.max / 1_000 },
  };
  process.stdout.write(JSON.stringify(result), () => process.exit());
}
