import { type Command, Option } from "commander";
import { nodeIdExpected, nodeIdPattern } from "../base/node-id.ts";
import { restoreBackup } from "../log/restore.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk-system.ts";
import { systemRandom } from "../platform/random.ts";
import { ownCommand } from "./banner.ts";
import { UsageError } from "./failure.ts";
import { write } from "./output.ts";
import { progressBar } from "./progress.ts";

export function addRestoreCommand(program: Command): void {
  program
    .command("restore <file>")
    .description("Make the data directory of a new cluster's first node out of a backup")
    .addOption(
      new Option("--data <DIR>", "where to put it: an empty directory, or one that is not there yet")
        .env("KVORUM_DATA")
        .makeOptionMandatory(),
    )
    .addOption(new Option("--id <ID>", "name of the node").env("KVORUM_ID").default("n1", "n1"))
    .option("--json", "print what was restored as JSON")
    .addHelpText("after", "\nExample:\n  kvorum restore monday.kvorum --data ./kvorum-data/n1")
    .action(restore);
}

interface RestoreCommandOptions {
  readonly data: string;
  readonly id: string;
  readonly json?: true;
}

async function restore(file: string, { data, id, json }: RestoreCommandOptions): Promise<void> {
  if (!nodeIdPattern.test(id))
    throw new UsageError(`--id: expected ${nodeIdExpected}, got ${JSON.stringify(id)}`);
  const bar = await progressBar("restoring");
  const meta = await restoreBackup({
    disk: systemDisk,
    clock: systemClock,
    random: systemRandom,
    file,
    directory: data,
    nodeId: id,
    onProgress: (part) => bar.update(part, 1),
  }).finally(bar.stop);
  if (json) {
    await write(process.stdout, `${JSON.stringify({ directory: data, nodeId: id, ...meta })}\n`);
    return;
  }
  const keys = meta.keys.reduce((sum, number) => sum + number, 0);
  await write(
    process.stdout,
    `restored ${keys} keys into ${data}, as a new cluster; revisions go on behind ${meta.revision}\n` +
      `start it: ${ownCommand(process.argv[1], process.cwd())} start --data ${data}${id === "n1" ? "" : ` --id ${id}`}\n`,
  );
}
