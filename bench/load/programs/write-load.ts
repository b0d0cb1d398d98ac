import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Protocol, WriteLane } from "../write-lane.ts";
import type { Waits } from "../write-load.ts";

/**
 * Clients that write all the time, each new keys, whatever becomes of the members. Orders come on the standard input,
 * a line each, and each is answered with a line:
 *
 *     home     all are back at the members where they began
 *     mark     begins to count anew
 *     report   the longest wait of each client since the mark, once each has been acknowledged something again
 *     stop     all have ended with the write that was on its way: how many writes were acknowledged in all
 */
const { values: options } = parseArgs({
  options: {
    protocol: { type: "string" },
    ports: { type: "string", default: "" },
    clients: { type: "string" },
    "pace-ms": { type: "string" },
  },
});
const ports = options.ports.split(",").map(Number);
/** Keys of a client: more than it ever writes. */
const keysOfClient = 10_000_000;
const lookMs = 1;

const lanes = Array.from({ length: Number(options.clients) }, (_, i) => {
  const home = i % ports.length;
  return new WriteLane({
    protocol: options.protocol as Protocol,
    ports: [...ports.slice(home), ...ports.slice(0, home)],
    firstIndex: i * keysOfClient,
    paceMs: Number(options["pace-ms"]),
  });
});

for await (const order of createInterface(process.stdin)) {
  console.log(JSON.stringify((await carryOut(order)) ?? null));
  if (order === "stop") break;
}
process.exit();

async function carryOut(order: string): Promise<unknown> {
  if (order === "home") return goHome();
  if (order === "mark") return mark();
  if (order === "report") return report();
  for (const lane of lanes) lane.stop();
  await until((lane) => lane.isStopped);
  return lanes.reduce((sum, lane) => sum + lane.acknowledged, 0);
}

async function goHome(): Promise<void> {
  for (const lane of lanes) lane.goHome();
  await until((lane) => lane.isHome);
  await eachAcknowledged();
}

function mark(): void {
  for (const lane of lanes) {
    lane.longestMs = 0;
    lane.errors = 0;
  }
}

async function report(): Promise<Waits> {
  await eachAcknowledged();
  return {
    longestMs: lanes.map((lane) => lane.longestMs),
    errors: lanes.reduce((sum, lane) => sum + lane.errors, 0),
  };
}

async function eachAcknowledged(): Promise<void> {
  const before = new Map(lanes.map((lane) => [lane, lane.acknowledged]));
  await until((lane) => lane.acknowledged > before.get(lane)!);
}

async function until(holds: (lane: WriteLane) => boolean): Promise<void> {
  while (!lanes.every(holds)) await pause(lookMs);
}
