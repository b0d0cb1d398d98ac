import { formatAddress } from "../base/address.ts";
import type { KvClient } from "../client/client.ts";
import { ConnectionError, KvClientError } from "../client/errors.ts";
import type { Lease } from "../client/lease.ts";
import type { Reply } from "../protocol/reply.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import { answered, clusterClient, failuresOf } from "./cluster-client.ts";
import { noServer } from "./refusals.ts";
import type { Target } from "./target.ts";

export interface LineOptions {
  /** A call's deadline; 0: none. */
  readonly callMs: number;
  /** The connection broke. */
  readonly onLost?: (error: Error) => void;
}

/** A connection to one server for the caller alone, and the client of its cluster that has lent it. */
export class Line {
  readonly client: KvClient;
  readonly #lease: Lease;
  #isClosing = false;

  constructor(client: KvClient, lease: Lease, onLost?: LineOptions["onLost"]) {
    this.client = client;
    this.#lease = lease;
    // Others of its connections may break too; they are its own affair.
    client.on("disconnect", ({ error }) => {
      if (error === undefined || lease.isOpen || this.#isClosing) return;
      this.#isClosing = true;
      onLost?.(error);
    });
  }

  /** "127.0.0.1:6379" */
  get address(): string {
    return this.#lease.address;
  }

  /** Sends one command. What the server answers is a reply, also an error. Rejects with KvClientError. */
  call(words: readonly RequestArgument[], timeoutMs?: number): Promise<Reply> {
    return this.#lease
      .send(words, { as: "bytes", ...(timeoutMs !== undefined && { timeout: timeoutMs }) })
      .catch(answered);
  }

  /** Waits for replies that are owed. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#lease.release();
    await this.client.close();
  }

  /** Ends it at once; those who wait are told why. */
  destroy(reason: string): void {
    this.#isClosing = true;
    this.client.destroy(reason);
  }
}

/** Connects to the first server of the target that lets us in, and selects the database. Rejects with ConnectionError. */
export async function dial(target: Target, { callMs, onLost }: LineOptions): Promise<Line> {
  const client = clusterClient(target, { timeoutMs: callMs });
  const heard = failuresOf(client, target);
  const failures: ConnectionError[] = [];
  for (const address of target.addresses) {
    const node = formatAddress(address);
    try {
      return new Line(client, await client.acquire({ node }), onLost);
    } catch (error) {
      failures.push(heard.get(node.toLowerCase()) ?? unheard(error));
    }
  }
  client.destroy();
  throw noServer(failures);
}

function unheard(error: unknown): ConnectionError {
  if (!(error instanceof KvClientError)) throw error;
  return new ConnectionError("UNREACHABLE", error.message, "no", { cause: error });
}
