import { readFileSync } from "node:fs";
import { type Running, startKvorum } from "../command-line.ts";

/** A node in a process of its own, as `kvorum start` makes it. Dispose of it to stop it. */
export class SpawnedNode {
  readonly running: Running;
  readonly port: number;

  private constructor(running: Running, port: number) {
    this.running = running;
    this.port = port;
  }

  static start(...options: readonly string[]): Promise<SpawnedNode> {
    return SpawnedNode.#start("--memory", ...options);
  }

  /** A node whose data is in a directory. */
  static startIn(directory: string, ...options: readonly string[]): Promise<SpawnedNode> {
    return SpawnedNode.#start("--data", directory, ...options);
  }

  static async #start(...options: readonly string[]): Promise<SpawnedNode> {
    const running = startKvorum(["start", "--listen", "127.0.0.1:0", ...options]);
    const banner = await running.sees(/serves on 127\.0\.0\.1:(\d+)/);
    return new SpawnedNode(running, Number(/serves on 127\.0\.0\.1:(\d+)/.exec(banner)![1]));
  }

  /** Memory of the process that is with the operating system (Linux, as /proc is read). */
  get residentBytes(): number {
    return this.#memory("VmRSS");
  }

  /** The most that it ever was. */
  get peakBytes(): number {
    return this.#memory("VmHWM");
  }

  #memory(name: string): number {
    const status = readFileSync(`/proc/${this.running.process.pid}/status`, "latin1");
    return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]) * 1024;
  }

  /** Kills the process, as a power switch would. */
  async kill(): Promise<void> {
    this.running.process.kill("SIGKILL");
    await this.running.ended;
  }

  /** Asks it to stop, and waits until it has. Resolves with the exit code. */
  async stop(): Promise<number | string> {
    this.running.process.kill("SIGTERM");
    return (await this.running.ended).code;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
