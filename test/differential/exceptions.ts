import type { Book } from "./book.ts";
import { nameOf, type Step } from "./conversation.ts";
import { leavesToTheClock } from "./deadlines.ts";
import type { ReplyTree } from "./reply-tree.ts";

/**
 * Everything in which the differential test looks away. This is the one place: docs/compatibility.md names
 * each of these, and a test compares the two lists.
 */
export interface Mask {
  /** As the document names it. */
  readonly title: string;
  /** Names of the commands, subcommands as "object|freq". */
  readonly commands: readonly string[];
  /** Whether two replies that are not the same bytes are still as good as the same. */
  readonly same: Same;
}

export interface Omission {
  readonly title: string;
  readonly omits: (step: Step, book: Book) => boolean;
}

type Same = (a: ReplyTree, b: ReplyTree, args: readonly Buffer[]) => boolean;

/** Replies that are not compared byte by byte. */
export const masks: readonly Mask[] = [
  { title: "TTL", commands: ["ttl"], same: near(2) },
  { title: "PTTL", commands: ["pttl"], same: near(2_000) },
  { title: "EXPIRETIME", commands: ["expiretime"], same: nearBefore(2, 3_786_912_000) },
  { title: "PEXPIRETIME", commands: ["pexpiretime"], same: nearBefore(2_000, 3_786_912_000_000) },
  { title: "KEYS", commands: ["keys"], same: sameElements },
  { title: "SCAN", commands: ["scan"], same: sameScan },
  { title: "RANDOMKEY", commands: ["randomkey"], same: sameKind },
  { title: "DBSIZE", commands: ["dbsize"], same: atMost },
  { title: "TIME", commands: ["time"], same: sameShape },
  { title: "LASTSAVE", commands: ["lastsave"], same: sameKind },
  { title: "INFO", commands: ["info"], same: sameKind },
  { title: "ROLE", commands: ["role"], same: sameShape },
  { title: "HELLO", commands: ["hello"], same: sameHello },
  { title: "CLIENT ID", commands: ["client|id"], same: sameKind },
  { title: "CLIENT INFO and CLIENT LIST", commands: ["client|info", "client|list"], same: sameKind },
  { title: "OBJECT ENCODING", commands: ["object|encoding"], same: sameEncoding },
  { title: "OBJECT REFCOUNT", commands: ["object|refcount"], same: sameCount },
  { title: "LCS of long values", commands: ["lcs"], same: tooLarge },
  { title: "OBJECT IDLETIME", commands: ["object|idletime"], same: sameKind },
  { title: "MEMORY USAGE", commands: ["memory|usage"], same: sameKind },
  { title: "SLOWLOG LEN and SLOWLOG GET", commands: ["slowlog|len", "slowlog|get"], same: sameKind },
  {
    title: "COMMAND",
    commands: ["command", "command|count", "command|list", "command|docs"],
    same: sameKind,
  },
  { title: "COMMAND INFO", commands: ["command|info"], same: sameUnordered },
  {
    title: "HELP",
    commands: ["client", "command", "config", "debug", "latency", "memory", "object", "slowlog"].map(
      (name) => `${name}|help`,
    ),
    same: sameKind,
  },
];

/** Commands that are not sent. */
export const omissions: readonly Omission[] = [
  { title: "Deadlines near the present", omits: ({ args }) => leavesToTheClock(args) },
  {
    title: "CLIENT REPLY inside MULTI",
    omits: ({ args }, { isInTransaction }) => isInTransaction && nameOf(args) === "client|reply",
  },
  {
    title: "QUIT after CLIENT REPLY OFF",
    omits: ({ args }, { isMute }) => isMute && nameOf(args) === "quit",
  },
];

const masksByCommand: ReadonlyMap<string, Same> = new Map(
  masks.flatMap(({ commands, same }) => commands.map((name) => [name, same] as const)),
);

/** Whether two replies to a command that differ in their bytes are as good as the same. */
export function isMasked({ args }: Step, a: ReplyTree, b: ReplyTree): boolean {
  return masksByCommand.get(nameOf(args))?.(a, b, args) ?? false;
}

