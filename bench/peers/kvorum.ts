import { join } from "node:path";
import { type Server, startServer } from "./server.ts";
import type { Storage } from "./storage.ts";

/** What this checkout is started with. */
export const kvorumProgram: string = join(import.meta.dirname, "../../../bin/kvorum.js");

/** Starts this checkout: one node, in memory where no storage is given. */
export function startKvorum(storage?: Storage): Promise<Server> {
  const command = [
    process.execPath,
    kvorumProgram,
    "start",
    ...(storage === undefined ? ["--memory"] : storing(storage)),
    "--loglevel",
    "error",
    "--listen",
    "127.0.0.1:PORT",
  ];
  return startServer("kvorum", command, storage?.folder);
}

function storing({ fsync, cutsLog }: Storage): string[] {
  return ["--data", "DATA", "--fsync", fsync, ...(cutsLog ? [] : ["--snapshot-log-size", "0"])];
}
