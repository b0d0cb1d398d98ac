/**
 * What clients asked of a store and what they were answered: the form in which every checker of sim/checkers reads it.
 * history-file.ts has the same as lines of a file, README.md an example of each.
 *
 * Values are strings of bytes, one character (up to U+00FF) a byte. Replies are those of Redis. What has several keys
 * (MGET, MSET, DEL of many) or does two things to one (GETSET, GETDEL, GETEX) is an `exec` of its parts.
 */
export type KeyAction =
  | { readonly type: "get"; readonly key: string }
  /** With `ttl`, in ms, the key gets a deadline; without, it loses the one it had. */
  | { readonly type: "set"; readonly key: string; readonly argument: string; readonly ttl?: number }
  /** SET key new IFEQ expected; with null for expected: SET key new NX. "OK" or null. */
  | { readonly type: "cas"; readonly key: string; readonly argument: readonly [string | null, string] }
  /** INCRBY. The sum, or an error where the value is no number. */
  | { readonly type: "incr"; readonly key: string; readonly argument: number }
  /** The length afterwards. */
  | { readonly type: "append"; readonly key: string; readonly argument: string }
  /** 1 or 0. */
  | { readonly type: "del"; readonly key: string }
  /** PEXPIRE with a time in ms. 1 or 0. */
  | { readonly type: "expire"; readonly key: string; readonly argument: number }
  /** 1 or 0. */
  | { readonly type: "persist"; readonly key: string };

export type PartAction =
  | KeyAction
  /** RENAME to another key. "OK", or an error where there is no such key. */
  | { readonly type: "rename"; readonly key: string; readonly argument: string }
  /** FLUSHALL. */
  | { readonly type: "flush" };

export type Action =
  | PartAction
  /** MULTI … EXEC. The list of replies, or null where a watched key had changed. */
  | { readonly type: "exec"; readonly argument: readonly PartAction[] };

/** An error here is one that the state was the reason of; where nobody tried to apply it, the outcome is "failed". */
export type PartReply = string | number | null | { readonly error: string };
export type Reply = PartReply | readonly PartReply[];

/** "unknown": perhaps applied, and perhaps only later; "failed": surely never applied. */
export type Outcome = "known" | "unknown" | "failed";

export type ReadMode = "linearizable" | "quorum" | "stale";

export interface Operation {
  /** One connection, or whatever else asks on its own. */
  readonly process: string;
  /** Its place among what the process sent. */
  readonly position: number;
  readonly action: Action;
  readonly outcome: Outcome;
  /** Null unless the outcome is known. */
  readonly reply: Reply;
  /** Whole µs on one clock that all processes share. */
  readonly start: number;
  /** When the reply came; where none did, when waiting ended. */
  readonly end: number;
  /** Of what changed something: the revision that it got. Of what did not: that of the state it saw, if it was told. */
  readonly revision?: number;
  /** How it was read; a write is linearizable. */
  readonly mode: ReadMode;
  /** Of a stale read: the lag in µs that the reader would accept. */
  readonly maxLag?: number;
  /** The node that was asked. */
  readonly node?: string;
  /** Of a write that may be sent again: attempts of the same (session, sequence) are one write. */
  readonly session?: string;
  readonly sequence?: number;
  /** The lowest sequence that its session may still repeat. */
  readonly low?: number;
  /** Cluster time in ms, as the leader estimated it, at start and at end. Without: start and end themselves are taken. */
  readonly clock?: readonly [number, number];
}

/** One part of an operation, and how it was answered; the reply is undefined where nobody knows. */
export interface Part {
  readonly action: PartAction;
  readonly reply: PartReply | undefined;
}

/** An EXEC that a watched key forbade has none. */
export function partsOf({ action, outcome, reply }: Operation): Part[] {
  const isKnown = outcome === "known";
  if (action.type !== "exec") return [{ action, reply: isKnown ? (reply as PartReply) : undefined }];
  if (isKnown && reply === null) return [];
  return action.argument.map((part, i) => ({
    action: part,
    reply: isKnown ? (reply as readonly PartReply[])[i]! : undefined,
  }));
}

/** The keys that it names. */
export function keysOf({ action }: Operation): Set<string> {
  const keys = new Set<string>();
  for (const part of action.type === "exec" ? action.argument : [action]) {
    if (part.type === "flush") continue;
    keys.add(part.key);
    if (part.type === "rename") keys.add(part.argument);
  }
  return keys;
}

/** Whether it could change anything. */
export function isWrite(operation: Operation): boolean {
  const { action } = operation;
  return action.type === "exec" ? action.argument.some((part) => part.type !== "get") : action.type !== "get";
}

/** Whether its replies show that it changed something; undefined where nobody knows. FLUSHALL never shows it. */
export function hasChanged(operation: Operation): boolean | undefined {
  if (operation.outcome === "failed" || !isWrite(operation)) return false;
  const parts = partsOf(operation);
  if (operation.outcome === "known") {
    if (parts.some(showsChange)) return true;
    if (parts.every(({ action }) => action.type !== "flush")) return false;
  }
  return operation.revision === undefined ? undefined : true;
}

/** Whether the reply says that something changed. FLUSHALL answers the same to an empty store. */
export function showsChange({ action, reply }: Part): boolean {
  switch (action.type) {
    case "get":
    case "flush":
      return false;
    case "del":
    case "expire":
    case "persist":
      return reply === 1;
    case "cas":
      return reply === "OK";
    default:
      return reply === null || typeof reply !== "object";
  }
}

/** The operations of each process, as they stand in the history. */
export function byProcess(history: readonly Operation[]): Map<string, Operation[]> {
  const processes = new Map<string, Operation[]>();
  for (const operation of history) {
    const own = processes.get(operation.process);
    if (own === undefined) processes.set(operation.process, [operation]);
    else own.push(operation);
  }
  return processes;
}
