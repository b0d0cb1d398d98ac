import { type Command, Option } from "commander";
import { isAboutKeys } from "../client/call.ts";
import { type Reply, ReplyError } from "../protocol/reply.ts";
import { commandNamed } from "../protocol/spec/table.ts";
import { callCluster, openClient } from "./cluster-client.ts";
import { ReportedError, UsageError } from "./failure.ts";
import { dial } from "./line.ts";
import { printer, write } from "./output.ts";
import { visible } from "./print-pretty.ts";
import { refuseStreams } from "./streams.ts";
import { addTargetOptions, type Target, targetOf } from "./target.ts";

interface OneShot {
  readonly name: string;
  readonly args: string;
  /** What stands behind "kvorum" in the example. */
  readonly example: string;
}

/** The commands of the server that are commands of the shell too. All others go through `call`. */
const oneShots: readonly OneShot[] = [
  { name: "get", args: "<key>", example: "get greeting" },
  { name: "set", args: "<key> <value> [options...]", example: "set greeting 'hello world' EX 60" },
  { name: "del", args: "<key...>", example: "del greeting counter" },
  { name: "exists", args: "<key...>", example: "exists greeting" },
  { name: "incr", args: "<key>", example: "incr counter" },
  { name: "expire", args: "<key> <seconds> [options...]", example: "expire greeting 60" },
  { name: "ttl", args: "<key>", example: "ttl greeting" },
  { name: "keys", args: "<pattern>", example: "keys 'user:*'" },
  { name: "ping", args: "[message]", example: "ping" },
  { name: "info", args: "[section...]", example: "info memory" },
];

export function addOneShotCommands(program: Command): void {
  for (const { name, args, example } of oneShots) {
    const row = commandNamed(name);
    const command = program.command(`${name} ${args}`).description(row?.summary ?? name.toUpperCase());
    const syntax =
      row === undefined ? "" : `\nAs in Redis: ${`${name.toUpperCase()} ${row.syntax}`.trim()}\n`;
    addOneShotOptions(command)
      .addHelpText("after", `${syntax}\nExample:\n  kvorum ${example}`)
      .action(async (...given: unknown[]) => {
        const words = given.slice(0, command.registeredArguments.length).flat() as (string | undefined)[];
        await callOnce([name, ...words.filter((word) => word !== undefined)], command.opts());
      });
  }
  addOneShotOptions(program.command("call <command> [args...]"))
    .description("Send any command to a server and print its reply")
    .addHelpText("after", "\nExample:\n  kvorum call CONFIG GET maxmemory")
    .action((name: string, args: string[], options: Record<string, unknown>) =>
      callOnce([name, ...args], options),
    );
}

export function addOneShotOptions(command: Command): Command {
  return addTargetOptions(command)
    .addOption(
      new Option("-t, --timeout <SECONDS>", "give up waiting for the reply after so long; 0: never").default(
        "30",
        "30",
      ),
    )
    .option("--json", "print the reply as JSON");
}

/**
 * Carries out one command and prints its reply. An error reply goes to standard error. What is about keys is carried out by
 * the cluster, whichever of its members are there; anything else by the first server that is reached.
 */
export async function callOnce(
  words: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  refuseStreams(words.map((word) => Buffer.from(word)));
  const target = targetOf(options);
  const timeoutMs = timeoutMsOf(options.timeout);
  const ask = isAboutKeys(words) ? askCluster : askServer;
  const reply = await ask(target, words, timeoutMs);
  if (!(reply instanceof ReplyError)) return printer(options.json === true)(reply);
  await write(process.stderr, `kvorum: ${visible(reply.message)}\n`);
  throw new ReportedError(reply.message);
}

async function askCluster(target: Target, words: readonly string[], timeoutMs: number): Promise<Reply> {
  // The leader was just found to be there; any other node may hang, which takes seconds to find out.
  const client = await openClient(target, { timeoutMs, readFrom: "leader" });
  try {
    return await callCluster(client, words);
  } finally {
    await client.close();
  }
}

async function askServer(target: Target, words: readonly string[], timeoutMs: number): Promise<Reply> {
  const line = await dial(target, { callMs: timeoutMs });
  try {
    return await line.call(words);
  } finally {
    await line.close();
  }
}

function timeoutMsOf(text: unknown): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(String(text)) || seconds > 1_000_000) {
    throw new UsageError(`--timeout: expected seconds, got ${JSON.stringify(text)}`);
  }
  return Math.round(seconds * 1000);
}
