import type { Disturbance } from "./measure/disturbance.ts";
import type { Machine } from "./measure/machine.ts";

export type Unit = "op/s" | "µs/op" | "ms" | "B/key" | "B/op" | "x" | "writes" | "errors";

/** One thing that was measured on both sides. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly better: "higher" | "lower";
  /** One value for each pair of runs, in the order of the runs. */
  readonly ours: readonly number[];
  /** As many, or none where the peer cannot tell. */
  readonly peer: readonly number[];
  readonly goal?: Goal | undefined;
}

/** What the median is to reach: of the ratios ours : peer pair by pair, or of our own values. */
export interface Goal {
  readonly on: "ratio" | "value";
  readonly limit: number;
  /** Beyond the goal: what would be remarkable. */
  readonly moonshot?: number;
}

export type Side = "ours" | "peer";

/** Bars in groups, ours beside the peer's: medians, with whiskers from the least to the greatest value. */
export interface BarChart {
  readonly kind: "bars";
  readonly title: string;
  readonly unit: Unit;
  readonly groups: readonly BarGroup[];
}

export interface BarGroup {
  readonly label: string;
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

export interface LineChart {
  readonly kind: "lines";
  readonly title: string;
  readonly unit: Unit;
  readonly xLabel: string;
  readonly xScale: "linear" | "log";
  readonly yScale: "linear" | "log";
  readonly lines: readonly Line[];
}

export interface Line {
  readonly side: Side;
  readonly label: string;
  readonly isDashed: boolean;
  /** Points by rising x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export type Chart = BarChart | LineChart;

/** What a row found out. */
export interface Findings {
  readonly figures: readonly Figure[];
  readonly charts: readonly Chart[];
  /** What a reader must know to judge the figures, in sentences. */
  readonly remarks?: readonly string[];
}

export interface RowResult extends Findings {
  readonly name: string;
  readonly work: string;
  readonly peer: string;
  /** What was started, in the order of the first time. PORT stands for a free port. */
  readonly commands: readonly string[];
  readonly seconds: number;
  readonly disturbance: Disturbance;
}

/** Everything of one run of the benchmark: the JSON file, and what the page is made of. */
export interface Results {
  readonly machine: Machine;
  readonly isQuick: boolean;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly rows: readonly RowResult[];
}
