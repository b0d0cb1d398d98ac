import { join } from "node:path";
import { sharedCores } from "../programs.ts";
import type { EtcdCommand } from "./etcd-requests.ts";
import { type Measured, measured } from "./redis-benchmark.ts";
import { run } from "./run.ts";
import type { Protocol } from "./write-lane.ts";

export interface ClosedLoad {
  readonly protocol: Protocol;
  /** To kvorum only reads. */
  readonly command: EtcdCommand;
  readonly connections: number;
  readonly keys: number;
  readonly requests: number;
  /** Each key once, in sequence, instead of random ones. */
  readonly inSequence?: boolean;
}

/** Where the connections go, in turns. */
export interface ClosedTarget {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
}

const program = join(import.meta.dirname, "programs/closed-load.js");

/** Puts the load on a cluster, once: what redisBenchmark() does, for etcd, and for reads from several members. */
export function closedLoad({ ports, pids }: ClosedTarget, load: ClosedLoad): Promise<Measured> {
  const command = closedLoadCommand(ports.join(","), load);
  return measured(pids, load.requests, async () => JSON.parse(await run(command, sharedCores)));
}

export function closedLoadCommand(ports: string, load: ClosedLoad): string[] {
  const { protocol, command, connections, keys, requests, inSequence = false } = load;
  return [
    ...[process.execPath, program, "--protocol", protocol, "--ports", ports, "--command", command],
    ...["--connections", String(connections), "--keys", String(keys), "--requests", String(requests)],
    ...(inSequence ? ["--in-sequence"] : []),
  ];
}
