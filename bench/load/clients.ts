import { once } from "node:events";
import net from "node:net";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { KvClient } from "../../src/client/index.ts";

/** One request; resolves with its answer. */
export interface Calls {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
}

interface ConnectedClient extends Calls, AsyncDisposable {}

export type ClientKind =
  | "kvorum"
  | "kvorum-stale"
  | "kvorum-stale-leader"
  | "ioredis"
  | "node-redis"
  | "unpooled";

/** For so many callers, to all ports or to the first one. */
type Connect = (ports: readonly number[], callers: number) => Promise<ConnectedClient>;

const clients: Readonly<Record<ClientKind, Connect>> = {
  kvorum: async (ports) => {
    const client = new KvClient(ports.map((port) => `127.0.0.1:${port}`));
    return withEnd(client, () => client.close());
  },
  "kvorum-stale": (ports) => staleClient(ports, "least-in-flight"),
  "kvorum-stale-leader": (ports) => staleClient(ports, "leader"),
  ioredis: async ([port], callers) => {
    // What it does for itself where many call at once; for one it would only wait.
    const client = new Redis({ port: port!, enableAutoPipelining: callers > 1 });
    return withEnd(client, () => client.quit());
  },
  "node-redis": async ([port]) => {
    const client = createClient({ socket: { port: port! } });
    await client.connect();
    return withEnd(client, () => client.close());
  },
  unpooled: async ([port]) => {
    const calls = {
      set: (key: string, value: string) => connectAndCall(port!, ["SET", key, value]),
      get: (key: string) => connectAndCall(port!, ["GET", key]),
    };
    return withEnd(calls, async () => {});
  },
};

export function connectClient(
  kind: ClientKind,
  ports: readonly number[],
  callers: number,
): Promise<ConnectedClient> {
  return clients[kind](ports, callers);
}

async function staleClient(
  ports: readonly number[],
  readFrom: "least-in-flight" | "leader",
): Promise<ConnectedClient> {
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const client = new KvClient({ addresses, consistency: "stale", readFrom });
  return withEnd(client, () => client.close());
}

function withEnd(calls: Calls, end: () => Promise<unknown>): ConnectedClient {
  return {
    set: (key, value) => calls.set(key, value),
    get: (key) => calls.get(key),
    [Symbol.asyncDispose]: async () => {
      await end();
    },
  };
}

/** A new connection for one request. */
async function connectAndCall(port: number, words: readonly string[]): Promise<Buffer> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const request = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("");
  socket.write(`*${words.length}\r\n${request}`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return answer;
}
