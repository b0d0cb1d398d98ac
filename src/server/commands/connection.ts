import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { resetConsistency } from "./consistency.ts";
import { databaseAt } from "./reading.ts";

/** What a connection is asked for its own sake. */
export const connectionHandlers: Readonly<Record<string, LocalHandler>> = {
  ping,
  echo,
  select,
  quit,
  reset,
};

function ping({ out }: Connection, args: Arguments): void {
  if (args.count === 1) out.simple("PONG");
  else if (args.count === 2) out.bulk(args.bytes, args.start[1]!, args.end[1]!);
  else out.error("ERR wrong number of arguments for 'ping' command");
}

function echo({ out }: Connection, args: Arguments): void {
  out.bulk(args.bytes, args.start[1]!, args.end[1]!);
}

function select({ out, session }: Connection, args: Arguments): void {
  const database = databaseAt(args, 1);
  if (typeof database === "string") {
    out.error(database);
    return;
  }
  session.db = database;
  out.ok();
}

function quit(connection: Connection): void {
  connection.out.ok();
  connection.closeWhenSent();
}

/** As a new connection, but for what the client library said of itself and for NO-EVICT, as in Redis. */
function reset(connection: Connection): void {
  const { out, session, server } = connection;
  resetConsistency(connection);
  session.transaction = undefined;
  session.watched.clear();
  session.db = 0;
  session.name = "";
  session.isAuthenticated = server.settings.requirepass === "";
  // The SKIP that is meant for this very command stays.
  if (session.replyMode !== "skipping") {
    session.replyMode = "on";
    out.muted = false;
  }
  out.protocol = 2;
  out.simple("RESET");
}
