import { resolve } from "node:path";
import { inspect } from "node:util";

/** What node:test tells about one test, suite or file. */
export interface Outcome {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string;
  readonly skip?: string | boolean;
  readonly details: {
    readonly duration_ms: number;
    readonly type?: "suite";
    readonly error?: Error;
  };
}

type Place = Pick<Outcome, "name" | "nesting" | "file">;

/** What a failed run of a file carries beside its message. */
interface FailureDetails {
  readonly failureType?: string;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
}

/** With a reason that begins so a test may be skipped in every run: see test/programs.ts. */
export const noRight = "nobody may";

/** Of what a file prints, this much is kept for the case that it fails. */
const outputCharactersMax = 8_192;

interface FileState {
  readonly name: string;
  passed: number;
  failed: number;
  skipped: number;
  /** The end of what the file printed and was not shown yet. */
  output: string;
  /** Tests that have not completed, by nesting and name. */
  readonly unfinished: Set<string>;
}

/**
 * Counts what a run of node:test reports and prints it for people: a line for each file, every failure
 * with file, name and error, every skipped test with its reason. Suites are not counted, only the tests
 * in them; a file that crashes, hangs or runs nothing counts as one failure.
 */
export class TestReport {
  /** The name for people of a built file or of its source: node:test speaks of both. */
  readonly #nameOf: (path: string) => string;
  /** Whether a skipped test counts as a failure, unless it is for want of a right. */
  readonly #requireAll: boolean;
  readonly #files: Map<string, FileState> = new Map();
  /** The file being reported; each is reported in one piece. */
  #current: FileState | undefined;
  /** Names of the test being reported and of those around it. */
  #path: string[] = [];
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  constructor(nameOf: (path: string) => string, requireAll: boolean) {
    this.#nameOf = nameOf;
    this.#requireAll = requireAll;
  }

  /** A test waits in its file; it comes long before the test's turn to be reported. */
  enqueued(place: Place): void {
    const state = this.#state(place.file);
    if (!this.#isFile(place, state)) state.unfinished.add(`${place.nesting} ${place.name}`);
  }

  completed(place: Place): void {
    this.#state(place.file).unfinished.delete(`${place.nesting} ${place.name}`);
  }

  /** Reports come in order: what follows, up to the next start of this nesting, lies within this test. */
  started(place: Place): void {
    this.#path.length = place.nesting;
    this.#path.push(place.name);
  }

  /** Words of the runner: errors that came after their test had ended; and sums, which we count ourselves. */
  diagnosed(message: string): void {
    const isSum = /^[a-z_]+ [\d.]+$/.test(message);
    if (!isSum && this.#current !== undefined) keepOutput(this.#current, `${message}\n`);
  }

  printed(file: string, text: string): void {
    keepOutput(this.#state(file), text);
  }

  outcome(outcome: Outcome): void {
    const state = this.#state(outcome.file);
    const error = outcome.details.error;
    this.#enter(state);
    if (this.#isFile(outcome, state)) {
      if (error !== undefined) this.#fail(state, [], whyFileFailed(error, state));
      return;
    }
    const path = [...this.#path.slice(0, outcome.nesting), outcome.name];
    if (error !== undefined) this.#failTest(state, path, error);
    else if (outcome.skip !== undefined) this.#skip(state, path, outcome.skip);
    else if (outcome.details.type !== "suite") {
      state.passed++;
      this.#passed++;
    }
  }

  /** Prints the end of the report. Returns the exit code of the run. */
  finish(files: readonly string[]): number {
    this.#enter(undefined);
    for (const file of files) {
      const state = this.#state(file);
      if (state.failed > 0) continue;
      if (state.passed + state.skipped === 0) this.#fail(state, [], "no test ran in it");
      else if (state.unfinished.size > 0) this.#fail(state, [], `it left early; ${whatHangs(state)}`);
    }
    const skipped = this.#skipped > 0 ? `, ${this.#skipped} skipped` : "";
    console.log(`\n${this.#passed} passed, ${this.#failed} failed${skipped}`);
    return this.#failed > 0 || this.#passed === 0 ? 1 : 0;
  }

  /** Shows that the file before this one is through. */
  #enter(next: FileState | undefined): void {
    const last = this.#current;
    if (next === last) return;
    if (last !== undefined && last.passed > 0 && last.failed === 0)
      console.log(`ok ${last.name} (${last.passed})`);
    this.#current = next;
  }

  /** A test that failed only because of tests inside it is told by those. */
  #failTest(state: FileState, path: readonly string[], error: Error & FailureDetails): void {
    if (error.failureType !== "subtestsFailed") this.#fail(state, path, describe(error));
  }

  #skip(state: FileState, path: readonly string[], skip: string | boolean): void {
    const reason = typeof skip === "string" && skip !== "" ? skip : "no reason given";
    if (this.#requireAll && !reason.startsWith(`${noRight} `)) {
      this.#fail(state, path, `skipped (${reason}), but KVORUM_TESTS_REQUIRE_ALL=1 asks for every test`);
      return;
    }
    state.skipped++;
    this.#skipped++;
    console.log(`SKIPPED ${title(state, path)}: ${reason}`);
  }

  #fail(state: FileState, path: readonly string[], reason: string): void {
    state.failed++;
    this.#failed++;
    console.log(`\nFAILED ${title(state, path)}\n${indent(reason, "    ")}`);
    if (state.output !== "") console.log(`  it printed:\n${indent(state.output.trimEnd(), "  | ")}`);
    state.output = "";
  }

  /** node:test reports a file as a test that bears the file's path. */
  #isFile({ name, nesting }: Place, state: FileState): boolean {
    return nesting === 0 && name.endsWith(".test.js") && this.#nameOf(resolve(name)) === state.name;
  }

  #state(file: string | undefined): FileState {
    const name = this.#nameOf(file ?? "");
    let state = this.#files.get(name);
    if (state === undefined) {
      state = { name, passed: 0, failed: 0, skipped: 0, output: "", unfinished: new Set() };
      this.#files.set(name, state);
    }
    return state;
  }
}

function keepOutput(state: FileState, text: string): void {
  state.output = (state.output + text).slice(-outputCharactersMax);
}

function title(state: FileState, path: readonly string[]): string {
  return [state.name, ...path].join(" › ");
}

function whyFileFailed(error: Error & FailureDetails, state: FileState): string {
  const { failureType, exitCode, signal } = error;
  if (failureType === "testTimeoutFailure") return `${error.message}; ${whatHangs(state)}`;
  if (signal) return `ended by ${signal}`;
  return `ended with exit code ${exitCode ?? "unknown"} through an error outside its tests`;
}

function whatHangs({ unfinished, passed }: FileState): string {
  const names = [...unfinished].map((key) => key.slice(key.indexOf(" ") + 1));
  if (names.length > 0) return `not finished: ${names.join(" · ")}`;
  return passed > 0 ? "its tests are done, but something in it is still open" : "no test was reported";
}

function describe(error: Error): string {
  const cause = error.cause ?? error;
  if (typeof cause === "string") return cause;
  const text = cause instanceof Error ? (cause.stack ?? String(cause)) : inspect(cause);
  return text
    .split("\n")
    .filter((line) => !/^\s+at (?:.*\()?node:/.test(line))
    .join("\n")
    .trimEnd();
}

function indent(text: string, margin: string): string {
  return text.replace(/^/gm, margin);
}
