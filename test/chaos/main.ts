import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, Command, CommanderError, InvalidArgumentError } from "commander";
import { Namespaces } from "./namespaces.ts";
import { runChaos } from "./run.ts";
import { type StrikeName, strikeNames, strikes } from "./strikes.ts";

/** `npm run chaos`: a cluster of real processes, and somebody who breaks it. */
const exitCodes = { done: 0, found: 1, wrongUsage: 2 } as const;

/** What a mixture leaves out: it takes too long, or needs another kind of network. */
const apart: readonly StrikeName[] = ["pause-leader-long", "unplug"];

const width = Math.max(...strikeNames.map((name) => name.length)) + 2;
const table = strikeNames.map((name) => `  ${name.padEnd(width)}${strikes[name].says}`).join("\n");

const program = new Command("npm run chaos --")
  .description("Real processes under faults and clients, whose histories are judged")
  .exitOverride()
  .addArgument(
    new Argument("<name>", "what goes wrong; mixture: everything").choices([...strikeNames, "mixture"]),
  )
  .option("--minutes <number>", "rounds until so much time is over", positive, 1)
  .option("--seconds <number>", "how long a round lasts", positive, 20)
  .option("--nodes <number>", "how many found the cluster", positive, 3)
  .option("--seed <number>", "what is drawn, and when; processes take their own time all the same", Number)
  .option("--keep <directory>", "where data, logs and histories stay")
  .addHelpText(
    "after",
    `\nNames:\n${table}\n\nExample: npm run chaos -- kill-leader --minutes 2\n\nExit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.`,
  )
  .action(run);

try {
  if (process.argv.length === 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
}

interface Options {
  readonly minutes: number;
  readonly seconds: number;
  readonly nodes: number;
  readonly seed?: number;
  readonly keep?: string;
}

async function run(name: StrikeName | "mixture", options: Options): Promise<void> {
  const { minutes, seconds, nodes, seed = Date.now() % 1_000_000, keep } = options;
  if (keep !== undefined && existsSync(keep)) program.error(`${keep} is there already: name a new directory`);
  const whyNot = name === "unplug" ? Namespaces.whyNot : undefined;
  if (whyNot !== undefined) program.error(`unplug ${whyNot}`);
  const directory = keep ?? mkdtempSync(join(tmpdir(), "kvorum-chaos-"));
  console.log(`seed ${seed}, data, logs and histories in ${directory}`);
  const sum = await runChaos({
    ...{ seed, nodes, seconds: minutes * 60, roundSeconds: seconds, directory, print: console.log },
    strikes: name === "mixture" ? strikeNames.filter((one) => !apart.includes(one)) : [name],
  });
  for (const line of sum.lines()) console.log(line);
  if (sum.wrong.length > 0) process.exitCode = exitCodes.found;
  else if (keep === undefined) rmSync(directory, { recursive: true });
}

function positive(word: string): number {
  const value = Number(word);
  if (!(value > 0)) throw new InvalidArgumentError("a positive number is expected");
  return value;
}
