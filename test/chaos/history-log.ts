import { writeFileSync } from "node:fs";
import type { Action, Operation, Reply } from "../../sim/history.ts";
import { lineOf } from "../../sim/history-file.ts";
import type { Numbered, Told } from "../../sim/wire.ts";

/** An operation that is under way. */
export interface Begun {
  readonly process: string;
  readonly position: number;
  readonly action: Action;
  readonly mode: Operation["mode"];
  readonly node: string;
  readonly number: Numbered | undefined;
  readonly start: number;
}

/** What the clients of one round asked and were answered; and what of it people would have noticed. */
export class HistoryLog {
  readonly operations: Operation[] = [];
  readonly counts: Record<Operation["outcome"], number> = { known: 0, unknown: 0, failed: 0 };
  /** By the first word of errors that nobody has asked for. */
  readonly errors: Map<string, number> = new Map();
  longestMs = 0;

  /** Whole µs of one clock. */
  static now(): number {
    return Math.floor(performance.now() * 1000);
  }

  end({ number, ...begun }: Begun, told: Told): void {
    const end = HistoryLog.now() + 1;
    const reply: Reply = told.outcome === "known" ? told.reply : null;
    this.operations.push({ ...begun, ...number, outcome: told.outcome, reply, end });
    this.counts[told.outcome]++;
    if (told.outcome === "known") this.longestMs = Math.max(this.longestMs, (end - begun.start) / 1000);
    else this.failed(told.error);
  }

  failed(error: string): void {
    const [code = ""] = error.split(" ", 1);
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  save(path: string): void {
    writeFileSync(path, this.operations.map((one) => `${lineOf(one)}\n`).join(""));
  }
}
