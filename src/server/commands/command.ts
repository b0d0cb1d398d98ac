import { Glob, patternTooLong } from "../../base/glob.ts";
import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import { ReplyWriter } from "../../protocol/reply-writer.ts";
import { categoriesOf } from "../../protocol/spec/categories.ts";
import { type KeySpec, keyPositions, keySpecsOf } from "../../protocol/spec/keys.ts";
import type { Command, KeyUse } from "../../protocol/spec/row.ts";
import { numberArguments } from "../../protocol/spec/session.ts";
import { arityFits, commandNamed, commands, topCommands } from "../../protocol/spec/table.ts";
import { writeDocs, writeInfo, writeWords } from "./command-reply.ts";
import { writeHelp } from "./help.ts";

type Handler = (out: ReplyWriter, args: Arguments) => void;

/** The COMMAND family by full names. It knows nothing but the table. */
export const commandHandlers: Readonly<Record<string, Handler>> = {
  command: (out) => writeInfos(out, topCommands),
  "command|count": (out) => out.integer(topCommands.length),
  "command|docs": commandDocs,
  "command|getkeys": commandGetKeys,
  "command|getkeysandflags": commandGetKeysAndFlags,
  "command|help": (out) => writeHelp(out, commandNamed("command")!),
  "command|info": commandInfo,
  "command|list": commandList,
};

const writeInfoKept = keepReplies(writeInfo);
const writeDocsKept = keepReplies(writeDocs);

/**
 * Keeps what `write` makes of each command, once for each protocol: clients ask for everything when they
 * start, and a thousand descriptions of CLIENT are then only copied.
 */
function keepReplies(write: (out: ReplyWriter, command: Command) => void): typeof write {
  const kept = new Map<number, Buffer>();
  return (out, command) => {
    const key = command.id * 2 + (out.protocol - 2);
    let reply = kept.get(key);
    if (reply === undefined) {
      reply = draftReply(out.protocol, (draft) => write(draft, command));
      kept.set(key, reply);
    }
    out.raw(reply);
  };
}

function draftReply(protocol: number, write: (draft: ReplyWriter) => void): Buffer {
  const draft = new ReplyWriter();
  draft.protocol = protocol;
  write(draft);
  return Buffer.from(draft.buffer.subarray(0, draft.length));
}

/** Behind "COMMAND INFO". */
const firstName = 2;

function commandInfo(out: ReplyWriter, args: Arguments): void {
  if (hasTooManyNames(out, args)) return;
  writeInfos(out, args.count === firstName ? topCommands : namedCommands(args));
}

function writeInfos(out: ReplyWriter, list: readonly (Command | undefined)[]): void {
  out.array(list.length);
  for (const command of list) {
    if (command === undefined) out.null();
    else writeInfoKept(out, command);
  }
}

function commandDocs(out: ReplyWriter, args: Arguments): void {
  if (hasTooManyNames(out, args)) return;
  const found = args.count === firstName ? topCommands : namedCommands(args).filter((c) => c !== undefined);
  out.map(found.length);
  for (const command of found) writeDocsKept(out, command);
}

function namedCommands(args: Arguments): (Command | undefined)[] {
  const found: (Command | undefined)[] = [];
  for (let i = firstName; i < args.count; i++) found.push(commandNamed(args.text(i).toLowerCase()));
  return found;
}

function hasTooManyNames(out: ReplyWriter, args: Arguments): boolean {
  if (args.count - firstName <= limits.commandNamesMax) return false;
  out.error(`TOO_LARGE at most ${limits.commandNamesMax} commands are described at once`);
  return true;
}

/** COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]. Subcommands are in it. */
function commandList(out: ReplyWriter, args: Arguments): void {
  const found = args.count === firstName ? commands : filteredCommands(args);
  if (typeof found === "string") {
    out.error(found);
    return;
  }
  out.array(found.length);
  for (const { fullName } of found) out.bulkText(fullName);
}

/** Else the error. */
function filteredCommands(args: Arguments): readonly Command[] | string {
  if (args.count !== 5 || !args.is(2, "filterby")) return "ERR syntax error";
  if (args.lengthOf(4) > limits.patternBytesMax) return patternTooLong;
  const wanted = args.text(4).toLowerCase();
  if (args.is(3, "module")) return [];
  if (args.is(3, "aclcat")) return commands.filter((command) => categoriesOf(command).includes(wanted));
  if (!args.is(3, "pattern")) return "ERR syntax error";
  const glob = new Glob(Buffer.from(wanted, "latin1"));
  return commands.filter(({ fullName }) => {
    return glob.matches(Buffer.from(fullName, "latin1"), 0, fullName.length);
  });
}

function commandGetKeys(out: ReplyWriter, args: Arguments): void {
  writeKeys(out, args, false);
}

function commandGetKeysAndFlags(out: ReplyWriter, args: Arguments): void {
  writeKeys(out, args, true);
}

/** Writes the keys of the command that stands behind "COMMAND GETKEYS". */
function writeKeys(out: ReplyWriter, args: Arguments, withUse: boolean): void {
  const isNumbered = innerCommand(args, firstName)?.fullName === "session|id";
  const first = firstName + (isNumbered && args.count > firstName + numberArguments ? numberArguments : 0);
  const specs = keySpecsIn(args, first);
  if (typeof specs === "string") {
    out.error(specs);
    return;
  }
  const found = specs.map((spec) => keyPositions(spec, args.count - first));
  out.array(found.reduce((sum, positions) => sum + positions.length, 0));
  found.forEach((positions, i) => {
    const words = useIn(args, first, specs[i]!).split(" ");
    const use = draftReply(out.protocol, (draft) => writeWords(draft, words));
    for (const position of positions) {
      const at = first + position;
      if (withUse) out.array(2);
      out.bulk(args.bytes, args.start[at]!, args.end[at]!);
      if (withUse) out.raw(use);
    }
  });
}

/** `first` is where the command's name stands. */
function keySpecsIn(args: Arguments, first: number): readonly KeySpec[] | string {
  const command = innerCommand(args, first);
  if (command === undefined) return "ERR Invalid command specified";
  if (command.firstKey === 0) return "ERR The command has no key arguments";
  if (arityFits(command, args.count - first)) return keySpecsOf(command);
  return "ERR Invalid number of arguments specified for command";
}

function innerCommand(args: Arguments, first: number): Command | undefined {
  const top = commandNamed(args.text(first).toLowerCase());
  if (top === undefined || top.children.length === 0 || args.count === first + 1) return top;
  return top.children.find((child) => args.is(first + 1, child.name));
}

/** SET looks at what was there only where GET, IFEQ or IFREV asks for it. */
function useIn(args: Arguments, first: number, { use }: KeySpec): KeyUse {
  if (use !== "RW access update variable_flags") return use;
  for (let i = first + 3; i < args.count; i++) {
    if (args.is(i, "get") || args.is(i, "ifeq") || args.is(i, "ifrev")) return "RW access update";
  }
  return "OW update";
}
