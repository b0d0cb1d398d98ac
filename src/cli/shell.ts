import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import type { Colors } from "picocolors/types.js";
import { limits } from "../base/limits.ts";
import { version } from "../base/version.ts";
import { systemClock } from "../platform/clock.ts";
import { complete } from "./completion.ts";
import { describe } from "./failure.ts";
import { help } from "./help.ts";
import { columnsOf, showHints } from "./hint-line.ts";
import { type History, isWorthKeeping } from "./history.ts";
import { colorsFor, type Printer } from "./output.ts";
import { wantsPassword } from "./refusals.ts";
import { Session } from "./session.ts";
import type { Target } from "./target.ts";
import { splitLine, upper } from "./words.ts";

export interface ShellOptions {
  readonly target: Target;
  readonly print: Printer;
  readonly history: History;
  readonly verbose: boolean;
}

/** A command that took longer than this says how long. */
const slowMs = 500;

/** The interactive shell, for a person at a terminal. Resolves when that person leaves. */
export async function runShell(options: ShellOptions): Promise<void> {
  const shell = new Shell(options);
  await shell.connect();
  await shell.run();
}

class Shell {
  readonly #options: ShellOptions;
  readonly #session: Session;
  readonly #colors: Colors = colorsFor(process.stdout);
  /** Lines that were typed and not carried out yet. */
  readonly #lines: string[] = [];
  #readline!: Interface;
  #isWorking = false;
  #isLeaving = false;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.#session = new Session(options.target, { notice: (text) => this.#notice(text) });
  }

  async connect(): Promise<void> {
    const address = await this.#session.connect().catch((error: unknown) => this.#connectWithPassword(error));
    this.#say(`kvorum ${version}, connected to ${address}. Type help to see what there is, Ctrl-D to leave.`);
  }

  async run(): Promise<void> {
    this.#readline = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      completer: complete,
      history: this.#loadHistory(),
      historySize: limits.historyLines,
      removeHistoryDuplicates: true,
    });
    showHints(this.#readline, this.#colors);
    this.#readline
      .on("line", (line) => this.#typed(line))
      // readline keeps its own list, for the arrow keys.
      .on("history", (lines) => void (isWorthKeeping(lines[0] ?? "") || lines.shift()))
      .on("SIGINT", () => this.#interrupt());
    this.#prompt();
    await new Promise<void>((resolve) => this.#readline.once("close", resolve));
    // Ctrl-D leaves the cursor behind the prompt.
    if (!this.#isLeaving) this.#say("");
    this.#isLeaving = true;
    this.#session.interrupt();
    await this.#session.close();
  }

  async #connectWithPassword(error: unknown): Promise<string> {
    if (!wantsPassword(error) || this.#options.target.password !== undefined) throw error;
    const password = await askSecretly("Password: ");
    if (password === undefined) throw error;
    this.#session.usePassword(password);
    return this.#session.connect();
  }

  #loadHistory(): string[] {
    try {
      return this.#options.history.load();
    } catch (error) {
      this.#notice(`there will be no history: ${(error as Error).message}`);
      return [];
    }
  }

  #typed(line: string): void {
    this.#options.history.add(line);
    this.#lines.push(line);
    // A text pasted by mistake: the terminal keeps the rest until these are carried out.
    if (this.#lines.length >= limits.historyLines) this.#readline.pause();
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
      if (!this.#isLeaving) await this.#carryOut(line).catch((error: unknown) => this.#complain(error));
    }
    this.#isWorking = false;
    this.#prompt();
  }

  async #carryOut(line: string): Promise<void> {
    const words = splitLine(line);
    if (words === undefined) {
      this.#say(this.#colors.red("a quote is left open"));
      return;
    }
    switch (upper(words[0])) {
      case "":
        return;
      case "EXIT":
      case "QUIT":
        this.#isLeaving = true;
        this.#readline.close();
        return;
      case "CLEAR":
        process.stdout.write("\x1b[H\x1b[2J\x1b[3J");
        return;
      case "HELP":
      case "?":
        this.#say(help(words.slice(1).map(String), columnsOf(process.stdout), this.#colors));
        return;
      default:
        await this.#ask(words);
    }
  }

  async #ask(words: readonly Buffer[]): Promise<void> {
    const beganMs = systemClock.monotonicMs();
    const reply = await this.#session.run(words);
    await this.#options.print(reply);
    const tookMs = systemClock.monotonicMs() - beganMs;
    if (tookMs > slowMs) this.#notice(`(${(tookMs / 1000).toFixed(2)} s)`);
  }

  /** Ctrl-C: gives up the command that runs, else the line that is typed, else leaves. */
  #interrupt(): void {
    if (this.#isWorking) {
      this.#lines.length = 0;
      this.#session.interrupt();
    } else if (this.#readline.line === "") {
      this.#readline.close();
    } else {
      this.#readline.write(null, { ctrl: true, name: "e" });
      this.#readline.write(null, { ctrl: true, name: "u" });
    }
  }

  #prompt(): void {
    if (this.#isLeaving) return;
    this.#readline.setPrompt(this.#session.prompt);
    this.#readline.prompt();
  }

  /** What happened unasked. Between commands it takes the prompt's line, which is drawn again below it. */
  #notice(text: string): void {
    const isAtPrompt = this.#readline !== undefined && !this.#isWorking && !this.#isLeaving;
    this.#say(`${isAtPrompt ? "\r\x1b[K" : ""}${this.#colors.dim(text)}`);
    if (!isAtPrompt) return;
    this.#readline.setPrompt(this.#session.prompt);
    this.#readline.prompt(true);
  }

  #complain(error: unknown): void {
    this.#say(this.#colors.red(describe(error, this.#options.verbose).trimEnd()));
  }

  #say(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}

/** Asks for a line that is not shown. Undefined: no answer. */
function askSecretly(question: string): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const readline = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  process.stdout.write(question);
  return new Promise((resolve) => {
    readline.once("line", resolve);
    // After a line this comes too, and changes nothing.
    readline.once("close", () => resolve(undefined));
    readline.once("SIGINT", () => readline.close());
    readline.once("line", () => readline.close());
    readline.once("close", () => process.stdout.write("\n"));
  });
}
