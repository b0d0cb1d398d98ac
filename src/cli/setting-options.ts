import { type Command, Option } from "commander";
import { limits } from "../base/limits.ts";
import { type ConfigReading, configFileVariable, readConfig } from "../node/config.ts";
import { settings } from "../node/config-schema.ts";
import { systemFiles } from "../platform/files.ts";

/**
 * The heavy part of `start` and `config`, loaded only for them: zod and yaml take longer to load than
 * the other commands take to run.
 */

/** Gives a command a flag for each setting of a node, and --config. */
export function addSettingOptions(command: Command): Command {
  command.addOption(
    new Option("--config <FILE>", "YAML file with settings; flags and variables go over it").env(
      configFileVariable,
    ),
  );
  for (const { flag, placeholder, help, initial, variable } of settings) {
    const more = [
      placeholder === undefined || initial === "" ? [] : [`default: ${initial}`],
      variable,
    ].flat();
    const usage = placeholder === undefined ? flag : `${flag} <${placeholder}>`;
    command.addOption(new Option(usage, `${help} (${more.join("; ")})`));
  }
  return command;
}

/** Reads the configuration from a command's options, the environment and the file. */
export function readConfigOf(command: Command): ConfigReading {
  const options = command.optsWithGlobals<Record<string, unknown>>();
  const path = options.config;
  const file =
    typeof path === "string" ? { path, text: systemFiles.readText(path, limits.configBytesMax) } : undefined;
  const flags = Object.fromEntries(
    settings.map(({ name, flag }) => [name, options[new Option(flag).attributeName()]]),
  );
  return readConfig({ flags, environment: process.env, file });
}
