import { randomBytes } from "node:crypto";
import { type Command, Option } from "commander";
import { limits } from "../base/limits.ts";
import { openClient } from "./cluster-client.ts";
import { ReportedError, UsageError } from "./failure.ts";
import { Interruption } from "./interruption.ts";
import { Load, type LoadOptions, type LoadResult, loadKinds } from "./load.ts";
import { write } from "./output.ts";
import { progressBar } from "./progress.ts";
import { addTargetOptions, targetOf } from "./target.ts";

type Options = Readonly<Record<string, unknown>>;

export function addBenchCommand(program: Command): void {
  addTargetOptions(program.command("bench"))
    .description("Put load on a cluster, and show throughput and latency")
    .addOption(
      new Option("--command <KIND>", "what callers do; mixed: one set to four gets")
        .choices(loadKinds)
        .default("set"),
    )
    .addOption(new Option("--callers <NUMBER>", "callers that wait for an answer each").default("50", "50"))
    .addOption(new Option("--seconds <NUMBER>", "how long, after a short warm-up").default("5", "5"))
    .addOption(new Option("--value-bytes <NUMBER>", "size of the values").default("64", "64"))
    .addOption(
      new Option("--keys <NUMBER>", "how many keys; they are deleted at the end").default("1000", "1000"),
    )
    .option("--json", "print as JSON")
    .addHelpText("after", help)
    .action((options: Options) => bench(options));
}

const help = `
All callers share this one process and its client, which numbers writes and sends them again where it has to. For
how fast a server can be, measure with more than one process.

Examples:
  kvorum bench
  kvorum bench -c 127.0.0.1:6379,127.0.0.1:6380 --command mixed --callers 200 --seconds 30`;

/** Longer than this an operation is an error. */
const operationMs = 30_000;

async function bench(options: Options): Promise<void> {
  const load: LoadOptions = {
    kind: options.command as LoadOptions["kind"],
    callers: number(options, "callers", 1, limits.benchCallersMax),
    seconds: number(options, "seconds", 1, limits.benchSecondsMax),
    valueBytes: number(options, "value-bytes", 0, limits.valueBytesMax),
    keys: number(options, "keys", 1, limits.benchKeysMax),
  };
  const client = await openClient(targetOf(options), { timeoutMs: operationMs });
  // Two at the same time do not get into each other's way.
  const run = new Load(client, `kvorum-bench:${randomBytes(4).toString("hex")}:`, load);
  const interruption = new Interruption(() => run.stop());
  const bar = await progressBar("measuring");
  try {
    const result = await run.run(bar.update);
    bar.stop();
    await write(
      process.stdout,
      options.json === true ? `${JSON.stringify({ ...load, ...result })}\n` : textOf(load, result),
    );
    await complain(result);
  } finally {
    bar.stop();
    interruption.stop();
    await client.close();
  }
}

async function complain({ errors }: LoadResult): Promise<void> {
  const counts = Object.entries(errors).map(([code, count]) => `${code} ${count}`);
  if (counts.length === 0) return;
  await write(process.stderr, `kvorum: operations failed: ${counts.join(", ")}\n`);
  throw new ReportedError("operations failed");
}

function textOf(load: LoadOptions, { seconds, operations, perSecond, latencyMs }: LoadResult): string {
  const { kind, callers, valueBytes } = load;
  const { p50, p99, p999, max } = latencyMs;
  return [
    `${kind}, ${callers} callers, values of ${valueBytes} bytes, ${seconds.toFixed(1)} s`,
    `  ${count(perSecond)} operations a second (${count(operations)} in all)`,
    `  p50 ${ms(p50)}   p99 ${ms(p99)}   p99.9 ${ms(p999)}   max ${ms(max)}`,
    "",
  ].join("\n");
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
}

function number(options: Options, flag: string, min: number, max: number): number {
  const text = String(options[flag.replace(/-(.)/, (_, letter: string) => letter.toUpperCase())]);
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(
    `--${flag}: expected a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`,
  );
}
