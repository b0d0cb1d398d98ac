import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { requireProgram } from "./programs.ts";

/** Options for the tests that start a real Redis. */
export const redis: { readonly path: string; readonly skip: string | false } = requireProgram("redis-server");

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly process: ChildProcess;
}

/** Starts a Redis in memory on a free port. Dispose of it to stop it. */
export async function startRedis(...options: readonly string[]): Promise<RedisServer> {
  // Another program may take the free port before Redis does.
  for (let attempt = 0; attempt < 10; attempt++) {
    const port = await freePort();
    const child = spawn(redis.path, [...inMemory, "--port", String(port), ...options], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    if (await isReady(child)) return { port, process: child, [Symbol.asyncDispose]: () => stop(child) };
  }
  throw new Error("redis-server does not start");
}

const inMemory = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];

function isReady(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    let output = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-4096);
      if (output.includes("Ready to accept connections")) resolve(true);
    });
    child.once("exit", () => resolve(false));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
