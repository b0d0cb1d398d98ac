import { join } from "node:path";
import type { Target } from "./redis-benchmark.ts";
import { runLines } from "./run.ts";

export interface FillOptions {
  readonly from: number;
  readonly to: number;
  /** Every second key gets a deadline. */
  readonly withDeadlines?: boolean;
  /** Each key waits for the answer to the one before: in the server's log each is written by itself. */
  readonly oneByOne?: boolean;
  /** Called about every so many keys, with the number of keys there are. */
  readonly reportEvery?: number;
  readonly onReport?: (keys: number) => void;
}

const program = join(import.meta.dirname, "programs/fill.js");

/** Fills a server with keys of 16 bytes and values of 64, as fast as it takes them. */
export async function fill(server: Pick<Target, "port">, options: FillOptions): Promise<void> {
  await runLines(fillCommand(String(server.port), options), (line) => options.onReport?.(Number(line)));
}

export function fillCommand(port: string, options: FillOptions): string[] {
  const { from, to, withDeadlines = false, oneByOne = false, reportEvery } = options;
  return [
    process.execPath,
    program,
    ...["--port", port, "--from", String(from), "--to", String(to)],
    ...(withDeadlines ? ["--with-deadlines"] : []),
    ...(oneByOne ? ["--one-by-one"] : []),
    ...(reportEvery === undefined ? [] : ["--report-every", String(reportEvery)]),
  ];
}
