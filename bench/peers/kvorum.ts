import { join } from "node:path";
import { type Server, startServer } from "./server.ts";

const program = join(import.meta.dirname, "../../../bin/kvorum.js");

/** One node in memory: the default, where no other command was asked for. */
const inMemory: readonly string[] = [
  process.execPath,
  program,
  "start",
  "--memory",
  "--loglevel",
  "error",
  "--listen",
  "127.0.0.1:PORT",
];

/** Starts kvorum, or what --ours names in its place: PORT in a word becomes the port. */
export function startKvorum(command: readonly string[] = inMemory): Promise<Server> {
  return startServer("kvorum", (port) => command.map((word) => word.replace("PORT", port)));
}
