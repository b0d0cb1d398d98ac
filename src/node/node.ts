import { systemClock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import { systemNet } from "../platform/net-system.ts";
import { systemProcess } from "../platform/process.ts";
import { systemRandom } from "../platform/random.ts";
import { LocalReplica } from "../replica/local.ts";
import { Server } from "../server/server.ts";
import type { NodeConfig } from "./config.ts";

export interface Node {
  /** HOST:PORT that clients reach. */
  readonly address: string;
  /** Resolves once the node has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
  /** Finishes what was accepted, then closes. */
  stop(): Promise<void>;
}

/** Builds everything and starts it. Rejects with KvorumError where the address cannot be listened on. */
export async function startNode(config: NodeConfig, logger: Logger): Promise<Node> {
  const stopped = withResolvers();
  const emptyProcessBytes = systemProcess.residentBytes();
  const server = new Server(
    {
      replica: new LocalReplica(systemClock, systemRandom),
      clock: systemClock,
      net: systemNet,
      logger,
      nodeId: config.id,
      runId: systemRandom.bytes(20).toString("hex"),
      process: systemProcess,
      requestShutdown: () => void stop(),
    },
    config.server,
  );
  server.stats.emptyProcessBytes = emptyProcessBytes;
  await server.listen(config.host, config.port);
  async function stop(): Promise<void> {
    await server.close();
    stopped.resolve();
  }
  return { address: server.address, stopped: stopped.promise, stop };
}

/** Promise.withResolvers, which Node.js 20 does not have. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
