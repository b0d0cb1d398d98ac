import type { PairRun, Pairs } from "./pairs.ts";
import type { Server } from "./peers/server.ts";
import type { Findings } from "./results.ts";

/**
 * One row of the benchmark: work that kvorum and a peer do in turns. A new row is a file in rows/ that
 * exports one, and a line in rows/index.ts.
 */
export interface Row {
  readonly name: string;
  /** What is done, in one sentence. */
  readonly work: string;
  /** Beside whom. */
  readonly peer: string;
  run(bench: Bench): Promise<Findings>;
}

/** What a row is given. */
export interface Bench {
  /** Only show that everything works: fewer pairs, smaller sizes. */
  readonly isQuick: boolean;
  readonly pairs: number;
  startKvorum(): Promise<Server>;
  startRedis(): Promise<Server>;
  /** Runs ours and the peer's by turns: A B A B … */
  inPairs<T>(what: string, ours: PairRun<T>, peer: PairRun<T>, count?: number): Promise<Pairs<T>>;
  /** Says on the terminal how far the row is. */
  note(text: string): void;
  /** Notes a command for the report. */
  started(command: string): void;
}
