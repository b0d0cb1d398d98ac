import { type Server, startServer } from "./server.ts";

/** Debian's Redis, with everything in memory and otherwise as it comes. */
export function startRedis(): Promise<Server> {
  return startServer("redis", (port) => [
    "redis-server",
    "--bind",
    "127.0.0.1",
    "--port",
    port,
    "--save",
    "",
    "--appendonly",
    "no",
  ]);
}
