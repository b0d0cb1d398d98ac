import { Command, CommanderError, InvalidArgumentError } from "commander";
import { KvorumError } from "../src/base/errors.ts";
import { checkFile } from "./check.ts";
import { type StormFault, stormFaults } from "./knobs.ts";
import { simLimits } from "./limits.ts";
import { type MutantsOptions, runMutants } from "./mutants/report.ts";
import { runSeeds, type SeedsOptions } from "./run/seeds.ts";

/** `npm run sim`. One subcommand for each thing that the simulator does; exit codes as the help says. */
const exitCodes = { done: 0, found: 1, wrongUsage: 2 } as const;

const program = new Command("npm run sim --")
  .description("Whole clusters under every fault, and the checkers that judge what their clients saw")
  .exitOverride()
  .addHelpText("after", "\nExit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.");

const whole = (word: string): number => {
  const value = Number(word);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("a whole number is expected");
  return value;
};

program
  .option("--seed <number>", "the first seed", whole, 1)
  .option("--seeds <number>", "so many seeds from there on; one without --minutes", whole)
  .option("--minutes <number>", "seeds until so much time is over", Number)
  .option("--threads <number>", "run so many seeds at a time", whole, 2)
  .option("--patience <seconds>", "a seed that takes longer stands still, which is a failure", Number)
  .option("--shrink", "make the first failure smaller")
  .option(
    "--mutants [names...]",
    "plant bugs, all or some, and tell which checkers find them in up to 500 seeds",
  )
  .option("--seconds <number>", "simulated time of faults, for each seed", whole)
  .option("--voters <number>", "instead of what the seed draws", whole)
  .option("--learners <number>", "instead of what the seed draws", whole)
  .option("--clients <number>", "instead of what the seed draws", whole)
  .option("--faults <list>", "only these kinds of faults, separated by commas, or none")
  .option("--calm", "nothing goes wrong in the network, but for cuts and slow links")
  .action(async (options: SeedOptions) => {
    const isFine =
      options.mutants === undefined ? runSeeds(seedsOf(options)) : runMutants(mutantsOf(options));
    if (!(await isFine)) process.exitCode = exitCodes.found;
  });

program
  .command("check")
  .description("judges a history of client operations: one a line, as sim/README.md shows")
  .argument("<file>", "FILE.jsonl")
  .action(async (file: string) => {
    if (!(await checkFile(file, console.log))) process.exitCode = exitCodes.found;
  });

try {
  if (process.argv.length === 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
  else if (isWeather(error)) fail(error);
  else throw error;
}

interface SeedOptions {
  readonly seed: number;
  readonly seeds?: number;
  readonly minutes?: number;
  readonly threads: number;
  readonly patience?: number;
  readonly shrink?: true;
  readonly mutants?: true | readonly string[];
  readonly seconds?: number;
  readonly voters?: number;
  readonly learners?: number;
  readonly clients?: number;
  readonly faults?: string;
  readonly calm?: true;
}

function seedsOf({ seed, seeds, minutes, threads, patience, ...options }: SeedOptions): SeedsOptions {
  const { shrink, faults, calm, seconds, voters, learners, clients } = options;
  return {
    first: seed,
    count: seeds ?? (minutes === undefined ? 1 : Number.POSITIVE_INFINITY),
    minutes: minutes ?? Number.POSITIVE_INFINITY,
    threads: Math.max(1, threads),
    patienceMs: patience === undefined ? simLimits.seedMsMax : patience * 1000,
    shrinks: shrink === true,
    run: {
      ...(seconds !== undefined && { seconds }),
      ...(voters !== undefined && { voters }),
      ...(learners !== undefined && { learners }),
      ...(clients !== undefined && { clients }),
      ...(faults !== undefined && { faults: faultsOf(faults) }),
      ...(calm && { isCalm: true }),
    },
    print: console.log,
  };
}

/** Each bug meets the same seeds, whatever they draw, as production does. */
function mutantsOf(options: SeedOptions): MutantsOptions {
  const { first, threads, run, print } = seedsOf(options);
  const names = Array.isArray(options.mutants) ? options.mutants : [];
  return { names, first, most: options.seeds ?? simLimits.mutantSeedsMax, threads, run, print };
}

function faultsOf(list: string): StormFault[] {
  if (list === "none") return [];
  return list.split(",").map((word) => {
    const fault = stormFaults.find((known) => known === word.trim());
    if (fault === undefined)
      throw new KvorumError("ERR", `${word} is no kind of fault; known are ${stormFaults.join(", ")}`);
    return fault;
  });
}

/** A file that is not there, or is no history. */
function isWeather(error: unknown): error is Error {
  return error instanceof KvorumError || (error instanceof Error && "syscall" in error);
}

function fail({ message }: Error): void {
  console.error(`sim: ${message}`);
  process.exitCode = exitCodes.wrongUsage;
}
