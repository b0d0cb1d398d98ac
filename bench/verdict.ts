import { assert } from "../src/base/assert.ts";
import type { Figure, RowResult } from "./results.ts";
import { ratios, type Spread, spreadOf } from "./statistics.ts";

/** A figure, summed up and held against its goal. */
export interface Verdict {
  readonly row: string;
  readonly figure: Figure;
  readonly ours: Spread;
  readonly peer: Spread | undefined;
  readonly ratio: Spread | undefined;
  readonly outcome: "reached" | "moonshot" | "missed" | "no goal";
  /** How far the median lies on the wrong side of the goal, as a part of the goal; 0 where it does not. */
  readonly shortBy: number;
}

export function verdictsOf(rows: readonly RowResult[]): Verdict[] {
  return rows.flatMap((row) => row.figures.map((figure) => judge(row.name, figure)));
}

export function judge(row: string, figure: Figure): Verdict {
  const ours = spreadOf(figure.ours);
  const hasPeer = figure.peer.length > 0;
  const peer = hasPeer ? spreadOf(figure.peer) : undefined;
  const ratio = hasPeer ? spreadOf(ratios(figure.ours, figure.peer)) : undefined;
  return { row, figure, ours, peer, ratio, ...outcomeOf(figure, ours, ratio) };
}

function outcomeOf(
  { goal, better, name }: Figure,
  ours: Spread,
  ratio: Spread | undefined,
): Pick<Verdict, "outcome" | "shortBy"> {
  if (goal === undefined) return { outcome: "no goal", shortBy: 0 };
  const judged = goal.on === "ratio" ? ratio : ours;
  assert(judged !== undefined, `${name} has a goal beside a peer that was not measured`);
  const shortBy = shortfall(judged.median, goal.limit, better);
  if (shortBy > 0) return { outcome: "missed", shortBy };
  const { moonshot } = goal;
  const isMoonshot = moonshot !== undefined && shortfall(judged.median, moonshot, better) === 0;
  return { outcome: isMoonshot ? "moonshot" : "reached", shortBy: 0 };
}

function shortfall(value: number, limit: number, better: Figure["better"]): number {
  // Of nothing there are no parts: each one too many counts whole.
  if (limit === 0) return Math.max(0, value);
  const part = (better === "higher" ? limit - value : value - limit) / limit;
  return part > roundingError ? part : 0;
}

/** 0.9 / 1 and 1.26 / 1.4 are not the same number. */
const roundingError = 1e-9;