export function isOmitted(step: Step, book: Book): boolean {
  return omissions.some(({ omits }) => omits(step, book));
}

/** Two numbers above zero that do not lie far apart: the two servers were asked one after the other. */
function near(distance: number): Same {
  return (a, b) => {
    const [left, right] = [Number(a.head), Number(b.head)];
    return a.kind === ":" && b.kind === ":" && left > 0 && right > 0 && Math.abs(left - right) <= distance;
  };
}

/** As near, for points in time before the one from which on all are given as such. */
function nearBefore(distance: number, end: number): Same {
  const isNear = near(distance);
  return (a, b, args) => isNear(a, b, args) && Number(a.head) < end && Number(b.head) < end;
}

/** Redis counts keys that have expired and are not removed yet. */
function atMost(a: ReplyTree, b: ReplyTree): boolean {
  return a.kind === ":" && b.kind === ":" && Number(b.head) <= Number(a.head);
}

/** A whole number that INCRBYFLOAT has left is text in Redis. */
export function isSameEncoding(reference: string, subject: string): boolean {
  return reference === subject || (reference === "embstr" && subject === "int");
}

function sameEncoding(a: ReplyTree, b: ReplyTree): boolean {
  return sameKind(a, b) && isSameEncoding(textOf(a), textOf(b));
}

/** And text is not shared. */
function sameCount(a: ReplyTree, b: ReplyTree): boolean {
  return a.kind === ":" && a.head === "1" && b.kind === ":" && b.head === "2147483647";
}

function tooLarge(_a: ReplyTree, b: ReplyTree): boolean {
  return b.kind === "-" && b.head.startsWith("TOO_LARGE LCS");
}

/** The same kind of reply, and no error. A null stands out by its length of -1. */
function sameKind(a: ReplyTree, b: ReplyTree): boolean {
  return a.kind === b.kind && a.kind !== "-" && (a.head === "-1") === (b.head === "-1");
}

function sameShape(a: ReplyTree, b: ReplyTree): boolean {
  if (!sameKind(a, b) || a.elements.length !== b.elements.length) return false;
  return a.elements.every((element, i) => sameShape(element, b.elements[i]!));
}

function sameElements(a: ReplyTree, b: ReplyTree): boolean {
  if (!sameShape(a, b)) return false;
  const [left, right] = [a, b].map(({ elements }) => elements.map(textOf).sort().join("\n"));
  return left === right;
}

/** The same parts in any order, on all levels. Of all commands, more or fewer. */
function sameUnordered(a: ReplyTree, b: ReplyTree): boolean {
  return (a.elements.length > 50 && b.elements.length > 50) || unordered(a) === unordered(b);
}

function unordered(tree: ReplyTree): string {
  return `${tree.kind}${textOf(tree)}(${tree.elements.map(unordered).sort().join()})`;
}

/** A cursor and keys of the server's own choice; but what is found from 0 to the end is everything. */
function sameScan(a: ReplyTree, b: ReplyTree, args: readonly Buffer[]): boolean {
  if (!sameKind(a, b) || a.elements.length !== 2 || b.elements.length !== 2) return false;
  const isWhole = [args[1]!.toString(), textOf(a.elements[0]!), textOf(b.elements[0]!)].every(
    (c) => c === "0",
  );
  return (
    sameKind(a.elements[1]!, b.elements[1]!) && (!isWhole || sameElements(a.elements[1]!, b.elements[1]!))
  );
}

/** The server's own name, release and the client's id differ. */
function sameHello(a: ReplyTree, b: ReplyTree): boolean {
  if (!sameShape(a, b)) return false;
  return a.elements.every((element, i) => {
    const field = i % 2 === 1 ? textOf(a.elements[i - 1]!) : "";
    return ["server", "version", "id"].includes(field) || sameTree(element, b.elements[i]!);
  });
}

function sameTree(a: ReplyTree, b: ReplyTree): boolean {
  return sameShape(a, b) && textOf(a) === textOf(b);
}

function textOf({ bytes, head }: ReplyTree): string {
  return bytes === null ? head : bytes.toString("latin1");
}
