import type { Spread } from "../statistics.ts";
import type { Verdict } from "../verdict.ts";
import { type Html, html } from "./html.ts";

const width = 140;
const height = 22;
const middle = height / 2;
const margin = 6;

/**
 * A goal at one glance, from nothing to twice the goal's scale:
 *
 *     ░░░░░░░░░░░░░░│         the goal's side
 *          ├──●──┤  ○         ours with its spread, and the peer
 *
 * A ratio is shown between 0 and 2, where the peer is always 1; a value between 0 and twice its limit.
 */
export function goalPlot({ figure, ours, peer, ratio, outcome }: Verdict): Html {
  const { on, limit } = figure.goal!;
  const isRatio = on === "ratio";
  const scaleMax = isRatio || limit === 0 ? 2 : 2 * limit;
  const x = (value: number): number => round(margin + Math.min(1, value / scaleMax) * (width - 2 * margin));
  const shown = isRatio ? ratio! : ours;
  const peerValue = isRatio ? 1 : peer?.median;
  const at = x(limit);
  const [from, to] = figure.better === "higher" ? [at, width] : [0, at];
  return html`<svg class="plot ${outcome}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">
<rect class="good" x="${from}" y="0" width="${round(to - from)}" height="${height}"/>
<line class="limit" x1="${at}" x2="${at}" y1="0" y2="${height}"/>
${peerValue === undefined ? [] : peerMark(x(peerValue))}${oursMark(shown, x)}</svg>`;
}

function peerMark(x: number): Html {
  return html`<circle class="peer" cx="${x}" cy="${middle}" r="3.5"/>`;
}

function oursMark({ median, min, max }: Spread, x: (value: number) => number): Html {
  return html`<line class="spread" x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}"/>
<circle class="ours" cx="${x(median)}" cy="${middle}" r="4.5"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
