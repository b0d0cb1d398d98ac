import { join } from "node:path";
import type { Cores } from "../programs.ts";
import type { ClientKind } from "./clients.ts";
import { run } from "./run.ts";

export interface ClientLoad {
  readonly client: ClientKind;
  readonly command: "set" | "get";
  /** Who call at once, each waiting for its answer. */
  readonly callers: number;
  readonly keys: number;
  readonly requests: number;
}

export interface ClientMeasured {
  readonly opsPerSecond: number;
  /** Of the client's process. */
  readonly cpuMicrosPerOp: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** JavaScript objects that one operation leaves behind, the caller's own among them. */
  readonly allocatedBytesPerOp: number;
}

const program = join(import.meta.dirname, "programs/client-load.js");
/** So that objects can be counted, none are collected meanwhile. */
const flags = ["--expose-gc", "--max-semi-space-size=128", "--min-semi-space-size=128"];

export async function clientLoad(
  ports: readonly number[],
  load: ClientLoad,
  cores?: Cores,
): Promise<ClientMeasured> {
  return JSON.parse(await run(clientLoadCommand(ports.join(","), load), cores));
}

export function clientLoadCommand(ports: string, load: ClientLoad): string[] {
  const { client, command, callers, keys, requests } = load;
  return [
    ...[process.execPath, ...flags, program, "--client", client, "--ports", ports, "--command", command],
    ...["--callers", String(callers), "--keys", String(keys), "--requests", String(requests)],
  ];
}
