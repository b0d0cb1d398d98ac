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
  readonly onLost?: ((error: Error) => void) | undefined;
  /** Ends connecting. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection to one server for the caller alone, and the client of its cluster that has lent it. */
export class Line {
  readonly client: KvClient;
  /** Why others could not be connected to, by address. */
  readonly failures: ReadonlyMap<string, ConnectionError>;
  readonly #lease: Lease;
  #isOver = false;

  constructor(
    client: KvClient,
    lease: Lease,
    failures: ReadonlyMap<string, ConnectionError>,
    onLost?: LineOptions["onLost"],
  ) {
    this.client = client;
    this.failures = failures;
    this.#lease = lease;
    // Others of its connections may break too; they are its own affair.
    client.on("disconnect", ({ error }) => {
      if (error === undefined || lease.isOpen || this.#isOver) return;
      this.#isOver = true;
      onLost?.(error);
    });
  }

  /** "127.0.0.1:6379" */
  get address(): string {
    return this.#lease.address;
  }

  /** Sends one command. What the server answers is a reply, also an error. Rejects with KvClientError. */
  call(words: readonly RequestArgument[], timeoutMs?: number): Promise<Reply> {
    const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs };
    return this.#lease.send(words, { as: "bytes", ...timeout }).catch(answered);
  }

  /** To be called when nobody waits for a reply any more. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#lease.release();
    await this.client.close();
  }

  /** Ends it at once; those who wait are told why. */
  destroy(reason: string): void {
    this.#isOver = true;
    this.client.destroy(reason);
  }
}

/**
 * Connects to the first server of the target that lets us in, and selects the database. Rejects with ConnectionError, or with
 * KvClientError ABORTED.
 */
export async function dial(target: Target, options: LineOptions): Promise<Line> {
  const client = clusterClient(target, { timeoutMs: options.callMs, isLazy: true });
  try {
    return await firstOf(client, target, options);
  } catch (error) {
    client.destroy();
    throw error;
  }
}

async function firstOf(client: KvClient, target: Target, { onLost, signal }: LineOptions): Promise<Line> {
  const failures = failuresOf(client, target);
  const met: ConnectionError[] = [];
  for (const address of target.addresses) {
    const node = formatAddress(address);
    try {
      const lease = await client.acquire({ node, ...(signal !== undefined && { signal }) });
      return new Line(client, lease, failures, onLost);
    } catch (error) {
      if (signal?.aborted) throw new KvClientError("ABORTED", "interrupted", "no", { cause: error });
      if (!(error instanceof KvClientError)) throw error;
      met.push(failures.get(node.toLowerCase()) ?? new ConnectionError("UNREACHABLE", error.message));
    }
  }
  throw noServer(met);
}
