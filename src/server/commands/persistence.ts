import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { syntaxError } from "./reading.ts";

/** Snapshots, as Redis' clients and tools ask for them. */
export const persistenceHandlers: Readonly<Record<string, LocalHandler>> = { lastsave, save, bgsave };

const noDisk = "ERR there is no disk to save to: the node was started with --memory";

/** Unix time of the last snapshot; of the start where there is none, as in Redis. */
function lastsave({ out, server }: Connection): void {
  out.integer(Math.floor(lastSaveMs(server) / 1000));
}

export function lastSaveMs({ replica, stats }: Connection["server"]): number {
  return replica.persistence?.lastSaveMs || stats.startedWallMs;
}

/** Only this client waits. */
function save(connection: Connection): void {
  const { out, server } = connection;
  const { persistence } = server.replica;
  if (persistence === undefined) {
    out.error(noDisk);
  } else if (persistence.isSaving) {
    out.error("ERR Background save already in progress");
  } else {
    connection.late.when(persistence.save(true), (failure) => {
      if (failure === undefined) out.ok();
      else out.error(`ERR ${failure.message}`);
    });
  }
}

/** BGSAVE [SCHEDULE]: there is nothing that it could have to wait for. */
function bgsave({ out, server }: Connection, args: Arguments): void {
  const { persistence } = server.replica;
  if (args.count > 2 || (args.count === 2 && !args.is(1, "schedule"))) {
    out.error(syntaxError);
  } else if (persistence === undefined) {
    out.error(noDisk);
  } else if (persistence.isSaving) {
    out.error("ERR Background save already in progress");
  } else {
    // How it ends is logged, and INFO tells it.
    persistence.save(false).catch(() => {});
    out.simple("Background saving started");
  }
}
