import { cpuMicros, endedChildrenMicros } from "../measure/cpu.ts";
import { type Cores, loadCore } from "../programs.ts";
import { run } from "./run.ts";

export interface Load {
  readonly command: "set" | "get";
  readonly connections: number;
  /** Requests that a connection sends at once. */
  readonly pipeline: number;
  /** Keys are picked at random among so many. */
  readonly keys: number;
  readonly valueBytes: number;
  readonly requests: number;
}

/** Of a batch of a pipeline where there is one. */
export interface LatencyMs {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Measured {
  readonly opsPerSecond: number;
  readonly latencyMs: LatencyMs;
  /** Of the server, with all its threads and children. */
  readonly cpuMicrosPerOp: number;
  /** How much of its core each was busy: what is near 1 was the bottleneck. */
  readonly serverBusy: number;
  readonly generatorBusy: number;
}

/** What the load goes to: a port, and the processes that have work with it. */
export interface Target {
  readonly port: number;
  readonly pids: readonly number[];
}

/** Puts the load on a server, once. */
export function redisBenchmark(server: Target, load: Load, cores: Cores = loadCore): Promise<Measured> {
  const command = redisBenchmarkCommand(String(server.port), load);
  return measured(server.pids, load.requests, async () => parseCsv(await run(command, cores)));
}

/** Runs a generator, and watches meanwhile what it and the servers use of their cores. */
export async function measured(
  pids: readonly number[],
  requests: number,
  generator: () => Promise<Pick<Measured, "opsPerSecond" | "latencyMs">>,
): Promise<Measured> {
  const startedAt = performance.now();
  const serverBefore = cpuMicros(pids);
  const generatorBefore = endedChildrenMicros();
  const told = await generator();
  const elapsedMicros = (performance.now() - startedAt) * 1_000;
  const serverMicros = cpuMicros(pids) - serverBefore;
  return {
    ...told,
    cpuMicrosPerOp: serverMicros / requests,
    serverBusy: serverMicros / elapsedMicros,
    generatorBusy: (endedChildrenMicros() - generatorBefore) / elapsedMicros,
  };
}

export function redisBenchmarkCommand(port: string, load: Load): string[] {
  const options = {
    "-p": port,
    "-t": load.command,
    "-d": load.valueBytes,
    "-r": load.keys,
    "-c": load.connections,
    "-P": load.pipeline,
    "-n": load.requests,
    "--precision": 3,
  };
  const words = Object.entries(options).flatMap(([name, value]) => [name, String(value)]);
  return ["redis-benchmark", ...words, "--csv"];
}

/** Reads the output of `redis-benchmark --csv` with one test. */
export function parseCsv(output: string): Pick<Measured, "opsPerSecond" | "latencyMs"> {
  const lines = output.split("\n").filter((line) => line.startsWith('"'));
  const [names, values, ...more] = lines.map((line) => line.slice(1, -1).split('","'));
  if (names === undefined || values === undefined || more.length > 0) {
    throw new Error(`redis-benchmark printed something else than one result:\n${output}`);
  }
  const column = (name: string): number => {
    const value = Number(values[names.indexOf(name)]);
    if (!(value >= 0)) throw new Error(`redis-benchmark printed no ${name}:\n${output}`);
    return value;
  };
  return {
    opsPerSecond: column("rps"),
    latencyMs: {
      p50: column("p50_latency_ms"),
      p95: column("p95_latency_ms"),
      p99: column("p99_latency_ms"),
      max: column("max_latency_ms"),
    },
  };
}
