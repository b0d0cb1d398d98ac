import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Patch } from "./mutant.ts";

const built = join(import.meta.dirname, "../..");

/** A copy of what was built, with a bug in it: production itself has no switch for it. Gone when it is disposed of. */
export class Planted {
  readonly folder: string;

  /** `rooms` of the built sources, and of the built folder itself where they say so: "src/raft", "sim". */
  constructor(patch: Patch, rooms: readonly string[] = ["src", "sim"]) {
    this.folder = mkdtempSync(join(tmpdir(), "kvorum-mutant-"));
    try {
      for (const room of rooms)
        cpSync(join(built, room), join(this.folder, room), { recursive: true, filter: isCode });
      writeFileSync(join(this.folder, "package.json"), '{"type":"module"}');
      symlinkSync(join(built, "../node_modules"), join(this.folder, "node_modules"));
      patchFile(this.pathOf(patch.file), patch);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Of a built source: "raft/raft.js". */
  pathOf(file: string): string {
    return join(this.folder, "src", file);
  }

  /** The script of a thread that runs seeds on the copy. */
  get seedWorker(): string {
    return join(this.folder, "sim/run/seed-worker.js");
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

function isCode(path: string): boolean {
  return !/\.(?:d\.ts|map|test\.js)$/.test(path);
}

function patchFile(path: string, { file, right, wrong }: Patch): void {
  const source = readFileSync(path, "utf8");
  assert.equal(source.split(right).length - 1, 1, `the bug finds its place in ${file} once: ${right}`);
  writeFileSync(
    path,
    source.replace(right, () => wrong),
  );
}
