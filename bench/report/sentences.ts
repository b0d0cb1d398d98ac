import { disturbedCores } from "../measure/disturbance.ts";
import type { Machine } from "../measure/machine.ts";
import type { RowResult } from "../results.ts";
import type { Verdict } from "../verdict.ts";
import { words } from "../words.ts";

export const marks: Readonly<Record<Verdict["outcome"], string>> = {
  reached: "reached",
  moonshot: "moonshot",
  missed: "missed",
  "no goal": "",
};

export const quickSentence: string =
  "A quick run, with few pairs and small sizes: it shows that everything works, and measures roughly.";

export function summarySentence(verdicts: readonly Verdict[]): string {
  const judged = verdicts.filter(({ outcome }) => outcome !== "no goal");
  const reached = judged.filter(({ outcome }) => outcome !== "missed");
  return `${reached.length} of ${judged.length} goals reached`;
}

/** "memory-p1 SET throughput: 0.91x (0.88–0.93), goal ≥ 0.95x: 4.2 % short" */
export function missedSentence({ row, figure, ours, ratio, shortBy }: Verdict): string {
  const goal = figure.goal!;
  const found = goal.on === "ratio" ? words.ratioSpread(ratio!) : words.value(ours.median, figure.unit);
  if (goal.limit === 0) return `${row} ${figure.name}: ${found}, and there must be none`;
  const distance = `${words.percent(shortBy)} ${figure.better === "higher" ? "short" : "over"}`;
  return `${row} ${figure.name}: ${found}, goal ${words.goal(goal, figure)}: ${distance}`;
}

/** The machine in general words. */
export function machineSentence({
  cores,
  memoryGiB,
  processor,
  isVirtual,
  kernel,
  versions,
}: Machine): string {
  const kind = isVirtual ? "virtual machine" : "machine";
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `A ${kind} with ${cores} cores (${processor}) and ${memoryGiB} GiB of memory, ${kernel}; ${programs.join(", ")}`;
}

/** What else went on while a row ran; undefined where it was too little to matter. */
export function disturbanceSentence({ disturbance }: RowResult): string | undefined {
  const { othersCores, stolenCores } = disturbance;
  if (othersCores + stolenCores < disturbedCores) return undefined;
  return `Disturbed: meanwhile other programs used ${othersCores.toFixed(2)} cores, and the host took ${stolenCores.toFixed(2)}. Measure again on a machine that is left alone.`;
}
