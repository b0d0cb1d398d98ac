import { KvorumError } from "../../src/base/errors.ts";
import { type Catch, type HuntOptions, hunt } from "./hunt.ts";
import { mutants } from "./index.ts";
import type { Mutant } from "./mutant.ts";

export interface MutantsOptions extends HuntOptions {
  /** Of the bugs; none: all. */
  readonly names: readonly string[];
  readonly print: (line: string) => void;
}

interface Row {
  readonly mutant: Mutant;
  readonly found: Catch | undefined;
}

/**
 * Plants one bug after the other, and runs with each of them the seeds that are run without. Tells who found it, and after
 * how many seeds. Resolves with true where none escaped.
 */
export async function runMutants(options: MutantsOptions): Promise<boolean> {
  const { print } = options;
  const rows: Row[] = [];
  for (const mutant of named(options.names)) {
    const row = { mutant, found: await hunt(mutant, options) };
    rows.push(row);
    print(describe(row, options.most));
  }
  print("");
  for (const line of table(rows)) print(line);
  print(`\n${sum(rows)}`);
  return rows.every(({ found }) => found !== undefined);
}

function named(names: readonly string[]): readonly Mutant[] {
  if (names.length === 0) return mutants;
  return names.map((name) => {
    const mutant = mutants.find((one) => one.name === name);
    const known = mutants.map((one) => one.name).join(", ");
    if (mutant === undefined) throw new KvorumError("ERR", `${name} is no planted bug; there are ${known}`);
    return mutant;
  });
}

function describe({ mutant, found }: Row, most: number): string {
  const { name, bug, rule } = mutant;
  const head = `${found === undefined ? "✗" : "✓"} ${name}: ${bug}\n    breaks: ${rule}`;
  if (found === undefined) return `${head}\n    has escaped: ${most} seeds found nothing`;
  const [line] = found.text.split("\n");
  return `${head}\n    ${found.checkers[0]}, seed by seed ${found.seeds}: ${line!.slice(0, lineMax)}`;
}

/** Of what a checker says, for an overview. */
const lineMax = 200;
/** More of them say the same. */
const checkersMax = 3;

/** In Markdown. */
function table(rows: readonly Row[]): string[] {
  const cells = rows.map(({ mutant: { name, point }, found }) => [
    name,
    point === undefined ? "" : String(point),
    found === undefined ? "escaped" : found.checkers.slice(0, checkersMax).join(", "),
    found === undefined ? "" : String(found.seeds),
  ]);
  const all = [["bug", "point", "caught by", "seeds"], ...cells];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const [head, ...body] = all.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`,
  );
  return [head!, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body];
}

function sum(rows: readonly Row[]): string {
  const seeds = rows.flatMap(({ found }) => (found === undefined ? [] : [found.seeds]));
  const median = seeds.toSorted((a, b) => a - b)[seeds.length >> 1];
  const escaped = rows.filter(({ found }) => found === undefined).map(({ mutant }) => mutant.name);
  return `${seeds.length} of ${rows.length} planted bugs caught${median === undefined ? "" : `, after ${median} seeds in the median`}\
${escaped.length > 0 ? `; escaped: ${escaped.join(", ")}` : ""}`;
}
