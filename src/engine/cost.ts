import { parseInt64 } from "../base/int64.ts";
import { limits } from "../base/limits.ts";
import { mayBeLongNumber } from "../base/long-double.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commands } from "../protocol/spec/table.ts";

/**
 * How long commands take, in µs, told before they are proposed: what was proposed is carried out, and nothing may hold
 * up all clients. Two parts make it up:
 *
 *     requestMicros   what can be seen in the request: its keys, its arguments, its bytes
 *     ValueCost       what depends on the data: values that are copied or compared, keys that are looked at
 *
 * The weights were measured with keys far apart in a database larger than any cache, and with memory that was never
 * used before: what is told is the longer time. `npm run bench -- --only command-cost` compares them with the time that is
 * really taken.
 */
export function requestMicros(command: Command, args: Arguments): number {
  return (
    microsPerCommand +
    (microsPerKey + (putById[command.id] ?? 0)) * keysOf(command, args.count) +
    microsPerArgument * args.count +
    microsPerByte * (args.to - args.from) +
    (extraById[command.id] ?? 0) +
    (patternsById[command.id] ?? 0) * (args.to - args.from)
  );
}

function keysOf({ firstKey, lastKey, keyStep }: Command, count: number): number {
  if (firstKey === 0) return 0;
  const last = lastKey < 0 ? count + lastKey : lastKey;
  return Math.floor((last - firstKey) / keyStep) + 1;
}

const microsPerCommand = 1;
const microsPerKey = 0.5;
const microsPerArgument = 0.1;
/** Of a request: it is copied into an entry of the log, or into a record. */
const microsPerByte = 0.0012;
/** Of a value that is written into a reply, whose buffer grows. */
const microsPerReplyByte = 0.0012;
/** Of a value that is copied to another place. */
const microsPerMovedByte = 0.0012;
/** Of the table that LCS fills. */
const microsPerCell = 0.0045;
/** Of a walk over the table of keys. */
const microsPerKeyInWalk = 0.5;
/** What a pattern with several stars takes at most before a walk stops for it, and on a longest key for each of its bytes. */
const patternMicros = 8_000;
const longestKeyMicros = 65;
/** INCRBYFLOAT with numbers of thousands of digits. */
const longFloatMicros = 900;
/** The longest text of a float: `%.17Lf` of the largest. */
const floatBytesMax = 5_000;

/** Those that cost so many µs more than others do, by their full names. */
const extra: Readonly<Record<string, number>> = {
  incrbyfloat: 20,
  scan: 6,
  randomkey: 8,
  flushall: 30,
  flushdb: 30,
  getex: 1,
  info: 60,
  command: 150,
  "command|docs": 120,
  "command|info": 120,
  "command|list": 20,
  "config|get": 20,
  "latency|doctor": 20,
  "latency|graph": 20,
};

/** Those that make or replace many records, so many µs more for each. */
const puts: Readonly<Record<string, number>> = { mset: 0.25, msetnx: 0.25 };

/** And so many µs for each byte of the patterns that they compare all their names with. */
const patterns: Readonly<Record<string, number>> = { "command|list": 8, "config|get": 1.2 };

const extraById: readonly (number | undefined)[] = commands.map(({ fullName }) => extra[fullName]);
const putById: readonly (number | undefined)[] = commands.map(({ fullName }) => puts[fullName]);
const patternsById: readonly (number | undefined)[] = commands.map(({ fullName }) => patterns[fullName]);

/** Where it is asked what there is: Engine. */
export interface Values {
  /** 0 where the key is absent. */
  valueLengthAt(db: number, args: Arguments, index: number): number;
  /** "" where the key is absent, or its value has more than `most` bytes. */
  shortTextAt(db: number, args: Arguments, index: number, most: number): string;
  /** Of the database that has the most. */
  readonly recordsMax: number;
}

/**
 * The time that a transaction takes for values, from their lengths as they are now, and as its own commands may
 * leave them: never less than it will be, unless others make a value longer meanwhile. What a command would remove
 * counts as if it stayed; a key of which a longer value was left is as long in every database.
 */
export class ValueCost {
  micros = 0;
  readonly #values: Values;
  /** Lengths that commands before may have left, where they are more than `smallBytes`. */
  readonly #left = new Map<string, number>();
  /** Keys whose value was edited, and has room now to be edited again. */
  readonly #edited = new Set<string>();
  /** Keys whose value may have become a short text of a long number. */
  readonly #longNumbers = new Set<string>();
  #hasSwapped = false;
  /** No more than so many keys were added by the commands before. */
  #keysAdded = 0;

  constructor(values: Values) {
    this.#values = values;
  }

  /** The next command of the transaction. */
  add({ id }: Command, args: Arguments, db: number): void {
    this.#keysAdded += args.count;
    byValueById[id]?.(this, args, db);
  }

  reply(bytes: number): void {
    this.micros += bytes * microsPerReplyByte;
  }

