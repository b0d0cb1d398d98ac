import { posix } from "node:path";

/**
 * The rule of floors: a room of src imports only rooms of lower floors. Rooms of one floor do not know
 * each other.
 */
const floors: Readonly<Record<string, number>> = {
  base: 0,
  protocol: 1,
  raft: 1,
  engine: 2,
  platform: 3,
  log: 4,
  peers: 4,
  replica: 5,
  server: 6,
  admin: 6,
  client: 6,
  node: 7,
  adapters: 7,
  cli: 8,
};

/** Rooms without I/O, timers, clock, chance or waiting: the simulator runs them as they are. */
export const pureRooms: readonly string[] = ["base", "protocol", "raft", "engine"];

/** What the client may know, and what is built on it: whoever installs it for its client gets no server. */
const serverless: Readonly<Record<string, readonly string[]>> = {
  client: ["base", "protocol", "platform"],
  adapters: ["client"],
};

/** The outside world comes in through platform/ alone, so that the simulator can stand in for it. */
const platformOnly = /^node:(?:fs|net|tls)(?:\/|$)/;

/** Names that a pure room must not use: what the language itself brings, and what globals could smuggle in. */
const impureNames: readonly string[] = [
  ..."Date Promise async await Intl WeakRef FinalizationRegistry globalThis structuredClone".split(" "),
  ..."process performance crypto fetch console require".split(" "),
  ..."setTimeout setInterval setImmediate queueMicrotask".split(" "),
];
/** Chance, and what depends on the machine's language. */
const impureMembers = /\bMath\s*\.\s*random\b|\.\s*(?:localeCompare|toLocale\w+)\b/.source;
const impure = new RegExp(`(?<![\\w$.#])(?:${impureNames.join("|")})(?![\\w$])|${impureMembers}`, "g");

/** What is wrong with one file of src, as sentences. `file` is its path from the root, with slashes. */
export function floorBreaks(file: string, source: string, doors: readonly string[]): string[] {
  const room = roomOf(file);
  if (room === undefined || floors[room] === undefined) {
    return ["lies in no room that has a floor: give it one in test/floors.ts"];
  }
  const isTest = file.endsWith(".test.ts");
  const breaks = importsOf(source).flatMap((target) =>
    target.startsWith(".")
      ? insideBreaks(file, room, target, isTest, doors)
      : outsideBreaks(room, target, isTest),
  );
  if (pureRooms.includes(room) && !isTest) breaks.push(...impureWords(source));
  return breaks;
}

/** An import of another file of this repository. */
function insideBreaks(
  file: string,
  room: string,
  target: string,
  isTest: boolean,
  doors: readonly string[],
): string[] {
  const path = posix.join(posix.dirname(file), target);
  if (doors.includes(path)) return [`imports through the public door ${path}`];
  const other = roomOf(path);
  if (other === undefined) return isTest ? [] : [`imports ${path}, which is not in src`];
  if (other === room) return [];
  const known = serverless[room];
  if (known !== undefined && !known.includes(other)) return [`${room} imports ${path}`];
  const height = floors[other];
  if (height === undefined) return [`imports ${path}, which has no floor`];
  return height < floors[room]! ? [] : [`${room} imports ${path}, which is not on a lower floor`];
}

/** An import of Node.js or of a package. */
function outsideBreaks(room: string, target: string, isTest: boolean): string[] {
  if (target === "kvorum" || target.startsWith("kvorum/"))
    return [`imports through the public door ${target}`];
  if (isTest) return [];
  if (pureRooms.includes(room)) return [`a pure room imports ${target}`];
  if (!target.startsWith("node:") && builtin.has(target)) return [`imports ${target} without node:`];
  if (platformOnly.test(target) && room !== "platform") return [`only platform imports ${target}`];
  return [];
}

/** The modules that platform/ keeps to itself, as they could be named without `node:`. */
const builtin: ReadonlySet<string> = new Set(["fs", "fs/promises", "net", "tls"]);

function impureWords(source: string): string[] {
  const words = withoutText(source).match(impure) ?? [];
  return [...new Set(words)].map((word) => `a pure room uses ${word.replace(/\s/g, "")}`);
}

/** "engine" for src/engine/commands/strings.ts. */
function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** Everything that a source imports or exports from: statically, for its effects, or with import(). */
export function importsOf(source: string): string[] {
  const code = withoutComments(source);
  const statements = /(?:^|;)\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm;
  const effects = /(?:^|;)\s*import\s*["']([^"']+)["']/gm;
  const calls = /\b(?:import|require)\s*\(\s*["'`]([^"'`]+)["'`]/g;
  return [statements, effects, calls].flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => match[1]!),
  );
}

const comment = /\/\*[\s\S]*?\*\/|\/\/.*/.source;
const quoted = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/.source;
const template = /`(?:\\[\s\S]|[^`\\])*`/.source;
/** A regular expression, where an expression may begin: quotes and slashes in it begin nothing. */
const pattern = /(?<=[(,=:[!&|?{};\n]\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//.source;
const parts = new RegExp(`(${comment})|${quoted}|(${template})|${pattern}`, "g");

function withoutComments(source: string): string {
  return source.replace(parts, (part, isComment) => (isComment === undefined ? part : " "));
}

/** Leaves the code alone. What stands in a template's `${…}` is code too. */
function withoutText(source: string): string {
  return source.replace(parts, (_part, _comment, text) =>
    text === undefined ? " " : [...text.matchAll(/\$\{([^}]*)\}/g)].map((hole) => hole[1]).join(";"),
  );
}
