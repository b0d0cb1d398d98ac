import type { Interface } from "node:readline";
import type { Colors } from "picocolors/types.js";
import { hintFor } from "./hint.ts";

const eraseToLineEnd = "\x1b[K";

/** Shows the rest of the command's syntax, dimmed, behind the cursor while a line is typed. */
export function showHints(readline: Interface, colors: Colors): void {
  const { stdin, stdout } = process;
  // Before readline sees the key: what it draws next must find a clean line. After it: the new hint.
  const erase = (): void => void (isAtLineEnd(readline) && stdout.write(eraseToLineEnd));
  const draw = (_text: string, key: { name?: string } | undefined): void => {
    if (key?.name === "return" || key?.name === "enter") return;
    const hint = fitting(hintFor(readline.line), stdout.columns - readline.getCursorPos().cols - 1);
    if (hint !== "" && isAtLineEnd(readline)) stdout.write(`${colors.dim(hint)}\x1b[${hint.length}D`);
  };
  stdin.prependListener("keypress", erase);
  stdin.on("keypress", draw);
  readline.once("close", () => {
    stdin.off("keypress", erase);
    stdin.off("keypress", draw);
  });
}

function isAtLineEnd(readline: Interface): boolean {
  return readline.cursor === readline.line.length;
}

function fitting(hint: string, columns: number): string {
  if (hint.length <= columns) return hint;
  return columns < 4 ? "" : `${hint.slice(0, columns - 1)}…`;
}
