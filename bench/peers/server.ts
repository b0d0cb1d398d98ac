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
  /** How it was started; PORT stands for its port. */
  readonly command: string;
}

const readyMsMax = 30_000;
const stopMsMax = 10_000;
/** Between two tries to reach a server that is starting. */
const retryMs = 20;
/** Of a failed start, the end of what the server said is shown. */
const complaintCharacters = 2_000;

/** Starts a server on the servers' core and waits until it answers PING. */
export async function startServer(
  name: string,
  commandOn: (port: string) => readonly string[],
): Promise<Server> {
  const port = await freePort();
  const child = spawnPinned(serverCore, commandOn(String(port)), ["ignore", "pipe", "pipe"]);
  const complaint = keepOutput(child);
  try {
    await answersPing(child, port);
  } catch (error) {
    await stop(child);
    throw new Error(`${name} does not start: ${(error as Error).message}\n${complaint()}`);
  }
  return {
    name,
    port,
    pids: [child.pid!],
    command: shown(pinned(serverCore, commandOn("PORT"))),
    [Symbol.asyncDispose]: () => stop(child),
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

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
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
