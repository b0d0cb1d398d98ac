import type { Command } from "commander";
import { type ClusterStatus, clusterStatus } from "./cluster-status.ts";
import { colorsFor, write } from "./output.ts";
import { statusText } from "./status-text.ts";
import { addServerOptions, type Target, targetOf } from "./target.ts";

export function addStatusCommand(program: Command): void {
  addServerOptions(program.command("status"))
    .description("Show the members of a cluster: roles, term, indexes, lag, disk and versions")
    .option("--json", "print as JSON")
    .option("--watch", "show it again every second, until Ctrl-C")
    .addHelpText("after", "\nExamples:\n  kvorum status\n  kvorum status -c 127.0.0.1:6380 --watch")
    .action((options: Record<string, unknown>) => status(options));
}

const watchEveryMs = 1_000;

async function status(options: Readonly<Record<string, unknown>>): Promise<void> {
  const target = targetOf(options);
  const isJson = options.json === true;
  if (options.watch === true) return watch(target, isJson);
  await write(process.stdout, shown(await clusterStatus(target), isJson));
}

function shown(cluster: ClusterStatus, isJson: boolean): string {
  if (isJson) return `${JSON.stringify(cluster)}\n`;
  return statusText(cluster, colorsFor(process.stdout));
}

/** At a terminal the text takes the place of the one before, line by line, so that nothing flickers. */
async function watch(target: Target, isJson: boolean): Promise<void> {
  const isTerminal = process.stdout.isTTY === true && !isJson;
  let isOver = false;
  let wake = (): void => {};
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      isOver = true;
      wake();
    });
  if (isTerminal) await write(process.stdout, hideCursor + clearAll);
  while (!isOver) {
    const text = await clusterStatus(target).then(
      (cluster) => shown(cluster, isJson),
      (error: unknown) => `${error instanceof Error ? error.message : String(error)}\n`,
    );
    if (isOver) break;
    await write(process.stdout, isTerminal ? inPlace(`${text}\n${stamp()}\n`) : text);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, watchEveryMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  if (isTerminal) await write(process.stdout, showCursor);
}

function inPlace(text: string): string {
  return `${home}${text.replaceAll("\n", `${clearLine}\n`)}${clearBelow}`;
}

function stamp(): string {
  return colorsFor(process.stdout).dim(`${new Date().toLocaleTimeString("en-GB")}  Ctrl-C ends this`);
}

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
const clearAll = "\x1b[H\x1b[2J";
const home = "\x1b[H";
const clearLine = "\x1b[K";
const clearBelow = "\x1b[J";
