import { limits } from "../base/limits.ts";
import type { Clock } from "../platform/clock.ts";
import type { Command } from "../protocol/spec/row.ts";

export interface LatencySample {
  /** Unix time in seconds. */
  readonly seconds: number;
  readonly latencyMs: number;
}

/** What LATENCY tells of one kind of event. */
export class LatencyEvent {
  readonly name: string;
  /** The worst since the last reset, also when its sample is gone. */
  worstMs = 0;
  /** The oldest first, at most one for each second: its worst. */
  readonly samples: LatencySample[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get latest(): LatencySample {
    return this.samples.at(-1)!;
  }

  add(seconds: number, latencyMs: number): void {
    this.worstMs = Math.max(this.worstMs, latencyMs);
    const sameSecond = this.samples.at(-1)?.seconds === seconds ? this.samples.pop()! : undefined;
    this.samples.push({ seconds, latencyMs: Math.max(latencyMs, sameSecond?.latencyMs ?? 0) });
    if (this.samples.length > limits.latencySamples) this.samples.shift();
  }
}

/** Moments of slowness, by Redis' names for what was slow. */
export class LatencyMonitor {
  readonly events: Map<string, LatencyEvent> = new Map();

  noteCommand(clock: Clock, micros: number, command: Command, thresholdMs: number): void {
    const latencyMs = Math.floor(micros / 1000);
    if (thresholdMs === 0 || latencyMs < thresholdMs) return;
    const name = command.flags.includes("fast") ? "fast-command" : "command";
    this.#eventNamed(name).add(Math.floor(clock.wallMs() / 1000), latencyMs);
  }

  #eventNamed(name: string): LatencyEvent {
    const known = this.events.get(name);
    if (known !== undefined) return known;
    const event = new LatencyEvent(name);
    this.events.set(name, event);
    return event;
  }
}
