import type { LatencyEvent } from "../latency.ts";
import type { Server } from "../server.ts";

/** Columns of a drawing: the latest samples, one each. */
const columns = 80;
const rows = 4;

/** What was slow, for people to read. */
export function diagnosis({ latency, settings }: Server): string {
  const lines = [...latency.events.values()].map(summaryOf);
  if (lines.length > 0) return `${lines.join("\n")}\nSLOWLOG GET shows which commands they were.\n`;
  if (settings.latencyThresholdMs > 0) return `Nothing took ${settings.latencyThresholdMs} ms or longer.\n`;
  return "Nothing is noted: CONFIG SET latency-monitor-threshold says from how many ms on.\n";
}

function summaryOf({ name, samples, worstMs }: LatencyEvent): string {
  const mean = samples.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / samples.length;
  const [first, last] = [samples[0]!.seconds, samples.at(-1)!.seconds];
  return `${name}: ${samples.length} slow seconds within ${last - first + 1} s, ${mean.toFixed(0)} ms on average, ${worstMs} ms at worst.`;
}

/**
 * A bar for each sample, the latest at the right, the highest as high as the drawing:
 *
 *     command: up to 30 ms
 *       #
 *     # #
 */
export function drawing({ name, samples }: LatencyEvent): string {
  const shown = samples.slice(-columns).map(({ latencyMs }) => latencyMs);
  const highest = Math.max(1, ...shown);
  const lines = [`${name}: up to ${highest} ms`];
  for (let row = rows; row >= 1; row--) {
    const bars = shown.map((latencyMs) => (Math.ceil((latencyMs / highest) * rows) >= row ? "#" : " "));
    lines.push(bars.join("").trimEnd());
  }
  return `${lines.join("\n")}\n`;
}
