import { Command, CommanderError } from "commander";
import { version } from "../base/version.ts";
import { addBackupCommand } from "./backup.ts";
import { addBenchCommand } from "./bench.ts";
import { addCheckCommand } from "./check.ts";
import { addCliCommand } from "./cli.ts";
import { addClusterCommand } from "./cluster.ts";
import { addConfigCommand } from "./config.ts";
import { addDumpLogCommand } from "./dump-log.ts";
import { describe, exitCodeOf, exitCodes } from "./failure.ts";
import { addMemberCommand, addTransferCommand } from "./member.ts";
import { addOneShotCommands } from "./one-shot.ts";
import { write } from "./output.ts";
import { addRecoverCommand } from "./recover.ts";
import { addRestoreCommand } from "./restore.ts";
import { addStartCommand } from "./start.ts";
import { addStatusCommand } from "./status.ts";

/** Carries out a command line, without the program's name. Resolves with the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const program = await buildProgram(args);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    // Commander has said already what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
    await write(process.stderr, describe(error, program.opts().verbose === true));
    return exitCodeOf(error);
  }
}

async function buildProgram(args: readonly string[]): Promise<Command> {
  const topic = topicOf(args);
  const program = new Command("kvorum")
    .description("A replicated key-value store that speaks Redis")
    .version(version)
    .option("--verbose", "show the stack trace of an error")
    .configureOutput({ outputError: (text, print) => print(`kvorum: ${inOneLine(text, topic)}\n`) })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", `\n${tour}`);
  const addOptions = await settingOptions(topic);
  addStartCommand(program, addOptions);
  addCliCommand(program);
  addOneShotCommands(program);
  addClusterCommand(program);
  addStatusCommand(program);
  addMemberCommand(program);
  addTransferCommand(program);
  addConfigCommand(program, addOptions);
  addBackupCommand(program);
  addRestoreCommand(program);
  addRecoverCommand(program);
  addCheckCommand(program);
  addDumpLogCommand(program);
  addBenchCommand(program);
  return program;
}

/** The command that is asked for, or about. */
function topicOf(args: readonly string[]): string {
  const [first = "", second = ""] = args.filter((arg) => !arg.startsWith("-"));
  return first === "help" ? second : first;
}

async function settingOptions(topic: string): Promise<(command: Command) => Command> {
  if (topic !== "start" && topic !== "config") return (command) => command;
  return (await import("./setting-options.ts")).addSettingOptions;
}

/** "error: unknown option '--lisen'\n(Did you mean --listen?)" */
function inOneLine(text: string, topic: string): string {
  const line = text
    .replace(/^error: /, "")
    .trim()
    .replace(/\s*\n\s*/g, " ");
  if (line.includes("(Did you mean")) return line;
  if (/unknown option '-/.test(line))
    return `${line} (what is no option, but begins with a dash, goes behind --)`;
  return `${line} (kvorum ${line.startsWith("unknown command") ? "" : `${topic} `}--help shows how)`;
}

const tour = `Example:
  kvorum start --memory            run a node
  kvorum set greeting "hello"      in another terminal
  kvorum cli                       a shell with history, completion and help

Exit codes: 0 done, 1 failed, 2 wrong usage.`;
