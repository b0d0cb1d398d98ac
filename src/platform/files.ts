import { appendFileSync, chmodSync, closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { KvorumError } from "../base/errors.ts";

/** Small text files: configuration and history. What must be durable has its own room. */
export interface Files {
  /** Rejects a file of more than `bytesMax`. Throws KvorumError with the reason in words. */
  readText(path: string, bytesMax: number): string;
  /** Writes a file that only its owner can read, whatever was there before. */
  writePrivate(path: string, text: string): void;
  /** Adds to a file that only its owner can read. */
  appendPrivate(path: string, text: string): void;
}

const ownerOnly = 0o600;

export const systemFiles: Files = {
  readText(path, bytesMax) {
    try {
      return readBounded(path, bytesMax);
    } catch (error) {
      throw inWords(`cannot read ${path}`, error);
    }
  },
  writePrivate(path, text) {
    try {
      writeFileSync(path, text, { mode: ownerOnly });
      // The mode above is only for a new file.
      chmodSync(path, ownerOnly);
    } catch (error) {
      throw inWords(`cannot write ${path}`, error);
    }
  },
  appendPrivate(path, text) {
    try {
      appendFileSync(path, text, { mode: ownerOnly });
    } catch (error) {
      throw inWords(`cannot write ${path}`, error);
    }
  },
};

/** Reads without asking for the size first: a pipe or a device has none. */
function readBounded(path: string, bytesMax: number): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got) {
      got = readSync(file, bytes, length, bytes.length - length, null);
    }
    if (length > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(file);
  }
}

function inWords(what: string, error: unknown): KvorumError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new KvorumError("ERR", `${what}: ${reasons[code ?? ""] ?? message}`, { cause: error });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "no right to",
  EPERM: "no right to",
  EISDIR: "it is a directory",
  ENOTDIR: "there is no such file",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};
