import { Command, CommanderError } from "commander";
import { KvorumError } from "../src/base/errors.ts";
import { checkFile } from "./check.ts";

/** `npm run sim`. One subcommand for each thing that the simulator does; exit codes as the help says. */
const exitCodes = { done: 0, found: 1, wrongUsage: 2 } as const;

const program = new Command("npm run sim --")
  .description("Whole clusters under every fault, and the checkers that judge what their clients saw")
  .exitOverride()
  .addHelpText("after", "\nExit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.");

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

/** A file that is not there, or is no history. */
function isWeather(error: unknown): error is Error {
  return error instanceof KvorumError || (error instanceof Error && "syscall" in error);
}

function fail({ message }: Error): void {
  console.error(`sim: ${message}`);
  process.exitCode = exitCodes.wrongUsage;
}
