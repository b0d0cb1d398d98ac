import type { Interface } from "node:readline";
import type { Colors } from "picocolors/types.js";
import { hintFor } from "./hint.ts";

const eraseToLineEnd = "\x1b[K";

/** Shows the rest of the command's syntax, dimmed, behind the cursor while a line is typed. */
export function showHints(readline: Interface, colors: Colors): void {
  const { stdin, stdout } = process;
  let isDue = false;
  const draw = (): void => {
    isDue = false;
    const hint = fitting(hintFor(readline.line), columnsOf(stdout) - readline.getCursorPos().cols - 1);
    if (hint !== "" && isAtLineEnd(readline)) stdout.write(`${colors.dim(hint)}\x1b[${hint.length}D`);
  };
  // Before readline sees the key, what it writes over must be clean; after it and its completion, which
  // takes a moment, comes the new hint.
  const erase = (): void => {
    if (isAtLineEnd(readline)) stdout.write(eraseToLineEnd);
    if (!isDue) setImmediate(draw);
    isDue = true;
  };
  stdin.prependListener("keypress", erase);
  readline.once("close", () => stdin.off("keypress", erase));
}

function isAtLineEnd(readline: Interface): boolean {
  return readline.cursor === readline.line.length;
}

function fitting(hint: string, columns: number): string {
  if (hint.length <= columns) return hint;
  return columns < 4 ? "" : `${hint.slice(0, columns - 1)}…`;
}

/** A terminal that does not know its width says 0. */
export function columnsOf(stdout: NodeJS.WriteStream): number {
  return stdout.columns > 0 ? stdout.columns : 80;
}
