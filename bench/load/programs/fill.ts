import net from "node:net";
import { parseArgs } from "node:util";
import { Filler } from "../filler.ts";

/**
 * Fills a server with keys as fast as it takes them:
 *
 *     node dist/bench/load/programs/fill.js --port 6379 --from 0 --to 1000000 --report-every 200000
 *
 * Prints each mark that was passed, and the end.
 */
const { values: options } = parseArgs({
  options: {
    port: { type: "string" },
    from: { type: "string", default: "0" },
    to: { type: "string" },
    "report-every": { type: "string", default: "Infinity" },
    "with-deadlines": { type: "boolean", default: false },
    "one-by-one": { type: "boolean", default: false },
  },
});
const from = Number(options.from);
const to = Number(options.to);
const reportEvery = Number(options["report-every"]);
const isOneByOne = options["one-by-one"];
const keysPerBatch = isOneByOne ? 1 : 250;
const batchesInFlight = isOneByOne ? 1 : 8;

let next = from;
let nextReport = from + reportEvery;
const socket = net.connect({ port: Number(options.port), host: "127.0.0.1", noDelay: true });
const filler = new Filler(
  socket,
  { keysPerBatch, batchesInFlight, withDeadlines: options["with-deadlines"] },
  proceed,
);
socket.once("connect", proceed);
socket.once("close", () => {
  if (from + filler.acknowledgedKeys < to) throw new Error("the server closed the connection");
});

function proceed(): void {
  report(from + filler.acknowledgedKeys);
  while (next < to && filler.hasRoom) {
    const count = Math.min(keysPerBatch, to - next);
    filler.send(next, count);
    next += count;
  }
}

function report(keys: number): void {
  for (; nextReport <= keys && nextReport < to; nextReport += reportEvery) console.log(nextReport);
  if (keys < to) return;
  console.log(to);
  socket.end();
}
