import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Cores, loadCore, spawnPinned } from "../programs.ts";

/** Of a failed program, the end of what it complained is shown. */
const complaintCharacters = 2_000;

/** Runs a program that makes load, on the load's core unless others are named, and gives what it printed. */
export async function run(command: readonly string[], cores: Cores = loadCore): Promise<string> {
  const lines: string[] = [];
  await runLines(command, (line) => lines.push(line), cores);
  return lines.join("\n");
}

/** The same for one that reports while it runs. */
export async function runLines(
  command: readonly string[],
  onLine: (line: string) => void,
  cores: Cores = loadCore,
): Promise<void> {
  const child = spawnPinned(cores, command, ["ignore", "pipe", "pipe"]);
  let complaint = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-complaintCharacters);
  });
  createInterface(child.stdout!).on("line", onLine);
  const [exitCode, signal] = await once(child, "close");
  if (exitCode !== 0) throw new Error(`${command[0]} ended with ${exitCode ?? signal}\n${complaint}`);
}
