import Table from "cli-table3";
import pc from "picocolors";
import type { Results } from "../results.ts";
import { type Verdict, verdictsOf } from "../verdict.ts";
import { words } from "../words.ts";
import { disturbanceSentence, marks, missedSentence, quickSentence, summarySentence } from "./sentences.ts";

const head = ["row", "figure", "kvorum", "peer", "ratio (min–max)", "goal", ""];
const noLines = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, ""]),
  ),
);

/** All figures as a table for the terminal. */
export function table({ rows }: Results): string {
  const lines = new Table({
    head: head.map(pc.bold),
    chars: { ...noLines, middle: " " },
    style: { head: [], border: [] },
    colAligns: ["left", "left", "right", "right", "right", "right", "left"],
  });
  let lastRow = "";
  for (const verdict of verdictsOf(rows)) {
    lines.push(cellsOf(verdict, verdict.row === lastRow ? "" : verdict.row));
    lastRow = verdict.row;
  }
  return lines.toString();
}

function cellsOf({ figure, ours, peer, ratio, outcome }: Verdict, row: string): string[] {
  const mark = marks[outcome];
  return [
    row,
    figure.name,
    words.value(ours.median, figure.unit),
    peer === undefined ? "" : words.value(peer.median, figure.unit),
    ratio === undefined ? "" : words.ratioSpread(ratio),
    figure.goal === undefined ? "" : words.goal(figure.goal, figure),
    outcome === "missed" ? pc.red(mark) : pc.green(mark),
  ];
}

/** How many goals were reached, and each that was not, with the distance. */
export function summary({ rows, isQuick }: Results): string {
  const verdicts = verdictsOf(rows);
  const disturbed = rows.flatMap((row) => {
    const sentence = disturbanceSentence(row);
    return sentence === undefined ? [] : `${row.name}: ${sentence}`;
  });
  const missed = verdicts.filter(({ outcome }) => outcome === "missed").map(missedSentence);
  return [
    "",
    ...(isQuick ? [quickSentence] : []),
    ...disturbed,
    summarySentence(verdicts),
    ...missed.map((sentence) => `  ${sentence}`),
  ].join("\n");
}
