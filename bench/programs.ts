import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";

/** Cores, as taskset takes them. */
export type Cores = string;

/** What is measured has a core to itself; what makes the load, and this program, have another one. */
export const serverCore: Cores = "0";
export const loadCore: Cores = "1";
/** Where a cluster is measured, all its servers and what makes their load share both cores, on either side. */
export const sharedCores: Cores = "0,1";

/** Programs that a run needs, with the Debian packages that bring them. */
const debianPackages = {
  taskset: "util-linux",
  "redis-server": "redis-server",
  "redis-benchmark": "redis-tools",
} as const;

/** Started by us and not ended yet. */
const running = new Set<ChildProcess>();

process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Why nothing can be measured here, or undefined. */
export function whyImpossible(): string | undefined {
  if (process.platform !== "linux") return "the benchmark reads /proc: it needs Linux";
  if (availableParallelism() < 2) return "the benchmark needs two cores: one serves, one makes the load";
  const missing = Object.entries(debianPackages).filter(([program]) => !isInstalled(program));
  if (missing.length === 0) return undefined;
  const names = missing.map(([program]) => program).join(", ");
  return `missing: ${names}. On Debian: apt-get install ${missing.map(([, name]) => name).join(" ")}`;
}

export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Keeps this program, and what it starts without a core of its own, off the servers' core. */
export function leaveServerCore(): void {
  execFileSync("taskset", ["-acp", loadCore, String(process.pid)], { stdio: "ignore" });
}

/** Starts a program on its cores. taskset becomes the program: the process id is the program's. */
export function spawnPinned(cores: Cores, command: readonly string[], stdio: StdioOptions): ChildProcess {
  const child = spawn("taskset", pinned(cores, command).slice(1), { stdio });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** The command as it would be typed. */
export function pinned(cores: Cores, command: readonly string[]): string[] {
  return ["taskset", "-c", cores, ...command];
}

/** A command for the report: as short as it can be typed from the project's folder. */
export function shown(command: readonly string[]): string {
  return command
    .map((word) => (word === process.execPath ? "node" : word.replace(`${process.cwd()}/`, "")))
    .map((word) => (/^[\w./:@%+,=-]+$/.test(word) ? word : `'${word}'`))
    .join(" ");
}
