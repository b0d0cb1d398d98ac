import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";

/** DEBUG. */
export const debugHandlers: Readonly<Record<string, LocalHandler>> = { "debug|sleep": sleep };

/** Only this connection sleeps; Redis would stop for everybody. What is no number is 0, as in Redis. */
function sleep(connection: Connection, args: Arguments): void {
  const { out } = connection;
  const seconds = Number.parseFloat(args.text(2));
  const sleepMs = Number.isNaN(seconds) ? 0 : Math.max(0, seconds * 1000);
  if (sleepMs > limits.sleepMsMax) {
    out.error(`ERR DEBUG SLEEP takes at most ${limits.sleepMsMax / 1000} seconds`);
    return;
  }
  if (!connection.mayAnswerLater) {
    out.error("ERR DEBUG SLEEP is not possible inside a transaction");
    return;
  }
  connection.late.after(sleepMs, () => out.ok());
}
