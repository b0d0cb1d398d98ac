import { limits } from "../base/limits.ts";
import { type Reply, ReplyError } from "../protocol/reply.ts";
import { ReportedError } from "./failure.ts";
import { dial, type Line } from "./line.ts";
import { linesOf } from "./lines.ts";
import { type Printer, write } from "./output.ts";
import { refuseStreams } from "./streams.ts";
import type { Target } from "./target.ts";
import { splitLine, upper } from "./words.ts";

/**
 * Carries out the commands of standard input, a line each, and prints their replies in order. Lines are
 * sent without waiting for the replies before them, and each reply is printed as soon as it is there.
 * Error replies stand among the others; at the end they make the exit code 1.
 */
export async function runScript(target: Target, print: Printer): Promise<void> {
  // The loop below throws it; before that, nobody listens.
  process.stdin.on("error", () => {});
  const line = await dial(target, {
    callMs: 0,
    // The next line may be long in coming: the loop below must not wait for it.
    onLost: (error) => void process.stdin.destroy(error),
  });
  const run = new ScriptRun(line, print);
  try {
    for await (const text of linesOf(process.stdin, limits.commandBytesMax)) {
      if (!(await run.line(text))) break;
    }
    await run.finish();
  } finally {
    await line.close();
  }
}

class ScriptRun {
  readonly #server: Line;
  readonly #print: Printer;
  #lineNumber = 0;
  #errors = 0;
  #waiting = 0;
  /** Settles when all replies so far are printed. */
  #printed: Promise<void> = Promise.resolve();

  constructor(server: Line, print: Printer) {
    this.#server = server;
    this.#print = print;
  }

  /** False: the script ends here. */
  async line(bytes: Buffer): Promise<boolean> {
    this.#lineNumber++;
    const words = splitLine(bytes);
    if (words === undefined) {
      this.#errors++;
      await write(process.stderr, `kvorum: line ${this.#lineNumber}: a quote is left open\n`);
      return true;
    }
    if (words.length === 0) return true;
    if (/^(?:QUIT|EXIT)$/.test(upper(words[0]))) return false;
    refuseStreams(words);
    this.#waiting++;
    const reply = this.#server.call(words);
    this.#printed = this.#printed.then(async () => this.#printNext(await reply));
    // Whoever waits for #printed is told too; nobody may be waiting yet.
    this.#printed.catch(() => {});
    reply.catch(() => {});
    if (this.#waiting >= limits.scriptCallsMax) await this.#printed;
    return true;
  }

  async finish(): Promise<void> {
    await this.#printed;
    if (this.#errors > 0) throw new ReportedError(`${this.#errors} commands failed`);
  }

  async #printNext(reply: Reply): Promise<void> {
    this.#waiting--;
    if (reply instanceof ReplyError) this.#errors++;
    await this.#print(reply);
  }
}
