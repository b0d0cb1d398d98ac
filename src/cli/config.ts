import type { Command } from "commander";
import { formatAddress } from "../base/address.ts";
import type { ConfigReading } from "../node/config.ts";
import { ConfigError } from "../node/config-error.ts";
import { colorsFor, write } from "./output.ts";

/** `addOptions` adds the settings' flags, where this command is the one that is asked for. */
export function addConfigCommand(program: Command, addOptions: (command: Command) => Command): void {
  const config = addOptions(program.command("config"))
    .description("Print every setting of a node, with its value and where that comes from")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  KVORUM_TIMEOUT=60 kvorum config --config kvorum.yaml")
    .action((options: { json?: true }, command: Command) => print(command, options.json === true));
  addOptions(config.command("check"))
    .description("Say everything that is wrong with a configuration, without starting a node")
    .addHelpText("after", "\nExample:\n  kvorum config check --memory --config kvorum.yaml")
    .action((_options: unknown, command: Command) => check(command));
}

async function read(command: Command): Promise<ConfigReading> {
  const { readConfigOf } = await import("./setting-options.ts");
  return readConfigOf(command);
}

async function print(command: Command, asJson: boolean): Promise<void> {
  const { settings, refusals } = await read(command);
  const { stdout, stderr } = process;
  if (asJson) {
    const values = settings.map(({ name, value, source }) => [name, { value, source }]);
    await write(stdout, `${JSON.stringify(Object.fromEntries(values), undefined, 2)}\n`);
    return;
  }
  await write(stdout, await tableOf(settings));
  for (const refusal of refusals) await write(stderr, `kvorum start would refuse this: ${refusal}\n`);
}

async function tableOf(settings: ConfigReading["settings"]): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const table = new Table({
    chars: noLines,
    style: { "padding-left": 0, "padding-right": 2, compact: true },
  });
  table.push(["SETTING", "VALUE", "SOURCE"].map(colorsFor(process.stdout).bold));
  for (const { name, value, source } of settings)
    table.push([name, value === "" ? "(none)" : String(value), source]);
  return `${table.toString().replace(/ +$/gm, "")}\n`;
}

/** Columns without lines between them: to be read, and to be cut by other programs. */
const noLines = Object.fromEntries(
  ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
    .concat(["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"])
    .map((place) => [place, ""]),
);

async function check(command: Command): Promise<void> {
  const { config, refusals } = await read(command);
  if (refusals.length > 0) throw new ConfigError(refusals);
  const address = formatAddress(config);
  await write(process.stdout, `the configuration is right: node ${config.id} would listen on ${address}\n`);
}
