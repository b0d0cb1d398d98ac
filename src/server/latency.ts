import type { Clock } from "../platform/clock.ts";
import type { Command } from "../protocol/spec/row.ts";

export class LatencyMonitor {
  noteCommand(_clock: Clock, _micros: number, _command: Command, _thresholdMs: number): void {}
}
