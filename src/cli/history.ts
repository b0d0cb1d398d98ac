import { limits } from "../base/limits.ts";
import type { Files } from "../platform/files.ts";
import { holdsSecret } from "./secrets.ts";

/** The lines typed into the shell, kept in a file that only its owner reads. Passwords are never in it. */
export class History {
  readonly #path: string;
  readonly #files: Files;
  /** False once the file could not be written: the shell goes on without. */
  #isKept = true;

  constructor(path: string, files: Files) {
    this.#path = path;
    this.#files = files;
  }

  /**
   * The lines of earlier sessions, the newest first. Writes the file anew on the way: cut to its bound,
   * and with the right permissions. Throws KvorumError where it cannot be kept.
   */
  load(): string[] {
    const lines = this.#read()
      .split("\n")
      .filter((line) => isWorthKeeping(line))
      .slice(-limits.historyLines);
    try {
      this.#files.writePrivate(this.#path, lines.map((line) => `${line}\n`).join(""));
    } catch (error) {
      this.#isKept = false;
      throw error;
    }
    return lines.reverse();
  }

  add(line: string): void {
    if (!this.#isKept || !isWorthKeeping(line)) return;
    try {
      this.#files.appendPrivate(this.#path, `${line}\n`);
    } catch {
      this.#isKept = false;
    }
  }

  #read(): string {
    try {
      return this.#files.readText(this.#path, limits.historyBytesMax);
    } catch {
      // There is none yet, or it is of no use: it is begun anew.
      return "";
    }
  }
}

export function isWorthKeeping(line: string): boolean {
  return line.trim() !== "" && line.length <= limits.historyLineCharactersMax && !holdsSecret(line);
}
