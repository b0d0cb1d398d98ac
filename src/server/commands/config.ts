import { Glob } from "../../base/glob.ts";
import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import type { Settings } from "../settings.ts";
import { type Parameter, parameterNamed, parameters } from "./config-parameters.ts";
import { syntaxError } from "./reading.ts";

/** CONFIG. */
export const configHandlers: Readonly<Record<string, LocalHandler>> = {
  "config|get": get,
  "config|set": set,
  "config|resetstat": resetStat,
  "config|rewrite": ({ out }) => out.error("ERR The server is running without a config file"),
};

/** CONFIG GET parameter-or-pattern …, in any case. */
function get({ out, server }: Connection, args: Arguments): void {
  if (args.count - 2 > limits.configPatternsMax) {
    out.error(`TOO_LARGE at most ${limits.configPatternsMax} parameters are asked for at once`);
    return;
  }
  const found = new Map<Parameter, string>();
  for (let i = 2; i < args.count; i++) {
    for (const [parameter, shownName] of matches(args, i)) {
      if (!found.has(parameter)) found.set(parameter, shownName);
    }
  }
  out.map(found.size);
  for (const [parameter, shownName] of found) {
    out.bulkText(shownName);
    out.bulkText(parameter.read(server));
  }
}

/** A name that is no pattern is shown as it was asked for. */
function matches(args: Arguments, index: number): [Parameter, string][] {
  if (args.lengthOf(index) > limits.configPatternBytesMax) return [];
  const text = args.text(index);
  if (!/[[*?]/.test(text)) {
    const parameter = parameterNamed(text);
    return parameter === undefined ? [] : [[parameter, text]];
  }
  const glob = new Glob(Buffer.from(text.toLowerCase(), "latin1"));
  return parameters
    .filter(({ name }) => glob.matches(Buffer.from(name, "latin1"), 0, name.length))
    .map((parameter) => [parameter, parameter.name]);
}

/** CONFIG SET parameter value …: all of them, or none. */
function set({ out, server }: Connection, args: Arguments): void {
  const changes = args.count % 2 === 0 ? readChanges(args, server.settings) : syntaxError;
  if (typeof changes === "string") {
    out.error(changes);
    return;
  }
  for (const change of changes) change();
  out.ok();
}

/** What puts the values in force, or what is wrong with the first wrong one. */
function readChanges(args: Arguments, settings: Settings): (() => void)[] | string {
  const wanted: Parameter[] = [];
  for (let i = 2; i < args.count; i += 2) {
    const name = args.text(i).slice(0, 128);
    const parameter = parameterNamed(name);
    if (parameter === undefined) {
      return `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
    }
    if (parameter.change === undefined) return failure(name, "can't set immutable config");
    if (wanted.includes(parameter)) return failure(name, "duplicate parameter");
    wanted.push(parameter);
  }
  const changes: (() => void)[] = [];
  for (const [i, parameter] of wanted.entries()) {
    const change = parameter.change!(args.text(3 + 2 * i), settings);
    if (typeof change === "string") return failure(parameter.name, change);
    changes.push(change);
  }
  return changes;
}

function failure(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

function resetStat({ out, server }: Connection): void {
  server.resetStats();
  server.loop.reset();
  out.ok();
}
