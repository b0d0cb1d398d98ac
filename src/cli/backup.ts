import { dirname } from "node:path";
import type { Command } from "commander";
import { KvorumError } from "../base/errors.ts";
import { isCode, removeIfThere, syncFile, withFile } from "../log/calls.ts";
import type { SnapshotMeta } from "../log/snapshot-file.ts";
import { verifySnapshot } from "../log/verify-snapshot.ts";
import type { DiskFile } from "../platform/disk.ts";
import { systemDisk } from "../platform/disk-system.ts";
import { download } from "./download.ts";
import { Interruption } from "./interruption.ts";
import { dial } from "./line.ts";
import { write } from "./output.ts";
import { progressBar, progressNote } from "./progress.ts";
import { addServerOptions, targetOf } from "./target.ts";

export function addBackupCommand(program: Command): void {
  addServerOptions(program.command("backup <file>"))
    .description("Write the state of a running node into a file, and check it from end to end")
    .option("--force", "replace the file where there is one")
    .option("--json", "print what the backup holds as JSON")
    .addHelpText("after", "\nExample:\n  kvorum backup monday.kvorum -c 127.0.0.1:6379")
    .action((file: string, options: Record<string, unknown>) => backup(file, options));
}

async function backup(file: string, options: Readonly<Record<string, unknown>>): Promise<void> {
  const target = targetOf(options);
  const isForced = options.force === true;
  if (!isForced) await refuseExisting(file);
  const line = await dial(target, { callMs: 0 });
  const interruption = new Interruption(() => line.destroy("interrupted: nothing was left behind"));
  try {
    const meta = await writeChecked(file, isForced, interruption, async (out) => {
      const note = progressNote(`${line.address} takes a snapshot`);
      const bar = await progressBar("reading");
      const events = { begun: note.stop, progress: bar.update };
      await download(line, out, events).finally(() => {
        note.stop();
        bar.stop();
      });
      await line.close();
    });
    await write(
      process.stdout,
      options.json === true ? `${JSON.stringify({ file, ...meta })}\n` : textOf(file, meta),
    );
  } finally {
    interruption.stop();
    await line.close();
  }
}

/** A file gets its name only when what is in it was read back and found right. On failure nothing is left of it. */
async function writeChecked(
  file: string,
  isForced: boolean,
  interruption: Interruption,
  fill: (out: DiskFile) => Promise<void>,
): Promise<SnapshotMeta> {
  const partial = `${file}.partial`;
  if (isForced) await removeIfThere(systemDisk, partial);
  const out = await create(partial);
  try {
    await fill(out)
      .then(() => syncFile(out))
      .finally(() => out.close());
    const meta = await check(partial, interruption);
    if (!isForced) await refuseExisting(file);
    await systemDisk.rename(partial, file);
    await systemDisk.syncDirectory(dirname(file));
    return meta;
  } catch (error) {
    await removeIfThere(systemDisk, partial);
    throw error;
  }
}

async function create(partial: string): Promise<DiskFile> {
  try {
    return await systemDisk.open(partial, { mode: "create" });
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
    const reason = "another backup writes it, or one was killed";
    throw new KvorumError("ERR", `${partial} exists: ${reason}; remove it, or replace it with --force`);
  }
}

async function check(path: string, interruption: Interruption): Promise<SnapshotMeta> {
  const bar = await progressBar("checking");
  try {
    return await verifySnapshot(systemDisk, path, (part) => {
      interruption.check();
      bar.update(part, 1);
    });
  } finally {
    bar.stop();
  }
}

async function refuseExisting(file: string): Promise<void> {
  try {
    await withFile(systemDisk, file, { mode: "read" }, async () => {});
  } catch (error) {
    if (isCode(error, "ENOENT")) return;
    throw error;
  }
  throw new KvorumError("ERR", `${file} exists: choose another name, or replace it with --force`);
}

function textOf(file: string, { keys, index, revision }: SnapshotMeta): string {
  const count = keys.reduce((sum, number) => sum + number, 0);
  return `${file}: ${count} keys, up to entry ${index}, revision ${revision}\n`;
}
