import type { Figure, Goal, Unit } from "./results.ts";
import type { Spread } from "./statistics.ts";

/** How numbers are written, on the terminal and on the page. */
export const words = {
  /** "20 M", "100 k", "512" */
  count(value: number): string {
    if (Math.abs(value) >= 999_500) return `${round(value / 1_000_000)} M`;
    if (Math.abs(value) >= 9_999.5) return `${round(value / 1_000)} k`;
    return String(round(value));
  },

  /** A value with its unit. */
  value(value: number, unit: Unit): string {
    if (unit === "x") return words.ratio(value);
    if (unit === "writes" || unit === "errors") return `${value} ${unit}`;
    return `${unit === "op/s" ? words.count(value) : digits(value)} ${unit}`;
  },

  ratio(value: number): string {
    return `${value.toFixed(2)}x`;
  },

  /** "1.04x (1.01–1.08)" */
  ratioSpread({ median, min, max }: Spread): string {
    return `${words.ratio(median)} (${min.toFixed(2)}–${max.toFixed(2)})`;
  },

  /** "≥ 0.95x", "≤ 120 B/key" */
  goal({ on, limit }: Goal, { better, unit }: Pick<Figure, "better" | "unit">): string {
    const sign = better === "higher" ? "≥" : "≤";
    if (on === "ratio" || unit === "x") return `${sign} ${words.ratio(limit)}`;
    return `${sign} ${words.count(limit)} ${unit}`;
  },

  percent(part: number): string {
    return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`;
  },
} as const;

/** Three digits that count: "1230000", "123", "12.3", "0.120". */
function digits(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

/** The same without zeros that say nothing: for round numbers such as sizes and limits. */
function round(value: number): number {
  return Number(digits(value));
}
