import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { systemFiles } from "../platform/files.ts";
import { History } from "./history.ts";
import { addOneShotOptions, callOnce } from "./one-shot.ts";
import { printer } from "./output.ts";
import { runScript } from "./script.ts";
import { runShell } from "./shell.ts";
import { targetOf } from "./target.ts";

export function addCliCommand(program: Command): void {
  addOneShotOptions(program.command("cli [command...]"))
    .description("Talk to a server: a shell at a terminal, a line a command from a pipe, or one command")
    .addHelpText("after", examples)
    .action((words: string[], _options: unknown, command: Command) => talk(words, command.optsWithGlobals()));
}

const examples = `
Examples:
  kvorum cli
  kvorum cli -c 127.0.0.1:7000 SET greeting hello
  printf 'INCR counter\\nGET counter\\n' | kvorum cli`;

async function talk(words: readonly string[], options: Readonly<Record<string, unknown>>): Promise<void> {
  if (words.length > 0) return callOnce(words, options);
  const target = targetOf(options);
  const print = printer(options.json === true);
  if (!process.stdin.isTTY || !process.stdout.isTTY) return runScript(target, print);
  const history = new History(join(homedir(), ".kvorum_history"), systemFiles);
  return runShell({ target, print, history, verbose: options.verbose === true });
}
