import { startRedis } from "../redis-server.ts";
import type { Pair } from "./compare.ts";
import type { Address } from "./link.ts";
import { NodeProcess } from "./node-process.ts";
import { System } from "./system.ts";

/** Where both sides are; started here where no addresses are given. */
export interface Sides {
  readonly reference?: readonly Address[] | undefined;
  readonly subject?: readonly Address[] | undefined;
  /** Where the node that is started here keeps its data; nowhere by default. */
  readonly data?: string;
}

export interface OpenPair extends Pair, AsyncDisposable {
  /** How the node that was started here has ended, and its last words; "" while it runs. */
  lastWords(): string;
}

/** A real Redis and a kvorum node. Dispose of the pair to stop what was started for it. */
export async function openPair(sides: Sides = {}): Promise<OpenPair> {
  const redis = sides.reference === undefined ? await startRedis("--enable-debug-command", "yes") : undefined;
  const node = sides.subject === undefined ? await NodeProcess.start(sides.data) : undefined;
  const reference = new System("reference", sides.reference ?? [loopback(redis!.port)]);
  const subject = new System("subject", sides.subject ?? [loopback(node!.port)]);
  return {
    reference,
    subject,
    lastWords: () => node?.lastWords() ?? "",
    async [Symbol.asyncDispose]() {
      reference.close();
      subject.close();
      await node?.[Symbol.asyncDispose]();
      await redis?.[Symbol.asyncDispose]();
    },
  };
}

function loopback(port: number): Address {
  return { host: "127.0.0.1", port };
}
