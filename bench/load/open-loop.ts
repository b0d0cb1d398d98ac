import { join } from "node:path";
import type { Server } from "../peers/server.ts";
import { run } from "./run.ts";

export interface OpenLoad {
  readonly requestsPerSecond: number;
  readonly connections: number;
  /** Requests go to keys below this one, which must exist. */
  readonly keys: number;
  /** At least; with a filler or a snapshot, until that is through. */
  readonly seconds: number;
  readonly filler?: Filling;
  /** Asks for a snapshot at the start. */
  readonly takesSnapshot?: boolean;
}

/** Keys that are written beside the load. */
export interface Filling {
  readonly from: number;
  readonly to: number;
  readonly keysPerSecond: number;
}

export interface OpenLoopResult {
  readonly requests: number;
  readonly seconds: number;
  /** From the intended start. */
  readonly latencyMs: Readonly<Record<"p50" | "p99" | "p999" | "max", number>>;
  /** How late the generator itself was: latency that is not the server's. */
  readonly generatorLateMs: Readonly<Record<"p999" | "max", number>>;
  /** The longest latency of the requests answered in each window of the run, in sequence. */
  readonly worstMs: readonly number[];
}

/** The length of a window. */
export const windowMs = 100;

const program = join(import.meta.dirname, "programs/open-loop.js");

/** Puts an open load on a server: see programs/open-loop.ts. */
export async function openLoop(server: Server, load: OpenLoad): Promise<OpenLoopResult> {
  return JSON.parse(await run(openLoopCommand(String(server.port), load))) as OpenLoopResult;
}

export function openLoopCommand(port: string, load: OpenLoad): string[] {
  const { requestsPerSecond, connections, keys, seconds, filler, takesSnapshot = false } = load;
  const numbers = {
    rate: requestsPerSecond,
    connections,
    keys,
    seconds,
    ...(filler && {
      "fill-from": filler.from,
      "fill-to": filler.to,
      "fill-rate": filler.keysPerSecond,
    }),
  };
  const words = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  if (takesSnapshot) words.push("--take-snapshot");
  // A large nursery: collections of the generator would look like pauses of the server.
  return [process.execPath, "--max-semi-space-size=64", program, "--port", port, ...words];
}
