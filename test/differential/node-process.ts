import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const program = join(import.meta.dirname, "../../../bin/kvorum.js");
const options = ["start", "--listen", "127.0.0.1:0", "--loglevel", "error"];
/** What is kept of what it says at its end. */
const lastWordsMax = 4_000;

/** A kvorum node that runs for as long as the conversations take, and is asked why when it ends before. */
export class NodeProcess implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;
  #said = "";

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
    process.stderr!.on("data", (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk}`.slice(-lastWordsMax);
    });
  }

  /** In memory, where no directory is given. */
  static async start(data?: string): Promise<NodeProcess> {
    const where = data === undefined ? ["--memory"] : ["--data", data];
    const child = spawn(process.execPath, [program, ...options, ...where], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new NodeProcess(child, await portOf(child));
  }

  /** How it has ended; "" while it runs. */
  lastWords(): string {
    const { exitCode, signalCode } = this.#process;
    return exitCode === null && signalCode === null
      ? ""
      : `the node has ended: ${exitCode ?? signalCode}\n${this.#said}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.lastWords() !== "") return;
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
  }
}

/** From the line with which it greets. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.once("exit", (code) => reject(new Error(`the node does not start: ${code}`)));
    child.stdout!.on("data", (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-lastWordsMax);
      const port = /serves on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
