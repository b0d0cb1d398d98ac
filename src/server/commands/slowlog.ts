import type { Arguments } from "../../protocol/arguments.ts";
import type { ReplyWriter } from "../../protocol/reply-writer.ts";
import type { Connection } from "../connection.ts";
import { wrongSubcommand } from "../dispatch.ts";
import type { LocalHandler } from "../server.ts";
import type { SlowLogEntry } from "../slowlog.ts";
import { integerAt } from "./reading.ts";

/** SLOWLOG. */
export const slowlogHandlers: Readonly<Record<string, LocalHandler>> = {
  "slowlog|get": get,
  "slowlog|len": ({ out, server }) => out.integer(server.slowlog.length),
  "slowlog|reset": reset,
};

/** Entries that SLOWLOG GET shows unless it is told how many. */
const usualCount = 10;

function get({ out, server }: Connection, args: Arguments): void {
  if (args.count > 3) {
    out.error(wrongSubcommand("slowlog", args));
    return;
  }
  const count = args.count === 3 ? integerAt(args, 2) : usualCount;
  if (count === undefined || count < -1) {
    out.error("ERR count should be greater than or equal to -1");
    return;
  }
  const entries = server.slowlog.latest(count === -1 ? Number.MAX_SAFE_INTEGER : Number(count));
  out.array(entries.length);
  for (const entry of entries) writeEntry(out, entry);
}

function writeEntry(out: ReplyWriter, entry: SlowLogEntry): void {
  out.array(6);
  out.integer(entry.id);
  out.integer(Math.floor(entry.wallMs / 1000));
  out.integer(entry.micros);
  out.array(entry.words.length);
  for (const word of entry.words) out.bulkText(word);
  out.bulkText(entry.remoteAddress);
  out.bulkText(entry.clientName);
}

function reset({ out, server }: Connection): void {
  server.slowlog.reset();
  out.ok();
}
