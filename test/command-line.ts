import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

export const program: string = join(import.meta.dirname, "../../bin/kvorum.js");

/** Something that should have come by now never will. */
const waitMsMax = 20_000;
/** No command line of a test runs so long, unless it hangs. */
const runMsMax = 90_000;

export interface Ending {
  /** The exit code, or the signal that ended the process. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly environment?: Readonly<Record<string, string>>;
  /** Where the shell keeps its history; a folder of its own where absent. */
  readonly home?: string;
  readonly directory?: string;
  /** It is killed after so long: no test wants it for longer. */
  readonly runMsMax?: number;
}

/** A command line that runs, and what it has written so far. */
export class Running {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ending>;
  #changed: () => void = () => {};

  constructor(command: string, args: readonly string[], options: RunOptions) {
    const home = options.home ?? mkdtempSync(join(tmpdir(), "kvorum-home-"));
    this.process = spawn(command, args, {
      cwd: options.directory,
      timeout: options.runMsMax ?? runMsMax,
      killSignal: "SIGKILL",
      env: { ...ownEnvironment(), HOME: home, ...options.environment },
    });
    this.process.stdout!.on("data", (bytes) => this.#add("stdout", bytes));
    this.process.stderr!.on("data", (bytes) => this.#add("stderr", bytes));
    this.process.stdin!.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.process.once("close", (code, signal) => {
        if (options.home === undefined) rmSync(home, { recursive: true, force: true });
        this.#changed();
        resolve({ code: code ?? signal!, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Resolves with the text written so far as soon as it matches; rejects when the process ends before. */
  async sees(pattern: RegExp, stream: "stdout" | "stderr" = "stdout"): Promise<string> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#changed();
    }, waitMsMax);
    while (!pattern.test(this[stream])) {
      if (isLate || this.process.exitCode !== null || this.process.signalCode !== null) {
        this.process.kill("SIGKILL");
        throw new Error(`waited in vain for ${pattern}:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    clearTimeout(timer);
    return this[stream];
  }

  /** Types keys, and waits for what they bring about. What was written before is forgotten. */
  async type(keys: string, pattern: RegExp): Promise<string> {
    this.stdout = "";
    this.process.stdin!.write(keys);
    return this.sees(pattern);
  }

  #add(stream: "stdout" | "stderr", bytes: Buffer): void {
    this[stream] += stripVTControlCharacters(bytes.toString());
    this.#changed();
  }
}

/** Starts `kvorum` with these arguments. */
export function startKvorum(args: readonly string[], options: RunOptions = {}): Running {
  return new Running(process.execPath, [program, ...args], options);
}

/** Runs `kvorum` with these arguments to its end. */
export function runKvorum(args: readonly string[], options: RunOptions = {}): Promise<Ending> {
  const running = startKvorum(args, options);
  running.process.stdin!.end(options.input ?? "");
  return running.ended;
}

/** Starts `kvorum` at a pseudo-terminal, which the program script(1) makes. */
export function startAtTerminal(script: string, args: readonly string[], options: RunOptions): Running {
  const command = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
  return new Running(script, ["-qec", command, "/dev/null"], {
    ...options,
    environment: { TERM: "xterm", ...options.environment },
  });
}

/** Without what somebody has set for their own nodes. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:KVORUM_|NO_COLOR$|FORCE_COLOR$|NODE_)/.test(name)),
  );
}
