import { commandNamed } from "../../src/protocol/spec/table.ts";
import type { ReplyTree } from "./reply-tree.ts";

/** Whether two replies, the reference's and the subject's, that are not the same bytes are as good as the same. */
export type Same = (a: ReplyTree, b: ReplyTree, args: readonly Buffer[]) => boolean;

/** Two numbers above zero that do not lie far apart: the two servers were asked one after the other. */
export function near(distance: number): Same {
  return (a, b) => {
    const [left, right] = [Number(a.head), Number(b.head)];
    return a.kind === ":" && b.kind === ":" && left > 0 && right > 0 && Math.abs(left - right) <= distance;
  };
}

/** As near, for points in time before the one from which on all are given as such. */
export function nearBefore(distance: number, end: number): Same {
  const isNear = near(distance);
  return (a, b, args) => isNear(a, b, args) && Number(a.head) < end && Number(b.head) < end;
}

/** Redis counts keys that have expired and are not removed yet. */
export function atMost(a: ReplyTree, b: ReplyTree): boolean {
  return a.kind === ":" && b.kind === ":" && Number(b.head) <= Number(a.head);
}

/** A whole number that INCRBYFLOAT has left is text in Redis. */
export function isSameEncoding(reference: string, subject: string): boolean {
  return reference === subject || (reference === "embstr" && subject === "int");
}

export function sameEncoding(a: ReplyTree, b: ReplyTree): boolean {
  return sameKind(a, b) && isSameEncoding(textOf(a), textOf(b));
}

export function tooLarge(_a: ReplyTree, b: ReplyTree): boolean {
  return b.kind === "-" && b.head.startsWith("TOO_LARGE LCS");
}

/** Redis still sees a key that has expired where nothing has removed it yet. */
export function noError(a: ReplyTree, b: ReplyTree): boolean {
  return a.kind !== "-" && b.kind !== "-";
}

/** The same kind of reply, and no error. A null stands out by its length of -1. */
export function sameKind(a: ReplyTree, b: ReplyTree): boolean {
  return a.kind === b.kind && a.kind !== "-" && (a.head === "-1") === (b.head === "-1");
}

export function sameShape(a: ReplyTree, b: ReplyTree): boolean {
  if (!sameKind(a, b) || a.elements.length !== b.elements.length) return false;
  return a.elements.every((element, i) => sameShape(element, b.elements[i]!));
}

export function sameElements(a: ReplyTree, b: ReplyTree): boolean {
  if (!sameShape(a, b)) return false;
  const [left, right] = [a, b].map(({ elements }) => elements.map(textOf).sort().join("\n"));
  return left === right;
}

/** Names in any order, of the commands that both can have. */
export function sameNames(a: ReplyTree, b: ReplyTree): boolean {
  const [left, right] = [a, b].map(({ elements }) => elements.map(textOf).filter(isShared).sort().join());
  return sameKind(a, b) && left === right;
}

/** Whether both kvorum and Redis 7.0 have the command. */
function isShared(fullName: string): boolean {
  const since = commandNamed(fullName)?.since;
  return since !== undefined && since !== "kvorum" && since < "7.1" && !fullName.startsWith("debug|");
}

/** Fields of a command's description that are compared: tips and subcommands are not. */
const comparedFields: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8];

/** Descriptions of the commands that were asked for; without names, of all that both can have. */
export function sameInfo(a: ReplyTree, b: ReplyTree, args: readonly Buffer[]): boolean {
  const isWhole = args.length < 3;
  const [left, right] = [a, b].map(({ elements }) => {
    const infos = elements.filter((info) => !isWhole || isShared(textOf(info.elements[0]!))).map(infoOf);
    return (isWhole ? infos.sort() : infos).join("\n");
  });
  return sameKind(a, b) && left === right;
}

function infoOf(info: ReplyTree): string {
  if (info.elements.length === 0) return unordered(info);
  return comparedFields.map((field) => unordered(info.elements[field]!)).join();
}

/** A tree as text: the parts of each level in one order, and without the notes that Redis adds to some keys. */
function unordered({ kind, head, bytes, elements }: ReplyTree): string {
  if (elements.length === 0) return `${kind}${bytes === null ? head : bytes.toString("latin1")}`;
  const notes = elements.findIndex((element) => textOf(element) === "notes");
  const parts = notes < 0 ? elements : elements.toSpliced(notes, 2);
  return `${kind}(${parts.map(unordered).sort().join()})`;
}

/** A cursor and keys of the server's own choice; but what is found from 0 to the end is everything. */
export function sameScan(a: ReplyTree, b: ReplyTree, args: readonly Buffer[]): boolean {
  if (!sameKind(a, b) || a.elements.length !== 2 || b.elements.length !== 2) return false;
  const isWhole = [args[1]!.toString(), textOf(a.elements[0]!), textOf(b.elements[0]!)].every(
    (c) => c === "0",
  );
  return (
    sameKind(a.elements[1]!, b.elements[1]!) && (!isWhole || sameElements(a.elements[1]!, b.elements[1]!))
  );
}

/** Names and values in turn: the subject has no names that the reference does not have. */
export function fewerFields(a: ReplyTree, b: ReplyTree): boolean {
  const [known, found] = [a, b].map(({ elements }) => elements.filter((_, i) => i % 2 === 0).map(textOf));
  return sameKind(a, b) && found!.length > 0 && found!.every((name) => known!.includes(name));
}

/** The server's own name, release and the client's id differ. */
export function sameHello(a: ReplyTree, b: ReplyTree): boolean {
  if (!sameShape(a, b)) return false;
  return a.elements.every((element, i) => {
    const field = i % 2 === 1 ? textOf(a.elements[i - 1]!) : "";
    return ["server", "version", "id", "mode", "role"].includes(field) || sameTree(element, b.elements[i]!);
  });
}

function sameTree(a: ReplyTree, b: ReplyTree): boolean {
  return sameShape(a, b) && textOf(a) === textOf(b);
}

function textOf({ bytes, head }: ReplyTree): string {
  return bytes === null ? head : bytes.toString("latin1");
}
