import { limits } from "../../base/limits.ts";
import { globMatches } from "../../base/glob.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { ReplyWriter } from "../../protocol/reply-writer.ts";
import { categoriesOf } from "../../protocol/spec/categories.ts";
import { type KeySpec, keyPositions, keySpecsOf } from "../../protocol/spec/keys.ts";
import type { Command } from "../../protocol/spec/row.ts";
import { parseSyntax, type SyntaxArgument } from "../../protocol/spec/syntax.ts";
import { arityFits, commandNamed, commands, topCommands } from "../../protocol/spec/table.ts";
