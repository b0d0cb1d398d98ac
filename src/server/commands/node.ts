import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { syntaxError } from "./reading.ts";

/** What the node is asked as a whole. */
export const nodeHandlers: Readonly<Record<string, LocalHandler>> = {
  shutdown,
  time,
};

/** Whole milliseconds: the clock gives no more. */
function time({ out, server }: Connection): void {
  const now = server.clock.wallMs();
  out.array(2);
  out.bulkText(String(Math.floor(now / 1000)));
  out.bulkText(String((now % 1000) * 1000));
}

/** SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]: answered only where the node does not stop. */
function shutdown(connection: Connection, args: Arguments): void {
  const { out, server } = connection;
  const words = new Set<string>();
  for (let i = 1; i < args.count; i++) {
    words.add(shutdownWords.find((word) => args.is(i, word)) ?? "unknown");
  }
  const isContradiction = words.has("abort") ? words.size > 1 : words.has("save") && words.has("nosave");
  if (words.has("unknown") || isContradiction) {
    out.error(syntaxError);
  } else if (words.has("abort")) {
    out.error("ERR No shutdown in progress.");
  } else if (words.has("save") && !words.has("force") && server.replica.persistence === undefined) {
    out.error("ERR there is no disk to save to: SHUTDOWN NOSAVE stops without saving");
  } else {
    connection.closeWhenSent();
    server.parts.requestShutdown({ saves: !words.has("nosave") });
  }
}

const shutdownWords: readonly string[] = ["nosave", "save", "now", "force", "abort"];
