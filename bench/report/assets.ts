import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Html } from "./html.ts";

/** The page's own style and script are written as such; the compiler leaves them where they are. */
const sources = join(import.meta.dirname, "../../../bench/report");
const uplot = join(createRequire(import.meta.url).resolve("uplot"), "..");

/** Everything the page needs lies in the page: it works from a file, without a network. */
export function styles(): Html {
  return inline(join(uplot, "uPlot.min.css"), join(sources, "page.css"));
}

export function scripts(): Html {
  return inline(join(uplot, "uPlot.iife.min.js"), join(sources, "page.js"));
}

function inline(...paths: readonly string[]): Html {
  return new Html(paths.map((path) => readFileSync(path, "utf8")).join("\n"));
}
