import Table from "cli-table3";
import type { Command } from "commander";
import { formatAddress } from "../base/address.ts";
import { ConfigError, type ConfigReading } from "../node/config.ts";
import { colorsFor, write } from "./output.ts";
import { addSettingOptions, readConfigOf } from "./setting-options.ts";

export function addConfigCommand(program: Command): void {
  const config = addSettingOptions(program.command("config"))
    .description("Print every setting of a node, with its value and where that comes from")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  KVORUM_TIMEOUT=60 kvorum config --config kvorum.yaml")
    .action((options: { json?: true }, command: Command) => print(readConfigOf(command), options.json === true));
  addSettingOptions(config.command("check"))
    .description("Say everything that is wrong with a configuration, without starting a node")
    .addHelpText("after", "\nExample:\n  kvorum config check --memory --config kvorum.yaml")
    .action((_options: unknown, command: Command) => check(readConfigOf(command)));
}

async function print({ settings, refusals }: ConfigReading, asJson: boolean): Promise<void> {
  const { stdout, stderr } = process;
  if (asJson) {
    const values = settings.map(({ name, value, source }) => [name, { value, source }]);
    await write(stdout, `${JSON.stringify(Object.fromEntries(values), undefined, 2)}\n`);
    return;
  }
  const colors = colorsFor(stdout);
  const table = new Table({ chars: noLines, style: { "padding-left": 0, "padding-right": 2, compact: true } });
  table.push(["SETTING", "VALUE", "SOURCE"].map(colors.bold));
  for (const { name, value, source } of settings) table.push([name, String(value), source]);
  await write(stdout, `${table.toString().replace(/ +$/gm, "")}\n`);
  for (const refusal of refusals) await write(stderr, `kvorum start would refuse this: ${refusal}\n`);
}

/** Columns without lines between them: to be read, and to be cut by other programs. */
const noLines = Object.fromEntries(
  ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"]
    .concat(["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"])
    .map((place) => [place, ""]),
);

async function check({ config, refusals }: ConfigReading): Promise<void> {
  if (refusals.length > 0) throw new ConfigError(refusals);
  const address = formatAddress(config);
  await write(process.stdout, `the configuration is right: node ${config.id} would listen on ${address}\n`);
}
