import type { PairRun, Pairs } from "./pairs.ts";
import type { Server } from "./peers/server.ts";
import type { Storage } from "./peers/storage.ts";
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
  /** Whether it needs room on a disk. */
  readonly writesData?: boolean;
  /** Whether it starts several servers that know each other, which --ours and --against cannot name. */
  readonly isCluster?: boolean;
  run(bench: Bench): Promise<Findings>;
}

/** Starts a server that writes to the disk, or one in memory. */
export type Start = (storage?: Storage) => Promise<Server>;

/** What a row is given. */
export interface Bench {
  /** Only show that everything works: fewer pairs, smaller sizes. */
  readonly isQuick: boolean;
  readonly pairs: number;
  /** What to call the peer in a sentence or beside a line. */
  readonly peerName: string;
  /** Whether both sides can write to the disk: not where a command on the command line leaves it no folder. */
  readonly canStore: boolean;
  readonly startKvorum: Start;
  readonly startPeer: Start;
  /** A new folder on the disk, which goes with the row. */
  dataFolder(): string;
  /** Runs ours and the peer's by turns: A B A B … */
  inPairs<T>(what: string, ours: PairRun<T>, peer: PairRun<T> | undefined, count?: number): Promise<Pairs<T>>;
  /** Says on the terminal how far the row is. */
  note(text: string): void;
  /** Notes a command for the report. */
  started(command: string): void;
}
