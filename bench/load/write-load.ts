import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sharedCores, spawnPinned } from "../programs.ts";
import type { Protocol } from "./write-lane.ts";

/** Since the last mark. */
export interface Waits {
  /** Of each client: its longest time without an acknowledgement. Client i began at member i modulo their number. */
  readonly longestMs: readonly number[];
  /** Refusals, broken connections and answers that did not come, of all clients. */
  readonly errors: number;
}

export interface WriteLoadOptions {
  readonly protocol: Protocol;
  readonly ports: readonly number[];
  readonly clients: number;
  /** From an acknowledgement to the next write of the client. */
  readonly paceMs: number;
}

const program = join(import.meta.dirname, "programs/write-load.js");
/** Clients that wait longer than this for a write will wait for ever. */
const orderMsMax = 120_000;

/** Writes beside which something happens to the members: see programs/write-load.ts. */
export class WriteLoad implements Disposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(options: WriteLoadOptions) {
    const command = writeLoadCommand(options.ports.join(","), options);
    this.#child = spawnPinned(sharedCores, command, ["pipe", "pipe", "inherit"]);
    this.#answers = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
  }

  /** All clients are at the members where they began, and writing. */
  async goHome(): Promise<void> {
    await this.#order("home");
  }

  async mark(): Promise<void> {
    await this.#order("mark");
  }

  async report(): Promise<Waits> {
    return (await this.#order("report")) as Waits;
  }

  /** Ends the load with nothing on its way. Gives how many writes were acknowledged, of a new key each. */
  async stop(): Promise<number> {
    const acknowledged = (await this.#order("stop")) as number;
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    return acknowledged;
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }

  async #order(order: string): Promise<unknown> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), orderMsMax);
    this.#child.stdin!.write(`${order}\n`);
    const { done, value } = await this.#answers.next();
    clearTimeout(timer);
    if (done) throw new Error(`the load ended, or its clients wait for ever: ${order}`);
    return JSON.parse(value);
  }
}

export function writeLoadCommand(ports: string, options: WriteLoadOptions): string[] {
  const { protocol, clients, paceMs } = options;
  return [
    ...[process.execPath, program, "--protocol", protocol, "--ports", ports],
    ...["--clients", String(clients), "--pace-ms", String(paceMs)],
  ];
}
