import { Engine } from "../../src/engine/engine.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemNet } from "../../src/platform/net-system.ts";
import { Memory } from "../../src/replica/memory.ts";
import type { Server } from "../../src/server/server.ts";
import type { ServerSettings } from "../../src/server/settings.ts";
import { local, type MakeReplica } from "./conversation.ts";
import { makeServer } from "./make-server.ts";

/** A server in this process, on a free port where none is given. Dispose of it to stop it. */
export class LiveServer {
  readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(
    changes: Partial<ServerSettings> = {},
    makeReplica: MakeReplica = local,
    port: number = 0,
  ): Promise<LiveServer> {
    const replica = makeReplica(new Memory(new Engine([1, 2]), systemClock), systemClock);
    const server = makeServer({ replica, clock: systemClock, net: systemNet }, changes);
    await server.listen("127.0.0.1", port);
    return new LiveServer(server);
  }

  get port(): number {
    return Number(this.server.address.split(":")[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stream } of this.server.clients.values()) stream.destroy();
    await this.server.close();
  }
}
