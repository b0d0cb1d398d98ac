import assert from "node:assert/strict";
import { Command } from "commander";
import { createLogger } from "../../src/cli/logger.ts";
import { addSettingOptions, readConfigOf } from "../../src/cli/setting-options.ts";
import { startNode } from "../../src/node/node.ts";
import { systemPlatform } from "../../src/platform/platform.ts";
import { Member } from "../../src/replica/member.ts";
import type { Answer, NodeState, Numbered } from "./orders.ts";
import { WoundedDisk } from "./wounded-disk.ts";

/**
 * One node of a chaos run: what `kvorum start` runs, with a disk and a clock that can be told to be worse. Takes the
 * same flags, and orders from the process that has started it (orders.ts).
 */
const command = addSettingOptions(new Command("node")).exitOverride();
command.parse();
const { config, refusals } = readConfigOf(command);
assert.deepEqual(refusals, []);

const disk = new WoundedDisk(systemPlatform.disk);
let jumpedMs = 0;
const clock = { ...systemPlatform.clock, wallMs: () => systemPlatform.clock.wallMs() + jumpedMs };
const node = await startNode(config, createLogger(config.loglevel, config.id), {
  ...systemPlatform,
  ...{ disk, clock },
});
const { replica } = node;
assert(replica instanceof Member);
const member: Member = replica;

process.on("message", (order: Numbered) => {
  const { number } = order;
  carryOut(order).then(
    () => tell({ number, state: stateOf(order.type === "state" && order.hashes) }),
    (error: unknown) => tell({ number, error: String(error) }),
  );
});
// Whoever has started it is gone: nobody would ever end it.
process.on("disconnect", () => ended("nobody gives orders any more"));
process.on("SIGTERM", () => void node.stop());
// Behind what a start says that was refused, which stops the node as well.
void node.stopped.then((ending) => setImmediate(() => ended(ending?.reason ?? "stopped")));
node.ready.then(
  () => tell({ number: 0, state: stateOf(false) }),
  (error: unknown) => {
    process.stderr.write(`kvorum: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);

async function carryOut(order: Numbered): Promise<void> {
  switch (order.type) {
    case "disk":
      disk.state = order.state;
      return;
    case "clock":
      jumpedMs += order.jumpMs;
      return;
    case "change":
      return member.changeMembers(order.change);
    case "transfer":
      return member.transferLeadership(order.to);
    case "state":
  }
}

function stateOf(hashes: boolean): NodeState | undefined {
  const { status } = member;
  if (status === undefined) return undefined;
  const { role, term, leaderId, configuration } = status;
  const idsOf = (isVoter: boolean) =>
    configuration.members.filter((one) => one.isVoter === isVoter).map(({ id }) => id);
  return {
    ...{
      role,
      term,
      leader: leaderId,
      applied: member.appliedIndex,
      hash: hashes ? member.store.stateHash() : "",
    },
    ...{ voters: idsOf(true), learners: idsOf(false) },
  };
}

function ended(reason: string): void {
  process.stderr.write(`kvorum: ${reason}\n`);
  process.exit(reason === "stopped" ? 0 : 1);
}

function tell(answer: Answer): void {
  if (process.connected) process.send!(answer);
}
