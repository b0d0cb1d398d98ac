import { formatAddress } from "../base/address.ts";
import { KvClient } from "../client/client.ts";
import { type ConnectionError, KvClientError } from "../client/errors.ts";
import type { ReadPolicy } from "../client/options.ts";
import { type Reply, ReplyError } from "../protocol/reply.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import { inWords, noServer } from "./refusals.ts";
import type { Target } from "./target.ts";

export interface ClientOptions {
  /** For one operation, with all that is done for it again; 0: as long as it takes. */
  readonly timeoutMs: number;
  /** How long a server may be silent that owes an answer; two seconds where it is absent. */
  readonly silenceMs?: number;
  /** It knows nothing of the cluster before something is asked for. */
  readonly isLazy?: boolean;
  /** Where reads go, of all members. */
  readonly readFrom?: ReadPolicy;
}

const connectMs = 5_000;

/** A client of the cluster that the target's servers belong to. It connects by itself, and tells nobody where it cannot. */
export function clusterClient(target: Target, options: ClientOptions): KvClient {
  const { timeoutMs, silenceMs, isLazy = false, readFrom } = options;
  const { username, password, db } = target;
  return new KvClient({
    addresses: target.addresses.map(formatAddress),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...{ database: db, name: "kvorum-cli", timeout: timeoutMs, connectTimeout: connectMs },
    lazyConnect: isLazy,
    ...(readFrom !== undefined && { readFrom }),
    ...(silenceMs !== undefined && { silence: silenceMs }),
  });
}

/** The same, connected. Rejects with ConnectionError as soon as it is known that no server of the target lets us in. */
export async function openClient(target: Target, options: ClientOptions): Promise<KvClient> {
  const client = clusterClient(target, options);
  const failures = failuresOf(client, target);
  let isConnected = false;
  client.on("connect", () => {
    isConnected = true;
  });
  // What it rejects with says less than what was heard of each server.
  await client.connect().catch(() => {});
  if (isConnected) return client;
  client.destroy();
  throw noServer([...failures.values()]);
}

/** Why nobody could be connected to, by address, as it is heard: what operations reject with says less. */
export function failuresOf(client: KvClient, { db }: Target): ReadonlyMap<string, ConnectionError> {
  const failures = new Map<string, ConnectionError>();
  client.on("unreachable", ({ address, error }) => failures.set(address, inWords(error, address, db)));
  return failures;
}

/** Sends one command to where it is carried out, as often as it takes. What the server answers is a reply, also an error. */
export function callCluster(client: KvClient, words: readonly RequestArgument[]): Promise<Reply> {
  return client.send(words, { as: "bytes" }).catch(answered);
}

/** An error that the server has answered, as the reply that it is; any other is thrown again. */
export function answered(error: unknown): ReplyError {
  if (error instanceof KvClientError && isAnswer(error)) return new ReplyError(error.message);
  throw error;
}

/** A server's error begins with its code; what the client says for itself does not. */
function isAnswer({ code, message }: KvClientError): boolean {
  return message === code || message.startsWith(`${code} `);
}
