import { type Command, Option } from "commander";
import { KvorumError } from "../base/errors.ts";
import type { NodeConfig } from "../node/config.ts";
import { ConfigError } from "../node/config-error.ts";
import type { Node } from "../node/node.ts";
import type { Logger } from "../platform/logger.ts";
import { banner, ownCommand } from "./banner.ts";
import { exitCodes } from "./failure.ts";
import { colorsFor, write } from "./output.ts";

/** `addOptions` adds the settings' flags, where this command is the one that is asked for. */
export function addStartCommand(program: Command, addOptions: (command: Command) => Command): void {
  addOptions(program.command("start"))
    .addOption(new Option("--supervised", "says by IPC when it serves, and stops with its parent").hideHelp())
    .description("Run one node")
    .addHelpText(
      "after",
      "\nExamples:\n  kvorum start --data ./data/n1\n  kvorum start --memory --listen 127.0.0.1:7000",
    )
    .action((_options: unknown, command: Command) => start(command));
}

async function start(command: Command): Promise<void> {
  const { readConfigOf } = await import("./setting-options.ts");
  const { config, refusals } = readConfigOf(command);
  if (refusals.length > 0) throw new ConfigError(refusals);
  // Loaded here: the other commands start faster without the node and its logger.
  const { createLogger } = await import("./logger.ts");
  const { startNode } = await import("../node/node.ts");
  const logger = createLogger(config.loglevel, config.id);
  const isSupervised = command.opts().supervised === true && process.send !== undefined;
  const current = new Current(await startNode(config, logger));
  stopOnSignals(current, logger);
  if (isSupervised) stopWithParent(current);
  if (await current.node.ready) {
    if (isSupervised) process.send?.("ready");
    else await greet(current.node, config);
  }
  for (let ending = await current.node.stopped; ending !== undefined; ending = await current.node.stopped) {
    if (!ending.startsAgain) throw new KvorumError("ERR", ending.reason);
    if (current.isUnwanted) break;
    current.node = await startNode(config, logger);
    if (current.isUnwanted) await current.node.stop();
    await current.node.ready;
  }
  logger.info("stopped");
}

/** The node of this process, which may be another one after a while: see Ending.startsAgain. */
class Current {
  node: Node;
  /** It was asked to stop, and no other one is to be started. */
  isUnwanted = false;

  constructor(node: Node) {
    this.node = node;
  }

  stop(): Promise<void> {
    this.isUnwanted = true;
    return this.node.stop();
  }
}

async function greet(node: Node, config: NodeConfig): Promise<void> {
  const program = ownCommand(process.argv[1], process.cwd());
  await write(
    process.stdout,
    banner({ config, address: node.address, pid: process.pid, program }, colorsFor(process.stdout)),
  );
}

/** Of `kvorum cluster`, which nobody could stop any more if it were gone and its nodes were not. */
function stopWithParent(current: Current): void {
  process.once("disconnect", () => void current.stop());
  process.channel?.unref();
}

/** The first signal stops the node in order, the second one ends the process as it is. */
function stopOnSignals(current: Current, logger: Logger): void {
  let isStopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(exitCodes.failed);
      isStopping = true;
      logger.info(`${signal}: answering what was accepted, then stopping; a second signal ends at once`);
      current.stop().catch((error: unknown) => {
        logger.error(`the stop failed: ${String(error)}`);
        process.exit(exitCodes.failed);
      });
    });
  }
}
