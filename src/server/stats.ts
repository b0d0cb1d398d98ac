import type { Clock } from "../platform/clock.ts";
import { commands } from "../protocol/spec/table.ts";

/** Counters that INFO shows. CONFIG RESETSTAT sets them back. */
export class Stats {
  readonly startedMs: number;
  /** Memory of the process before it held anything. */
  emptyProcessBytes = 0;
  acceptedClients = 0;
  rejectedClients = 0;
  cutOffClients = 0;
  rejectedCalls = 0;
  protocolErrors = 0;
  receivedBytes = 0;
  sentBytes = 0;
  /** By command id. Fast commands are not timed: their micros stay 0. */
  readonly calls: Float64Array = new Float64Array(commands.length);
  readonly micros: Float64Array = new Float64Array(commands.length);

  constructor(clock: Clock) {
    this.startedMs = clock.monotonicMs();
  }

  get commandsProcessed(): number {
    return this.calls.reduce((sum, calls) => sum + calls, 0);
  }

  /** Called ten times a second: rates are taken from the last samples. */
  sample(_nowMs: number): void {}

  reset(): void {
    this.acceptedClients = 0;
    this.rejectedClients = 0;
    this.cutOffClients = 0;
    this.rejectedCalls = 0;
    this.protocolErrors = 0;
    this.receivedBytes = 0;
    this.sentBytes = 0;
    this.calls.fill(0);
    this.micros.fill(0);
  }
}
