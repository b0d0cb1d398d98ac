import { startRedis } from "../redis-server.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import type { Pair } from "./compare.ts";
import type { Address } from "./link.ts";
import { System } from "./system.ts";

/** Where both sides are; started here where no addresses are given. */
export interface Sides {
  readonly reference?: readonly Address[] | undefined;
  readonly subject?: readonly Address[] | undefined;
}

export interface OpenPair extends Pair, AsyncDisposable {}

/** A real Redis and a kvorum node. Dispose of the pair to stop what was started for it. */
export async function openPair(sides: Sides = {}): Promise<OpenPair> {
  const started: AsyncDisposable[] = [];
  const reference = sides.reference ?? [await keep(startRedis("--enable-debug-command", "yes"))];
  const subject = sides.subject ?? [await keep(SpawnedNode.start("--loglevel", "error"))];
  const pair = { reference: new System("reference", reference), subject: new System("subject", subject) };
  return { ...pair, [Symbol.asyncDispose]: close };

  async function keep(starting: Promise<AsyncDisposable & { readonly port: number }>): Promise<Address> {
    const server = await starting;
    started.push(server);
    return { host: "127.0.0.1", port: server.port };
  }

  async function close(): Promise<void> {
    pair.reference.close();
    pair.subject.close();
    for (const server of started) await server[Symbol.asyncDispose]();
  }
}