  move(bytes: number): void {
    this.micros += bytes * microsPerMovedByte;
  }

  cells(count: number): void {
    this.micros += count * microsPerCell;
  }

  /** A walk over so many keys, if there are so many, each of which is compared with the pattern of an argument. */
  walk(most: number, args?: Arguments, pattern = 0): void {
    const keys = Math.min(most, this.#values.recordsMax + this.#keysAdded);
    this.micros += keys * microsPerKeyInWalk;
    if (args === undefined || args.text(pattern).split("*").length <= 2) return;
    this.micros += Math.min(patternMicros, keys * args.lengthOf(pattern) * longestKeyMicros);
  }

  longFloat(): void {
    this.micros += longFloatMicros;
  }

  swap(): void {
    this.#hasSwapped = true;
  }

  /** No less than the length of the value that the command will find. */
  lengthOf(args: Arguments, index: number, db: number): number {
    let length = Math.max(smallBytes, this.#values.valueLengthAt(db, args, index));
    if (this.#hasSwapped) {
      for (let other = 0; other < limits.databases; other++) {
        length = Math.max(length, this.#values.valueLengthAt(other, args, index));
      }
    }
    if (this.#left.size === 0) return length;
    return Math.max(length, this.#left.get(args.text(index)) ?? 0);
  }

  /** Whether the key's value may be a number that takes long to compute with. */
  hasLongNumber(args: Arguments, index: number, db: number): boolean {
    if (this.#longNumbers.size > 0 && this.#longNumbers.has(args.text(index))) return true;
    if (this.lengthOf(args, index, db) > smallBytes) return true;
    const [from, to] = this.#hasSwapped ? [0, limits.databases - 1] : [db, db];
    for (let other = from; other <= to; other++) {
      if (mayBeLongNumber(this.#values.shortTextAt(other, args, index, smallBytes))) return true;
    }
    return false;
  }

  /** The command puts the value there that another argument is. */
  put(args: Arguments, index: number, value: number): void {
    const length = args.lengthOf(value);
    if (length <= smallBytes && mayBeLongNumber(args.text(value))) this.#longNumbers.add(args.text(index));
    this.leave(args, index, length);
  }

  /** The command moves the value of argument 1 to where it is called by argument `to`. */
  carry(args: Arguments, to: number, db: number): void {
    const length = this.lengthOf(args, 1, db);
    this.move(length);
    if (length <= smallBytes && this.hasLongNumber(args, 1, db)) this.#longNumbers.add(args.text(to));
    this.leave(args, to, length);
  }

  /** The command leaves a value of this length, or one that is shorter. */
  leave(args: Arguments, index: number, length: number): void {
    if (this.#edited.size > 0) this.#edited.delete(args.text(index));
    if (length <= smallBytes) return;
    const key = args.text(index);
    this.#left.set(key, Math.max(length, this.#left.get(key) ?? 0));
  }

  /** The command changes a part of a value, which has `length` bytes then, and `added` of them are new. */
  edit(args: Arguments, length: number, added: number): void {
    const key = args.text(1);
    // A value that has moved once has room for an eighth, a sixteenth at least.
    this.move(this.#edited.has(key) ? Math.min(length, added * 16) : length);
    this.leave(args, 1, length);
    this.#edited.add(key);
    this.#longNumbers.add(key);
  }
}

/** Values up to this length cost no more than what each command is counted for. */
const smallBytes = 128;

type OfValues = (cost: ValueCost, args: Arguments, db: number) => void;

/** Commands whose time, or what they leave for others to take time, depends on more than their request. */
const byValue: Readonly<Record<string, OfValues>> = {
  get: replied,
  getdel: replied,
  getrev: replied,
  mget: (cost, args, db) => {
    let bytes = 0;
    for (let i = 1; i < args.count; i++) bytes += cost.lengthOf(args, i, db);
    cost.reply(Math.min(bytes, limits.mgetBytesMax));
  },
  getrange: repliedInPart,
  substr: repliedInPart,
  lcs: (cost, args, db) => {
    const cells = (cost.lengthOf(args, 1, db) + 1) * (cost.lengthOf(args, 2, db) + 1);
    cost.cells(Math.min(cells, limits.lcsCellsMax));
  },
  set: (cost, args, db) => {
    if (args.count > 3) replied(cost, args, db);
    cost.put(args, 1, 2);
  },
  getset: (cost, args, db) => {
    replied(cost, args, db);
    cost.put(args, 1, 2);
  },
  setnx: (cost, args) => cost.put(args, 1, 2),
  setex: (cost, args) => cost.put(args, 1, 3),
  psetex: (cost, args) => cost.put(args, 1, 3),
  mset: pairsLeft,
  msetnx: pairsLeft,
  append: (cost, args, db) => {
    const added = args.lengthOf(2);
    cost.edit(args, Math.min(cost.lengthOf(args, 1, db) + added, limits.valueBytesMax), added);
  },
  setrange: (cost, args, db) => {
    const offset = Number(parseInt64(args.bytes, args.start[2]!, args.end[2]!) ?? -1);
    const end = offset + args.lengthOf(3);
    if (offset < 0 || end > limits.valueBytesMax) return;
    const before = cost.lengthOf(args, 1, db);
    cost.edit(args, Math.max(before, end), Math.max(end - before, 0));
  },
  getex: (cost, args, db) => {
    replied(cost, args, db);
    if (args.count > 2) moved(cost, args, db);
  },
  expire: moved,
  pexpire: moved,
  expireat: moved,
  pexpireat: moved,
  persist: moved,
  move: (cost, args, db) => cost.carry(args, 1, db),
  rename: movedToSecond,
  renamenx: movedToSecond,
  copy: movedToSecond,
  swapdb: (cost) => cost.swap(),
  incrbyfloat: (cost, args, db) => {
    if (!mayBeLongNumber(args.text(2)) && !cost.hasLongNumber(args, 1, db)) return;
    cost.longFloat();
    cost.leave(args, 1, floatBytesMax);
  },
  keys: (cost, args) => cost.walk(limits.keysPerSlice, args, 1),
  scan: (cost, args) => {
    let count = 10;
    let pattern = 0;
    for (let i = 2; i + 1 < args.count; i += 2) {
      if (args.is(i, "match")) pattern = i + 1;
      if (args.is(i, "count")) count = Math.min(Number(args.text(i + 1)) || 0, limits.scanCountMax);
    }
    cost.walk(count, pattern === 0 ? undefined : args, pattern);
  },
  // As long as keys that have expired are not removed, there may be many where one that lives is looked for.
  randomkey: (cost) => cost.walk(limits.keysPerSlice),
};

function replied(cost: ValueCost, args: Arguments, db: number): void {
  cost.reply(cost.lengthOf(args, 1, db));
}

/** However long the value really is, up to the length that it may have. */
function repliedInPart(cost: ValueCost, args: Arguments, db: number): void {
  const first = Number(parseInt64(args.bytes, args.start[2]!, args.end[2]!) ?? 0);
  const last = Number(parseInt64(args.bytes, args.start[3]!, args.end[3]!) ?? 0);
  const length = cost.lengthOf(args, 1, db);
  const behindFirst = first < 0 ? -first : length - first;
  const upToLast = last < 0 ? length : last + 1 - Math.max(first, 0);
  cost.reply(Math.max(0, Math.min(length, behindFirst, upToLast)));
}

function moved(cost: ValueCost, args: Arguments, db: number): void {
  const length = cost.lengthOf(args, 1, db);
  cost.move(length);
  cost.leave(args, 1, length);
}

function movedToSecond(cost: ValueCost, args: Arguments, db: number): void {
  cost.carry(args, 2, db);
}

function pairsLeft(cost: ValueCost, args: Arguments): void {
  for (let i = 1; i + 1 < args.count; i += 2) cost.put(args, i, i + 1);
}

const byValueById: readonly (OfValues | undefined)[] = commands.map(({ fullName }) => byValue[fullName]);

/** Whether a transaction with this command has to be asked how long its values are. */
export function dependsOnValues({ id }: Command): boolean {
  return byValueById[id] !== undefined;
}

/** Those that only put a value there: what is there now costs them nothing. */
const putters: ReadonlySet<string> = new Set(["setnx", "setex", "psetex", "mset", "msetnx"]);

/** Whether the command takes as long as values are that it finds. */
export function readsValues(command: Command, args: Arguments): boolean {
  if (!dependsOnValues(command) || putters.has(command.fullName)) return false;
  return command.fullName !== "set" || args.count > 3;
}

/** Those whose time grows with more than the length of one value: with two, with the keys, or with the size of a number. */
const steep: ReadonlySet<string> = new Set(["lcs", "scan", "keys", "randomkey", "incrbyfloat"]);
const isSteepById: readonly boolean[] = commands.map(({ fullName }) => steep.has(fullName));

/** Whether short values may make the command take long. */
export function isSteep({ id }: Command): boolean {
  return isSteepById[id]!;
}

/** Those that may leave a longer value than their request has bytes; a numbered one may be any of them. */
const lengthening: ReadonlySet<string> = new Set([
  ...["append", "setrange", "incrbyfloat", "rename", "renamenx", "copy", "move", "swapdb", "session|id"],
]);
const lengthensById: readonly boolean[] = commands.map(({ fullName }) => lengthening.has(fullName));

/** Whether it may make values so long that they take their time. */
export function mayLengthen({ id }: Command, args: Arguments): boolean {
  return lengthensById[id]! || args.to - args.from > shortBytes;
}

/** No request that has fewer bytes leaves a value whose copy takes more than 1 µs. */
const shortBytes = 512;
