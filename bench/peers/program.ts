import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Cores, spawnPinned } from "../programs.ts";

/** Some load millions of keys first. One that ends is noticed at once. */
const readyMsMax = 120_000;
const stopMsMax = 10_000;
/** Between two tries to reach a server that is starting. */
const retryMs = 20;
/** Of a failed start, the end of what the server said is shown. */
const complaintCharacters = 2_000;

/** A process of a server. */
export class Program {
  readonly #child: ChildProcess;
  #output = "";

  constructor(cores: Cores, command: readonly string[]) {
    this.#child = spawnPinned(cores, command, ["ignore", "pipe", "pipe"]);
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        this.#output = `${this.#output}${chunk}`.slice(-complaintCharacters);
      });
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Asks again and again until it does not reject. One that never answers is ended, and its last words are thrown. */
  async answers(name: string, ask: () => Promise<unknown>): Promise<void> {
    const deadline = performance.now() + readyMsMax;
    for (;;) {
      const ending = this.#ending;
      const reason = ending ?? (await failureOf(ask));
      if (reason === undefined) return;
      if (ending !== undefined || performance.now() > deadline) {
        await this.end("SIGKILL");
        throw new Error(`${name} does not start: ${reason}\n${this.#output}`);
      }
      await pause(retryMs);
    }
  }

  /** Sends the signal, and resolves when the process is gone. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#ending !== undefined) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), stopMsMax);
    await ended;
    clearTimeout(timer);
  }

  get #ending(): string | undefined {
    const how = this.#child.exitCode ?? this.#child.signalCode;
    return how === null ? undefined : `it ended with ${how}`;
  }
}

async function failureOf(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** Below the ports that Linux gives to outgoing connections: whoever is started again finds its own free. */
const lastingPorts = { from: 16_000, to: 32_000 } as const;

/** A free port that stays so while its server is away. */
export async function lastingPort(): Promise<number> {
  const { from, to } = lastingPorts;
  for (;;) {
    try {
      return await listenOnce(from + Math.floor(Math.random() * (to - from)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

async function listenOnce(wanted: number): Promise<number> {
  const listener = net.createServer().listen(wanted, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as net.AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}
