import { join } from "node:path";
import { sharedCores } from "../programs.ts";
import type { EtcdCommand } from "./etcd-requests.ts";
import { type Measured, measured } from "./redis-benchmark.ts";
import { run } from "./run.ts";

export interface EtcdLoad {
  readonly command: EtcdCommand;
  readonly connections: number;
  readonly keys: number;
  readonly requests: number;
  /** Each key once, in sequence, instead of random ones. */
  readonly inSequence?: boolean;
}

/** Where the connections go, in turns. */
export interface EtcdTarget {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
}

const program = join(import.meta.dirname, "programs/etcd-load.js");

/** Puts the load on etcd, once: what redisBenchmark() is for the other side. */
export function etcdLoad({ ports, pids }: EtcdTarget, load: EtcdLoad): Promise<Measured> {
  const command = etcdLoadCommand(ports.join(","), load);
  return measured(pids, load.requests, async () => JSON.parse(await run(command, sharedCores)));
}

export function etcdLoadCommand(ports: string, load: EtcdLoad): string[] {
  const { command, connections, keys, requests, inSequence = false } = load;
  return [
    ...[process.execPath, program, "--ports", ports, "--command", command],
    ...["--connections", String(connections), "--keys", String(keys), "--requests", String(requests)],
    ...(inSequence ? ["--in-sequence"] : []),
  ];
}
