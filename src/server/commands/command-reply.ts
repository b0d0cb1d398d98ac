import type { ReplyWriter } from "../../protocol/reply-writer.ts";
import { categoriesOf } from "../../protocol/spec/categories.ts";
import { type KeySpec, keySpecsOf } from "../../protocol/spec/keys.ts";
import type { Command } from "../../protocol/spec/row.ts";
import { parseSyntax, type SyntaxArgument } from "../../protocol/spec/syntax.ts";

/**
 * A command as COMMAND INFO shows it, in the shape of Redis 7:
 *
 *     name · arity · flags · first key · last key · step · ACL categories · tips · key specs · subcommands
 *
 * There are no tips: they tell proxies how to spread a command over shards, and here is one.
 */
export function writeInfo(out: ReplyWriter, command: Command): void {
  out.array(10);
  out.bulkText(command.fullName);
  out.integer(command.arity);
  writeWords(out, command.flags);
  out.integer(command.firstKey);
  out.integer(command.lastKey);
  out.integer(command.keyStep);
  writeWords(
    out,
    categoriesOf(command).map((category) => `@${category}`),
  );
  out.set(0);
  const specs = keySpecsOf(command);
  out.set(specs.length);
  for (const spec of specs) writeKeySpec(out, spec);
  if (command.children.length === 0) out.set(0);
  else out.array(command.children.length);
  for (const child of command.children) writeInfo(out, child);
}

/** A set of simple strings. */
export function writeWords(out: ReplyWriter, words: readonly string[]): void {
  out.set(words.length);
  for (const word of words) out.simple(word);
}

function writeKeySpec(out: ReplyWriter, { first, last, step, use }: KeySpec): void {
  out.map(3);
  out.bulkText("flags");
  writeWords(out, use.split(" "));
  out.bulkText("begin_search");
  writeSearch(out, "index", [["index", first]]);
  out.bulkText("find_keys");
  writeSearch(out, "range", [
    ["lastkey", last < 0 ? last : last - first],
    ["keystep", step],
    ["limit", 0],
  ]);
}

function writeSearch(out: ReplyWriter, type: string, spec: readonly (readonly [string, number])[]): void {
  out.map(2);
  out.bulkText("type");
  out.bulkText(type);
  out.bulkText("spec");
  out.map(spec.length);
  for (const [name, value] of spec) {
    out.bulkText(name);
    out.integer(value);
  }
}

/** A command's name and what COMMAND DOCS tells of it: one pair of a map. */
export function writeDocs(out: ReplyWriter, command: Command): void {
  const { fullName, summary, since, group, complexity, children } = command;
  const syntax = parseSyntax(command.syntax);
  out.bulkText(fullName);
  out.map(4 + (syntax.length > 0 ? 1 : 0) + (children.length > 0 ? 1 : 0));
  writePair(out, "summary", summary);
  writePair(out, "since", since);
  writePair(out, "group", group);
  writePair(out, "complexity", complexity);
  if (syntax.length > 0) {
    out.bulkText("arguments");
    new ArgumentWriter(out, keySpecsOf(command).length).writeAll(syntax);
  }
  if (children.length === 0) return;
  out.bulkText("subcommands");
  out.map(children.length);
  for (const child of children) writeDocs(out, child);
}

function writePair(out: ReplyWriter, name: string, value: string): void {
  out.bulkText(name);
  out.bulkText(value);
}

/** Writes the tree of a command's arguments. */
class ArgumentWriter {
  readonly #out: ReplyWriter;
  readonly #keySpecs: number;
  /** Keys met so far: each belongs to the key specification of its place, or all to the only one. */
  #keys = 0;

  constructor(out: ReplyWriter, keySpecs: number) {
    this.#out = out;
    this.#keySpecs = keySpecs;
  }

  writeAll(list: readonly SyntaxArgument[]): void {
    this.#out.array(list.length);
    for (const argument of list) this.#write(argument);
  }

  #write(argument: SyntaxArgument): void {
    const { name, type, token, parts } = argument;
    const out = this.#out;
    const flags = flagsOf(argument);
    const fields = [type === "key", token !== undefined, flags.length > 0, parts.length > 0];
    out.map(2 + fields.filter(Boolean).length);
    writePair(out, "name", name);
    writePair(out, "type", type);
    if (type === "key") {
      out.bulkText("key_spec_index");
      out.integer(Math.min(this.#keys++, this.#keySpecs - 1));
    }
    if (token !== undefined) writePair(out, "token", token);
    if (flags.length > 0) {
      out.bulkText("flags");
      writeWords(out, flags);
    }
    if (parts.length === 0) return;
    out.bulkText("arguments");
    this.writeAll(parts);
  }
}

function flagsOf({ optional, multiple, multipleToken }: SyntaxArgument): string[] {
  const flags = [optional && "optional", multiple && "multiple", multipleToken && "multiple_token"];
  return flags.filter((flag) => flag !== false);
}
