import type { Book } from "./book.ts";
import { lower, nameOf, type Step } from "./conversation.ts";
import { leavesToTheClock } from "./deadlines.ts";
import type { ReplyTree } from "./reply-tree.ts";
import {
  atMost,
  fewerFields,
  near,
  nearBefore,
  noError,
  type Same,
  sameElements,
  sameEncoding,
  sameHello,
  sameInfo,
  sameKind,
  sameNames,
  sameScan,
  sameShape,
  tooLarge,
} from "./sameness.ts";

/**
 * Everything in which the differential test looks away. This is the one place: docs/compatibility.md names
 * each of these, and a test compares the two lists.
 */
export interface Mask {
  /** As the document names it. */
  readonly title: string;
  /** Names of the commands, subcommands as "object|freq". */
  readonly commands: readonly string[];
  readonly same: Same;
}

export interface Omission {
  readonly title: string;
  /** `writes`: how many some watching connection would then have seen since its WATCH. */
  readonly omits: (step: Step, book: Book, writes: number) => boolean;
}

/** Replies that are not compared byte by byte. */
export const masks: readonly Mask[] = [
  { title: "`TTL`, `PTTL`, `EXPIRETIME`, `PEXPIRETIME`", commands: ["ttl"], same: near(5) },
  { title: "`TTL`, `PTTL`, `EXPIRETIME`, `PEXPIRETIME`", commands: ["pttl"], same: near(5_000) },
  {
    title: "`TTL`, `PTTL`, `EXPIRETIME`, `PEXPIRETIME`",
    commands: ["expiretime"],
    same: nearBefore(5, 3_786_912_000),
  },
  {
    title: "`TTL`, `PTTL`, `EXPIRETIME`, `PEXPIRETIME`",
    commands: ["pexpiretime"],
    same: nearBefore(5_000, 3_786_912_000_000),
  },
  { title: "`KEYS`", commands: ["keys"], same: sameElements },
  { title: "`SCAN`", commands: ["scan"], same: sameScan },
  { title: "`RANDOMKEY`", commands: ["randomkey"], same: sameKind },
  { title: "`DBSIZE`", commands: ["dbsize"], same: atMost },
  { title: "`TIME`, `LASTSAVE`", commands: ["time"], same: sameShape },
  { title: "`TIME`, `LASTSAVE`", commands: ["lastsave"], same: sameKind },
  { title: "`INFO`, `ROLE`", commands: ["info"], same: sameKind },
  { title: "`INFO`, `ROLE`", commands: ["role"], same: sameKind },
  { title: "`WAIT`", commands: ["wait"], same: sameKind },
  { title: "`HELLO`", commands: ["hello"], same: sameHello },
  { title: "`CLIENT ID`, `CLIENT INFO`, `CLIENT LIST`", commands: ["client|id"], same: sameKind },
  {
    title: "`CLIENT ID`, `CLIENT INFO`, `CLIENT LIST`",
    commands: ["client|info", "client|list"],
    same: sameKind,
  },
  { title: "`OBJECT ENCODING`, `OBJECT REFCOUNT`", commands: ["object|encoding"], same: sameEncoding },
  { title: "`OBJECT ENCODING`, `OBJECT REFCOUNT`", commands: ["object|refcount"], same: sameKind },
  { title: "`LCS` of long values", commands: ["lcs"], same: tooLarge },
  { title: "`OBJECT IDLETIME`", commands: ["object|idletime"], same: sameKind },
  { title: "`MEMORY USAGE`", commands: ["memory|usage"], same: noError },
  { title: "`SLOWLOG LEN`, `SLOWLOG GET`", commands: ["slowlog|len", "slowlog|get"], same: sameKind },
  { title: "`COMMAND COUNT`, `COMMAND DOCS`", commands: ["command|count", "command|docs"], same: sameKind },
  { title: "`COMMAND LIST`", commands: ["command|list"], same: sameNames },
  { title: "`CONFIG GET` of a pattern", commands: ["config|get"], same: fewerFields },
  { title: "`COMMAND`, `COMMAND INFO`", commands: ["command", "command|info"], same: sameInfo },
  { title: "`LATENCY DOCTOR`", commands: ["latency|doctor"], same: sameKind },
  {
    title: "`HELP` of `CLIENT`, `COMMAND` and other families",
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
    title: "`CLIENT REPLY` inside MULTI",
    omits: ({ args }, { isInTransaction }) => isInTransaction && nameOf(args) === "client|reply",
  },
  {
    title: "`DEBUG` inside MULTI and behind `COMMAND GETKEYS`",
    omits: ({ args }, { isInTransaction }) =>
      lower(args[0]) === "debug"
        ? isInTransaction
        : /getkeys/.test(nameOf(args)) && lower(args[2]) === "debug",
  },
  {
    // Of values of unknown length it may be told to take so long that the transaction is refused.
    title: "`LCS` inside MULTI",
    omits: ({ args }, { isInTransaction }) => isInTransaction && nameOf(args) === "lcs",
  },
  {
    title: "Names of clients over 1,024 bytes",
    omits: ({ args }) => nameOf(args) === "client|setname" && (args[2]?.length ?? 0) > 1_024,
  },
  {
    title: "`QUIT` after `CLIENT REPLY OFF`",
    omits: ({ args }, { isMute }) => isMute && nameOf(args) === "quit",
  },
  {
    // A key that comes and goes again, or databases that are swapped and swapped back, make Redis refuse an
    // EXEC although the keys are as they were. A SET whose deadline has passed counts for two.
    title: "A second write while keys are watched",
    omits: (_step, _book, writes) => writes > 1,
  },
];

const masksByCommand: ReadonlyMap<string, Same> = new Map(
  masks.flatMap(({ commands, same }) => commands.map((name) => [name, same] as const)),
);

/** Whether two replies to a command that differ in their bytes are as good as the same. */
export function isMasked({ args }: Step, a: ReplyTree, b: ReplyTree): boolean {
  return masksByCommand.get(nameOf(args))?.(a, b, args) ?? false;
}

export function isOmitted(step: Step, book: Book, writes: number): boolean {
  return omissions.some(({ omits }) => omits(step, book, writes));
}
