import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { diagnosis, drawing } from "./latency-words.ts";

/** LATENCY. */
export const latencyHandlers: Readonly<Record<string, LocalHandler>> = {
  "latency|doctor": ({ out, server }) => out.verbatim("txt", diagnosis(server)),
  "latency|graph": graph,
  "latency|history": history,
  "latency|latest": latest,
  "latency|reset": reset,
};

function history({ out, server }: Connection, args: Arguments): void {
  const samples = server.latency.events.get(args.text(2))?.samples ?? [];
  out.array(samples.length);
  for (const { seconds, latencyMs } of samples) {
    out.array(2);
    out.integer(seconds);
    out.integer(latencyMs);
  }
}

function graph({ out, server }: Connection, args: Arguments): void {
  const event = server.latency.events.get(args.text(2));
  if (event === undefined) out.error(`ERR No samples available for event '${args.quoted(2).slice(0, 128)}'`);
  else out.verbatim("txt", drawing(event));
}

function latest({ out, server }: Connection): void {
  const { events } = server.latency;
  out.array(events.size);
  for (const event of events.values()) {
    out.array(4);
    out.bulkText(event.name);
    out.integer(event.latest.seconds);
    out.integer(event.latest.latencyMs);
    out.integer(event.worstMs);
  }
}

/** LATENCY RESET [event …]: of all events without a name. Answers how many there were. */
function reset({ out, server }: Connection, args: Arguments): void {
  const { events } = server.latency;
  if (args.count === 2) {
    out.integer(events.size);
    events.clear();
    return;
  }
  let found = 0;
  for (let i = 2; i < args.count; i++) if (events.delete(args.text(i))) found++;
  out.integer(found);
}
