import { channel } from "node:diagnostics_channel";
import { version } from "../base/version.ts";
import type { Clock } from "../platform/clock.ts";
import type { KvClientError } from "./errors.ts";
import type { Operation } from "./operation.ts";

/** What a client has done since it was made. */
export interface KvClientStats {
  /** Operations that were begun. */
  readonly operations: number;
  /** Those of them that failed. */
  readonly errors: number;
  /** How often an operation was tried again. */
  readonly retries: number;
  /** Operations that are not over. */
  readonly pending: number;
}

/** What the channel "kvorum:client:operation" publishes when an operation is over. */
export interface OperationMessage {
  /** "SET" */
  readonly command: string;
  /** Where it was sent last, undefined where it was not. */
  readonly address: string | undefined;
  readonly durationMs: number;
  readonly attempts: number;
  readonly error: KvClientError | undefined;
}

const operations = channel("kvorum:client:operation");

/** As much of OpenTelemetry's API as is used. It registers itself under this symbol, where a program has it. */
interface Meter {
  createCounter(name: string, options: object): { add(value: number, attributes: object): void };
  createHistogram(name: string, options: object): { record(value: number, attributes: object): void };
}
const openTelemetry = Symbol.for("opentelemetry.js.api.1");

type Record = (message: OperationMessage) => void;

/** Counts operations, and tells those who listen: a channel of node:diagnostics_channel, and OpenTelemetry where it is. */
export class Telemetry {
  operations = 0;
  errors = 0;
  retries = 0;
  readonly #clock: Clock;
  readonly #record: Record | undefined = meterRecord();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  began(operation: Operation): void {
    this.operations++;
    if (this.#isWanted) operation.startMs = this.#clock.monotonicMs();
  }

  retried(): void {
    this.retries++;
  }

  ended(operation: Operation): void {
    if (operation.error !== undefined) this.errors++;
    // Who began to listen meanwhile hears of the next one.
    if (!this.#isWanted || operation.startMs === 0) return;
    const { name: command, node, attempts, error } = operation;
    const durationMs = this.#clock.monotonicMs() - operation.startMs;
    const message: OperationMessage = { command, address: node?.name, durationMs, attempts, error };
    this.#tell(message);
    operations.publish(message);
  }

  #tell(message: OperationMessage): void {
    try {
      this.#record?.(message);
    } catch {
      // Whoever measures must not fail what is measured.
    }
  }

  get #isWanted(): boolean {
    return operations.hasSubscribers || this.#record !== undefined;
  }
}

/** Undefined where there is no OpenTelemetry, or it is not as expected: nothing depends on it. */
function meterRecord(): Record | undefined {
  try {
    const api = (
      globalThis as { [openTelemetry]?: { metrics?: { getMeter(name: string, version: string): Meter } } }
    )[openTelemetry];
    const meter = api?.metrics?.getMeter("kvorum", version);
    if (meter === undefined) return undefined;
    const duration = meter.createHistogram("db.client.operation.duration", { unit: "s" });
    const retries = meter.createCounter("kvorum.client.retries", { unit: "{attempt}" });
    return ({ command, address, durationMs, attempts, error }) => {
      const attributes = {
        "db.system.name": "kvorum",
        "db.operation.name": command,
        "server.address": address ?? "",
        ...(error === undefined ? {} : { "error.type": error.code }),
      };
      duration.record(durationMs / 1000, attributes);
      if (attempts > 1) retries.add(attempts - 1, attributes);
    };
  } catch {
    return undefined;
  }
}
