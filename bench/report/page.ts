import type { Chart, Results, RowResult } from "../results.ts";
import { judge, type Verdict, verdictsOf } from "../verdict.ts";
import { words } from "../words.ts";
import { scripts, styles } from "./assets.ts";
import { goalPlot } from "./goal-plot.ts";
import { type Html, html, jsonForScript } from "./html.ts";
import {
  disturbanceSentence,
  machineSentence,
  marks,
  missedSentence,
  quickSentence,
  summarySentence,
} from "./sentences.ts";

/** The report as one page that needs no other file and no network. */
export function page(results: Results): string {
  const verdicts = verdictsOf(results.rows);
  const charts = results.rows.flatMap((row) => row.charts);
  let chartsBefore = 0;
  const sections = results.rows.map((row) => {
    const section = rowSection(row, chartsBefore);
    chartsBefore += row.charts.length;
    return section;
  });
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>kvorum: measured side by side</title>
<style>${styles()}</style>
</head>
<body>
<main>
${header(results, verdicts)}
${goals(verdicts)}
${sections}
${method()}
</main>
<script type="application/json" id="charts">${jsonForScript(charts)}</script>
<script>${scripts()}</script>
</body>
</html>
`.text;
}

function header(results: Results, verdicts: readonly Verdict[]): Html {
  const missed = verdicts.filter(({ outcome }) => outcome === "missed");
  return html`<header>
<p class="name">kvorum <span class="version">${results.machine.versions.kvorum}</span></p>
<h1>${summarySentence(verdicts)}</h1>
${results.isQuick ? html`<p class="quick">${quickSentence}</p>` : []}
${missed.length === 0 ? [] : html`<ul class="missed">${missed.map((verdict) => html`<li>${missedSentence(verdict)}</li>`)}</ul>`}
<p class="machine">${machineSentence(results.machine)}. Started ${results.startedAt.slice(0, 16).replace("T", " ")} UTC.</p>
<p class="legend"><span class="key ours"></span>kvorum <span class="key peer"></span>peer, measured in turns on the same core</p>
</header>`;
}

function goals(verdicts: readonly Verdict[]): Html {
  const judged = verdicts.filter(({ outcome }) => outcome !== "no goal");
  return html`<section>
<h2>Goals</h2>
<p>The shaded side of each bar is the goal's. The dot is the median of the pairs, the line its spread, the ring the peer.</p>
<div class="wide"><table>
<thead><tr><th>Row</th><th>Figure</th><th class="number">kvorum</th><th class="number">Peer</th><th></th><th class="number">Ratio</th><th class="number">Goal</th><th></th></tr></thead>
<tbody>${judged.map(goalLine)}</tbody>
</table></div>
</section>`;
}

function goalLine(verdict: Verdict, index: number, all: readonly Verdict[]): Html {
  const { row, figure, outcome } = verdict;
  const isFirst = all[index - 1]?.row !== row;
  return html`<tr class="${isFirst ? "first" : ""}"><th scope="row">${isFirst ? html`<a href="#${row}">${row}</a>` : ""}</th><td>${figure.name}</td>
${numbers(verdict, html`<td>${goalPlot(verdict)}</td>`)}<td class="number">${words.goal(figure.goal!, figure)}</td><td class="outcome ${outcome}">${marks[outcome]}</td></tr>`;
}

function numbers({ figure, ours, peer, ratio }: Verdict, between: Html | readonly Html[]): Html {
  return html`<td class="number">${words.value(ours.median, figure.unit)}</td><td class="number">${peer === undefined ? "" : words.value(peer.median, figure.unit)}</td>${between}<td class="number">${ratio === undefined ? "" : words.ratioSpread(ratio)}</td>`;
}

function rowSection(row: RowResult, chartsBefore: number): Html {
  const barCharts = row.charts.filter(({ kind }) => kind === "bars").length;
  return html`<section id="${row.name}">
<h2>${row.name}</h2>
<p>${row.work}. Peer: ${row.peer}.</p>
<div class="charts">${row.charts.map((chart, i) => figure(chart, chartsBefore + i, barCharts))}</div>
${remarksOf(row).map((remark) => html`<p class="remark">${remark}</p>`)}
<details><summary>All figures</summary>${allFigures(row)}</details>
<details><summary>Commands</summary><pre>${row.commands.join("\n")}</pre></details>
</section>`;
}

function remarksOf(row: RowResult): string[] {
  return [...(row.remarks ?? []), disturbanceSentence(row) ?? []].flat();
}

function figure(chart: Chart, index: number, barCharts: number): Html {
  const { kind, title, unit } = chart;
  const size = kind === "bars" && chart.groups.length > 2 ? "many" : "few";
  return html`<figure class="${kind} of-${barCharts} ${size}"><figcaption>${title} <span class="unit">${unit}</span></figcaption><div data-chart="${index}"></div></figure>`;
}

function allFigures(row: RowResult): Html {
  const lines = row.figures.map((each) => judge(row.name, each));
  return html`<div class="wide"><table>
<thead><tr><th>Figure</th><th class="number">kvorum</th><th class="number">Peer</th><th class="number">Ratio</th></tr></thead>
<tbody>${lines.map((verdict) => html`<tr><th scope="row">${verdict.figure.name}</th>${numbers(verdict, [])}</tr>`)}</tbody>
</table></div>`;
}

function method(): Html {
  return html`<section>
<h2>How it was measured</h2>
<p>Both servers run on the same core, the load generator on another one. Runs alternate, A B A B …, after both servers were warmed up; a ratio is taken within each pair, and the median of the ratios is quoted with the least and the greatest. CPU is the user and system time of all processes and threads of a server, over the operations done.</p>
</section>`;
}
