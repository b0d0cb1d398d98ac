import { commandNamed } from "../../protocol/spec/table.ts";
import type { LocalHandler } from "../server.ts";
import { discard, multi, refuseExec, unwatch, watch } from "../transactions.ts";
import { backupHandlers } from "./backup.ts";
import { clientHandlers } from "./client.ts";
import { clusterHandlers, ofCluster } from "./cluster.ts";
import { commandHandlers } from "./command.ts";
import { configHandlers } from "./config.ts";
import { connectionHandlers } from "./connection.ts";
import { consistencyHandlers } from "./consistency.ts";
import { debugHandlers } from "./debug.ts";
import { helloHandlers } from "./hello.ts";
import { writeHelp } from "./help.ts";
import { infoHandlers } from "./info.ts";
import { kvorumHandlers } from "./kvorum.ts";
import { latencyHandlers } from "./latency.ts";
import { nodeHandlers } from "./node.ts";
import { persistenceHandlers } from "./persistence.ts";
import { replicationHandlers } from "./replication.ts";
import { slowlogHandlers } from "./slowlog.ts";

type LocalHandlers = Readonly<Record<string, LocalHandler>>;

/** Handlers of local commands by the full name of their row. */
export const localHandlers: LocalHandlers = {
  multi,
  exec: refuseExec,
  discard,
  watch,
  unwatch,
  ...connectionHandlers,
  ...helloHandlers,
  ...clientHandlers,
  ...wrapped(commandHandlers),
  ...configHandlers,
  ...infoHandlers,
  ...persistenceHandlers,
  ...backupHandlers,
  ...slowlogHandlers,
  ...latencyHandlers,
  ...debugHandlers,
  ...nodeHandlers,
  ...kvorumHandlers,
  ...replicationHandlers,
  ...clusterHandlers,
  ...consistencyHandlers,
  "cluster|help": ofCluster(({ out }) => writeHelp(out, commandNamed("cluster")!)),
  ...helpOf(
    "backup",
    "client",
    "config",
    "consistency",
    "debug",
    "kvorum",
    "latency",
    "memory",
    "object",
    "session",
    "slowlog",
  ),
};

/** The COMMAND family needs no connection. */
function wrapped(handlers: typeof commandHandlers): LocalHandlers {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]): [string, LocalHandler] => [
      name,
      ({ out }, args) => handler(out, args),
    ]),
  );
}

/** HELP of a container is made from its rows. */
function helpOf(...containers: readonly string[]): LocalHandlers {
  return Object.fromEntries(
    containers.map((name): [string, LocalHandler] => [
      `${name}|help`,
      ({ out }) => writeHelp(out, commandNamed(name)!),
    ]),
  );
}
