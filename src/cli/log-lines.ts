import { type LoggedCommand, loggedCommands } from "../engine/logged-commands.ts";
import { entryKinds, type LogEntry } from "../log/entry.ts";
import { json } from "./print-json.ts";
import { quoted } from "./print-pretty.ts";

/** How `kvorum dump-log` shows a log. */
export interface LogLines {
  /** One line for each command, one alone for an entry without commands. */
  entry(entry: LogEntry): Iterable<string>;
  /** What stood at this index and behind it is no part of the log any more: the next entry takes its place. */
  truncated(index: number): string;
}

/** Longer arguments are shortened in lines for people. */
const shownBytesMax = 64;

/** `42 3 commands 2030-01-02T03:04:05.678Z [0] "SET" "greeting" "hello"` */
export const textLines: LogLines = {
  entry: entryText,
  truncated: (index) => `# the log was truncated from ${index} on`,
};

/** The same as JSON: arguments in full, and what is no UTF-8 as { "base64": … }. */
export const jsonLines: LogLines = {
  entry: entryJson,
  truncated: (index) => `{"truncated":${index}}`,
};

function* entryText(entry: LogEntry): Iterable<string> {
  const { index, term, payload } = entry;
  const kind = kindOf(entry);
  const head = `${index} ${term} ${kind}`;
  if (!hasTime(entry)) {
    yield payload.length === 0 ? head : `${head} (${payload.length} bytes)`;
    return;
  }
  const dated = `${head} ${timeOf(payload)}`;
  if (entry.kind === entryKinds.time) yield dated;
  else for (const command of loggedCommands(payload)) yield `${dated} ${commandText(command)}`;
}

function* entryJson(entry: LogEntry): Iterable<string> {
  const { index, term, payload } = entry;
  const fields = `"index":${index},"term":${term},"kind":"${kindOf(entry)}"`;
  if (!hasTime(entry)) {
    yield payload.length === 0
      ? `{${fields}}`
      : `{${fields},"payload":{"base64":"${payload.toString("base64")}"}}`;
    return;
  }
  const dated = `${fields},"time":"${timeOf(payload)}"`;
  if (entry.kind === entryKinds.time) yield `{${dated}}`;
  else for (const command of loggedCommands(payload)) yield `{${dated},${commandFields(command)}}`;
}

/** The name of the kind, as src/log/entry.ts has it. */
function kindOf({ kind }: LogEntry): string {
  return Object.entries(entryKinds).find(([, number]) => number === kind)![0];
}

function hasTime({ kind }: LogEntry): boolean {
  return kind === entryKinds.commands || kind === entryKinds.time;
}

function timeOf(payload: Buffer): string {
  return new Date(payload.readDoubleLE(0)).toISOString();
}

function commandText({ db, words, watched }: LoggedCommand): string {
  const shown = [`[${db}]`, ...words.map(shortened)];
  if (watched.length > 0) shown.push("if", watched.map(conditionText).join(" and "));
  return shown.join(" ");
}

/** `[0] "key" is absent`, `[0] "key" has revision 7` */
function conditionText({ db, key, revision }: LoggedCommand["watched"][number]): string {
  return `[${db}] ${shortened(key)} ${revision === 0 ? "is absent" : `has revision ${revision}`}`;
}

function commandFields({ db, words, watched }: LoggedCommand): string {
  const command = `"db":${db},"command":${json(words)}`;
  if (watched.length === 0) return command;
  const conditions = watched.map(
    ({ db, key, revision }) => `{"db":${db},"key":${json(key)},"revision":${revision}}`,
  );
  return `${command},"watched":[${conditions.join(",")}]`;
}

function shortened(bytes: Buffer): string {
  if (bytes.length <= shownBytesMax) return quoted(bytes);
  let end = shownBytesMax;
  // Not within a character.
  while (end > shownBytesMax - 3 && (bytes[end]! & 0xc0) === 0x80) end--;
  return `${quoted(bytes.subarray(0, end))}… (${bytes.length} bytes)`;
}
