import { type ChildProcess, spawn } from "node:child_process";
import { textOfLine } from "./logger.ts";

/** How a child has come to its end. */
export interface ChildEnd {
  /** Undefined where it stopped in order. */
  readonly problem: string | undefined;
}

export interface ChildOptions {
  readonly id: string;
  /** Behind the program's name. */
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Takes a line of what it says, without the line's end. */
  readonly say: (line: string) => void;
  readonly onReady: () => void;
}

/**
 * A node in a process of its own, which ends when this process does. Ctrl-C at the terminal does not reach it: it is
 * stopped in its turn.
 */
export class ChildNode {
  readonly id: string;
  readonly ended: Promise<ChildEnd>;
  hasEnded = false;
  readonly #process: ChildProcess;

  constructor({ id, args, environment, say, onReady }: ChildOptions) {
    this.id = id;
    const child = spawn(process.execPath, [process.argv[1]!, ...args], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: environment,
      detached: true,
    });
    this.#process = child;
    child.on("message", onReady);
    new Lines(child.stdout!, say);
    new Lines(child.stderr!, (line) => say(textOfLine(line, process.stderr)));
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => this.#end(resolve, `cannot be started: ${error.message}`));
      // Once all that it said has come.
      child.once("close", (code, signal) => {
        const how = signal === null ? `exit code ${code}` : signal;
        this.#end(resolve, code === 0 ? undefined : how);
      });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Asks it to stop; resolves when it has, be it that it had to be killed. */
  async stop(patienceMs: number): Promise<ChildEnd> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), patienceMs);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #end(resolve: (end: ChildEnd) => void, problem: string | undefined): void {
    this.hasEnded = true;
    resolve({ problem });
  }
}

/** Cuts what comes into lines. */
class Lines {
  #rest = "";

  constructor(stream: NodeJS.ReadableStream, take: (line: string) => void) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) take(line);
    });
    stream.on("end", () => {
      if (this.#rest !== "") take(this.#rest);
    });
  }
}
