import { type Server, startServer } from "./server.ts";
import type { Storage } from "./storage.ts";

/** Debian's Redis, otherwise as it comes: with everything in memory where no storage is given. */
export function startRedis(storage?: Storage): Promise<Server> {
  const command = [
    ...["redis-server", "--bind", "127.0.0.1", "--port", "PORT", "--save", ""],
    ...(storage === undefined ? ["--appendonly", "no"] : storing(storage)),
  ];
  return startServer("redis", command, storage?.folder);
}

function storing({ fsync, cutsLog }: Storage): string[] {
  return [
    ...["--dir", "DATA", "--appendonly", "yes"],
    ...["--appendfsync", fsync === "always" ? "always" : "everysec"],
    ...(cutsLog ? [] : ["--auto-aof-rewrite-percentage", "0"]),
  ];
}
