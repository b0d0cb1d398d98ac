import type { Connection } from "./connection.ts";
import type { Server } from "./server.ts";

/**
 * What all clients hold together: half commands, queued transactions, watched keys, replies that they have not
 * taken. Each connection tells when that changes, at the end of its turn and where a buffer of it grows, so that a
 * command costs nothing. Beyond `maxmemory-clients` those that hold the most are cut off, as in Redis.
 *
 * Memory is taken as bytes come, never as they are announced. So the bound is passed by the last growth of one
 * buffer at most.
 */
export class ClientMemory {
  bytes = 0;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** A client holds so much now. */
  count(client: Connection, bytes: number): void {
    this.bytes += bytes - client.countedBytes;
    client.countedBytes = bytes;
    if (this.bytes > this.#server.settings.clientBytesMax) this.enforce();
  }

  /** A client is gone, or as good as gone. */
  release(client: Connection): void {
    this.bytes -= client.countedBytes;
    client.countedBytes = 0;
  }

  /** Cuts off clients until the rest holds no more than it may. */
  enforce(): void {
    const { clientBytesMax } = this.#server.settings;
    while (this.bytes > clientBytesMax) {
      const victim = this.#largest();
      if (victim === undefined) return;
      const held = victim.countedBytes;
      this.#server.stats.evictedClients++;
      victim.cutOff(
        `all clients hold ${this.bytes} bytes, over maxmemory-clients (${clientBytesMax}), and it most of all: ${held}`,
      );
    }
  }

  /** Those that asked for it with NO-EVICT are spared as long as there are others. */
  #largest(): Connection | undefined {
    let found: Connection | undefined;
    for (const client of this.#server.clients.values()) {
      if (!client.isGone && (found === undefined || comesBefore(client, found))) found = client;
    }
    return found;
  }
}

function comesBefore(a: Connection, b: Connection): boolean {
  if (a.session.noEvict !== b.session.noEvict) return b.session.noEvict;
  return a.countedBytes > b.countedBytes;
}
