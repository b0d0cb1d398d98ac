import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import { KvorumError } from "../base/errors.ts";
import type { SnapshotMeta } from "../log/snapshot-file.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk-system.ts";
import { systemRandom } from "../platform/random.ts";
import { Survivor, type SurvivorFacts } from "../replica/survivor.ts";
import { ownCommand } from "./banner.ts";
import { mustBeThere } from "./data-directory.ts";
import { UsageError } from "./failure.ts";
import { write } from "./output.ts";
import { progressBar } from "./progress.ts";

export function addRecoverCommand(program: Command): void {
  program
    .command("recover")
    .description(
      "Disaster only: make the sole survivor of a cluster, or a learner, the one voter of a new cluster",
    )
    .addOption(
      new Option("--data <DIR>", "the data directory of the survivor, which must not run")
        .env("KVORUM_DATA")
        .makeOptionMandatory(),
    )
    .option("--force-new-cluster", "yes, a new cluster: the members of the old one have no part in it")
    .option("--yes", "do not ask")
    .option("--json", "print what was recovered as JSON")
    .addHelpText("after", help)
    .action(recover);
}

const help = `
As long as a majority of the voters can come back, let them come back: then nothing is lost. Of several
survivors take the one with the highest term, then the highest entry: recover tells both before it asks.

Example:
  kvorum recover --data ./kvorum-data/n2 --force-new-cluster`;

interface RecoverOptions {
  readonly data: string;
  readonly forceNewCluster?: true;
  readonly yes?: true;
  readonly json?: true;
}

async function recover({ data, forceNewCluster, yes, json }: RecoverOptions): Promise<void> {
  if (!forceNewCluster)
    throw new UsageError(
      "recover makes a new cluster, in which the members of the old one have no part: say so with --force-new-cluster",
    );
  await mustBeThere(data);
  const survivor = await open(data);
  try {
    if (!yes) await ask(survivor.facts);
    const bar = await progressBar("recovering");
    const meta = await survivor.found((part) => bar.update(part, 1)).finally(bar.stop);
    await write(
      process.stdout,
      json ? jsonOf(data, survivor.facts, meta) : textOf(data, survivor.facts, meta),
    );
  } finally {
    await survivor.close();
  }
}

async function open(directory: string): Promise<Survivor> {
  const bar = await progressBar("reading");
  return Survivor.open({
    ...{ disk: systemDisk, clock: systemClock, random: systemRandom, directory },
    onProgress: (part) => bar.update(part, 1),
  }).finally(bar.stop);
}

async function ask(facts: SurvivorFacts): Promise<void> {
  await write(process.stderr, lossText(facts));
  if (!process.stdin.isTTY)
    throw new UsageError("nothing was changed: recover asks at a terminal; --yes goes on without");
  const readline = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await readline.question(`Type ${facts.nodeId} to go on: `);
  readline.close();
  if (answer.trim() !== facts.nodeId) throw new KvorumError("ERR", "nothing was changed");
}

/** Spells out what there is, and what may not be. */
function lossText({ nodeId, clusterId, members, index, term, timeMs, keys }: SurvivorFacts): string {
  const voters = members.filter(({ isVoter }) => isVoter).map(({ id }) => id);
  const isVoter = voters.includes(nodeId);
  const learners = members.filter((member) => !member.isVoter).map(({ id }) => id);
  const written = timeMs === 0 ? "" : `, written ${new Date(timeMs).toISOString()}`;
  return `${[
    `${nodeId} is a ${isVoter ? "voter" : "learner"} of cluster ${clusterId}`,
    `  voters ${voters.join(", ")}${learners.length > 0 ? `; learners ${learners.join(", ")}` : ""}`,
    `  it has ${keys} ${keys === 1 ? "key" : "keys"}, up to entry ${index} of term ${term}${written}`,
    isVoter
      ? "LOST is what a majority without it has acknowledged behind that entry."
      : "LOST is whatever the voters have acknowledged behind that entry: they never waited for it.",
    "KEPT is all it has, also what was written last and never acknowledged.",
    `It becomes the only voter of a new cluster. ${othersText(members.length)} can never speak with it again.`,
  ].join("\n")}\n`;
}

function othersText(members: number): string {
  return members > 2 ? `The ${members - 1} others` : "The other one";
}

function textOf(directory: string, { nodeId }: SurvivorFacts, { clusterId, revision }: SnapshotMeta): string {
  const own = `${ownCommand(process.argv[1], process.cwd())} start`;
  return `${[
    `${nodeId} is the only voter of the new cluster ${clusterId}; revisions go on behind ${revision}`,
    `start it: ${own} --data ${directory}${nodeId === "n1" ? "" : ` --id ${nodeId}`} --listen HOST:PORT, as before`,
    "then add nodes to it, with --join and empty directories",
  ].join("\n")}\n`;
}

function jsonOf(directory: string, facts: SurvivorFacts, { clusterId, revision }: SnapshotMeta): string {
  const { members, clusterId: formerClusterId, ...rest } = facts;
  const former = members.map(({ id, isVoter }) => ({ id, isVoter }));
  return `${JSON.stringify({ directory, ...rest, clusterId, revision, formerClusterId, formerMembers: former })}\n`;
}
