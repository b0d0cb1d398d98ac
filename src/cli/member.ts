import { setTimeout } from "node:timers/promises";
import { type Command, Option } from "commander";
import { parseAddress } from "../base/address.ts";
import { KvorumError } from "../base/errors.ts";
import { nodeIdExpected, nodeIdPattern } from "../base/node-id.ts";
import { clusterStatus, type MemberStatus } from "./cluster-status.ts";
import { UsageError } from "./failure.ts";
import { callLeader } from "./leader.ts";
import { colorsFor, write } from "./output.ts";
import { type Progress, progressBar } from "./progress.ts";
import { columns, lagText } from "./status-text.ts";
import { addServerOptions, type Target, targetOf } from "./target.ts";

type Options = Readonly<Record<string, unknown>>;

export function addMemberCommand(program: Command): void {
  const member = program
    .command("member")
    .description("Members of a cluster: list, add, remove, promote")
    .addHelpText("after", "\nExample:\n  kvorum member list -c 127.0.0.1:6379");
  addServerOptions(member.command("list"))
    .description("List the members as any node knows them")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  kvorum member list")
    .action(list);
  addServerOptions(member.command("add <id> <host:port>"))
    .description(
      "Announce a member, with the address where its clients will connect; then start it with --join",
    )
    .option("--learner", "it never votes: an asynchronous read replica")
    .addHelpText("after", addHelp)
    .action(add);
  addServerOptions(member.command("remove <id>"))
    .description("Remove a member for good; a leader hands over first")
    .addHelpText("after", removeHelp)
    .action(remove);
  addServerOptions(member.command("promote <id>"))
    .description("Make a learner a voter, once it has caught up")
    .addOption(new Option("--wait <SECONDS>", "how long to wait until it has").default("60", "60"))
    .addHelpText("after", "\nExample:\n  kvorum member promote n4")
    .action(promote);
}

const addHelp = `
A node may also come unannounced: whoever knows the cluster's secret may join. What is announced has its
place in the list of members from now on, and its id is for whoever comes first with it.

Example:
  kvorum member add n4 127.0.0.1:6382
  kvorum start --id n4 --listen 127.0.0.1:6382 --join 127.0.0.1:6379`;

const removeHelp = `
Remove one member after the other, and stop each when it is removed: it says so and ends by itself when it
hears of it. Its data directory is of no use to any cluster then.

Example:
  kvorum member remove n3`;

export function addTransferCommand(program: Command): void {
  addServerOptions(program.command("transfer [id]"))
    .description("Hand the lead over to another voter, before the leader is stopped")
    .addHelpText(
      "after",
      "\nWithout an id: to the voter that has most of the log.\n\nExample:\n  kvorum transfer n2",
    )
    .action(transfer);
}

async function list(options: Options): Promise<void> {
  const { members, leader } = await clusterStatus(targetOf(options));
  if (options.json === true) {
    const shown = members.map(({ id, kind, address, isAwaited }) => ({ id, kind, address, isAwaited }));
    await write(process.stdout, `${JSON.stringify(shown)}\n`);
    return;
  }
  const rows = members.map((member) => [
    member.id,
    member.kind,
    member.address || "?",
    remark(member, leader),
  ]);
  const [title, ...lines] = columns([["MEMBER", "KIND", "CLIENTS", ""], ...rows]);
  const dim = colorsFor(process.stdout).dim(title!.trimEnd());
  await write(process.stdout, `${[dim, ...lines.map((line) => line.trimEnd())].join("\n")}\n`);
}

function remark({ id, isAwaited, problem }: MemberStatus, leader: string): string {
  if (id === leader) return "leads";
  if (isAwaited) return "announced, has still to come";
  return problem === undefined ? "" : "cannot be reached";
}

async function add(id: string, address: string, options: Options): Promise<void> {
  const target = targetOf(options);
  checkId(id);
  if (parseAddress(address) === undefined)
    throw new UsageError(
      `expected where its clients will connect, as HOST:PORT, got ${JSON.stringify(address)}`,
    );
  const isLearner = options.learner === true;
  await callLeader(target, ["KVORUM", "ADD", id, address, ...(isLearner ? ["LEARNER"] : [])]);
  const flag = isLearner ? "--replica-of" : "--join";
  const at = target.addresses[0]!;
  await say(
    `${id} is announced as a ${isLearner ? "learner" : "voter, once it has caught up"}\n` +
      `start it with: kvorum start --id ${id} --listen ${address} ${flag} ${at.host}:${at.port}`,
  );
}

async function remove(id: string, options: Options): Promise<void> {
  checkId(id);
  await callLeader(targetOf(options), ["KVORUM", "REMOVE", id]);
  await say(`${id} is no member any more; it ends by itself when it hears of it`);
}

async function promote(id: string, options: Options): Promise<void> {
  checkId(id);
  const target = targetOf(options);
  const seconds = Number(options.wait);
  if (!/^\d+$/.test(String(options.wait)))
    throw new UsageError(`--wait: expected seconds, got ${JSON.stringify(options.wait)}`);
  const bar = await progressBar(`${id} catches up`);
  const isOver = new AbortController();
  const shown = showLag(target, id, bar, isOver.signal);
  try {
    await callLeader(target, ["KVORUM", "PROMOTE", id], seconds * 1000);
  } catch (error) {
    const lag = error instanceof KvorumError ? await lagOf(target, id) : undefined;
    if (lag === undefined || lag.entries === 0) throw error;
    throw new KvorumError(
      "ERR",
      `${id} is no voter yet: it lags by ${lagText(lag)}; try again, or --wait longer`,
    );
  } finally {
    isOver.abort();
    await shown;
    bar.stop();
  }
  await say(`${id} votes from now on`);
}

/** Moves the bar while a member catches up, until it is over. */
async function showLag(target: Target, id: string, bar: Progress, isOver: AbortSignal): Promise<void> {
  if (process.stderr.isTTY !== true) return;
  let behindMax = 0;
  while (!isOver.aborted) {
    const behind = (await lagOf(target, id))?.entries ?? 0;
    behindMax = Math.max(behindMax, behind);
    if (behindMax > 0) bar.update(behindMax - behind, behindMax);
    await setTimeout(lookMs, undefined, { signal: isOver }).catch(() => {});
  }
}

const lookMs = 200;

async function lagOf(target: Target, id: string): Promise<MemberStatus["lag"]> {
  const cluster = await clusterStatus(target).catch(() => undefined);
  return cluster?.members.find((member) => member.id === id)?.lag;
}

async function transfer(id: string | undefined, options: Options): Promise<void> {
  const target = targetOf(options);
  if (id !== undefined) checkId(id);
  await callLeader(target, ["KVORUM", "TRANSFER", ...(id === undefined ? [] : [id])]);
  const { leader } = await clusterStatus(target);
  await say(leader === "" ? "handed over" : `${leader} leads`);
}

function checkId(id: string): void {
  if (!nodeIdPattern.test(id))
    throw new UsageError(`the id of a member is ${nodeIdExpected}, got ${JSON.stringify(id)}`);
}

function say(text: string): Promise<void> {
  return write(process.stdout, `${text}\n`);
}
