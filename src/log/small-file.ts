import { join } from "node:path";
import { assert } from "../base/assert.ts";
import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { reached } from "../base/reached.ts";
import { crc32 } from "../platform/crc32.ts";
import type { Disk } from "../platform/disk.ts";
import { isCode, removeIfThere, syncFile, withFile, writeTo } from "./calls.ts";
import { newerKvorumWrote } from "./fault.ts";

/** Fields of a small file. It has a format number, so that a later version can tell what it reads. */
export interface SmallFile {
  readonly format: number;
  readonly [field: string]: unknown;
}

/** The text up to the checksum, which is the last field, and the checksum of that text. */
const layout = /^(\{\n.*),\n {2}"crc32": "([0-9a-f]{8})"\n\}\n$/s;

/**
 * Reads a file that `replaceSmallFile` wrote; undefined where there is none. Throws KvorumError where it is
 * damaged, or newer than `format`. Resolves when what was read is on the disk: a process may have died before it
 * had synced the name.
 */
export async function readSmallFile(
  disk: Disk,
  directory: string,
  name: string,
  format: number,
): Promise<SmallFile | undefined> {
  const path = join(directory, name);
  await disk.syncDirectory(directory);
  const text = await readText(disk, path);
  if (text === undefined) return undefined;
  const [, fields, checksum] = layout.exec(text) ?? [];
  if (fields === undefined || checksum !== checksumOf(fields)) {
    reached("small-file-damaged");
    throw new KvorumError("ERR", `${path} is damaged: its checksum is wrong; restore a backup`);
  }
  const value = JSON.parse(`${fields}}`) as SmallFile;
  if (value.format > format) {
    const versions = `format ${value.format}, and this one knows ${format}`;
    throw new KvorumError("ERR", `${newerKvorumWrote(path)} (${versions}): start that one`);
  }
  return value;
}

/** Writes a file in place of the one that was there. Whole, or not at all, and durable when this resolves. */
export async function replaceSmallFile(
  disk: Disk,
  directory: string,
  name: string,
  value: SmallFile,
): Promise<void> {
  const path = join(directory, name);
  const bytes = encode(value);
  assert(bytes.length <= limits.smallFileBytesMax, "a small file");
  await removeIfThere(disk, temporary(path));
  await withFile(disk, temporary(path), { mode: "create" }, async (file) => {
    await writeTo(file, [bytes], 0);
    await syncFile(file);
  });
  await disk.rename(temporary(path), path);
  await disk.syncDirectory(directory);
}

function temporary(path: string): string {
  return `${path}.new`;
}

async function readText(disk: Disk, path: string): Promise<string | undefined> {
  try {
    return await withFile(disk, path, { mode: "read" }, async (file) => {
      const bytes = Buffer.alloc(limits.smallFileBytesMax);
      // Byte for byte: a decoder would let different bytes become the same text.
      return bytes.toString("latin1", 0, await file.read(bytes, 0, bytes.length, 0));
    });
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** JSON that people can read, in ASCII, with the checksum as its last field. */
function encode(value: SmallFile): Buffer {
  const json = JSON.stringify(value, undefined, 2).replace(/[^\x20-\x7e\n]/g, asEscape);
  const fields = json.slice(0, json.lastIndexOf("\n}"));
  return Buffer.from(`${fields},\n  "crc32": "${checksumOf(fields)}"\n}\n`, "latin1");
}

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function checksumOf(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  return crc32(bytes, 0, bytes.length).toString(16).padStart(8, "0");
}
