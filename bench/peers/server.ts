import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { pinned, serverCore, shown, spawnPinned } from "../programs.ts";
import { ask } from "./ask.ts";

/** A server that is measured, ours or a peer's. Dispose of it to stop it. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** Its processes; their threads and children are found when they are measured. */
  readonly pids: readonly number[];
  /** How it was started; PORT stands for its port, and DATA for its folder. */
  readonly command: string;
  /** From the start of its process to the first answer that is no error. */
  readonly readyMs: number;
}

/** Some load millions of keys first. One that ends is noticed at once. */
const readyMsMax = 120_000;
const stopMsMax = 10_000;
/** Between two tries to reach a server that is starting. */
const retryMs = 20;
/** Of a failed start, the end of what the server said is shown. */
const complaintCharacters = 2_000;

/**
 * Starts a server on the servers' core and waits until it answers PING. In its command PORT becomes the
 * port and DATA the folder. With a folder it ends as in a crash, and what it leaves there can be started
 * from: a stop in order may take one more snapshot first.
 */
export async function startServer(
  name: string,
  command: readonly string[],
  folder: string | undefined,
): Promise<Server> {
  const port = await freePort();
  const words = command.map((word) => word.replace("PORT", String(port)).replace("DATA", folder ?? "DATA"));
  const startedMs = performance.now();
  const child = spawnPinned(serverCore, words, ["ignore", "pipe", "pipe"]);
  const end = (): Promise<void> => stop(child, folder === undefined ? "SIGTERM" : "SIGKILL");
  const complaint = keepOutput(child);
  try {
    await answersPing(child, port);
  } catch (error) {
    await end();
    throw new Error(`${name} does not start: ${(error as Error).message}\n${complaint()}`);
  }
  return {
    name,
    port,
    pids: [child.pid!],
    command: shown(pinned(serverCore, command)),
    readyMs: performance.now() - startedMs,
    [Symbol.asyncDispose]: end,
  };
}

async function answersPing(child: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + readyMsMax;
  for (;;) {
    if (hasEnded(child)) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
    try {
      await ask(port, "PING");
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(retryMs);
    }
  }
}

async function stop(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  await ended;
  clearTimeout(timer);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function keepOutput(child: ChildProcess): () => string {
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-complaintCharacters);
    });
  }
  return () => output;
}

async function freePort(): Promise<number> {
  const listener = net.createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as net.AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}
