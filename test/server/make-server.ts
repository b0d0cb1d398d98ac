import { silentLogger } from "../../src/platform/logger.ts";
import { type HostProcess, systemProcess } from "../../src/platform/process.ts";
import { Server, type ServerParts } from "../../src/server/server.ts";
import type { ServerSettings } from "../../src/server/settings.ts";

const usualSettings: ServerSettings = {
  redirect: "forward",
  readMode: "linearizable",
  readQuorum: 0,
  requirepass: "",
  maxclients: 100,
  idleMsMax: 0,
  tcpKeepAliveMs: 0,
  maxmemoryBytes: 0,
  maxmemoryClients: 0,
  slowlogMicros: -1,
  slowlogEntries: 128,
  latencyThresholdMs: 0,
};

/** This process, whose event loop several servers share: none of them watches it. */
const sharedProcess: HostProcess = {
  ...systemProcess,
  watchLoop: () => ({ delayMsMax: 0, reset() {}, stop() {} }),
};

/** A server from what a test is about, and the usual beside it. */
export function makeServer(
  parts: Pick<ServerParts, "replica" | "clock" | "net">,
  changes: Partial<ServerSettings>,
): Server {
  const server: Server = new Server(
    {
      ...parts,
      logger: silentLogger,
      nodeId: "n1",
      clusterId: () => "",
      writeQuorum: 0,
      runId: "0".repeat(40),
      process: sharedProcess,
      requestShutdown: () => void server.close(),
    },
    { ...usualSettings, ...changes },
  );
  return server;
}
