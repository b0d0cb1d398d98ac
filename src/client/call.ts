import type { Reply } from "../protocol/reply.ts";
import type { BulkForm } from "../protocol/reply-decoder.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import { commandNamed } from "../protocol/spec/table.ts";
import { type Command, numberOr0, revisionSeen } from "./commands.ts";
import { KvClientError } from "./errors.ts";
import type { OperationKind } from "./operation.ts";

/** Any command, with the reply as it comes. Throws KvClientError ERR for one that needs a connection of its own. */
export function anyCommand(words: readonly RequestArgument[], bulkForm: BulkForm): Command<Reply> {
  if (words.length === 0) throw new KvClientError("ERR", "a command has at least its name");
  if (changesConnection(words)) {
    const name = String(words[0]).toUpperCase();
    throw new KvClientError("ERR", `${name} changes its connection, which others share: see acquire()`);
  }
  if (blocks(words)) {
    const name = String(words[0]).toUpperCase();
    throw new KvClientError("ERR", `${name} holds up its connection, which others share: see acquire()`);
  }
  const revisionIn = tellers.get(lower(words[0]));
  return {
    kind: kindOf(words),
    words,
    bulkForm,
    convert: (reply) => reply,
    ...(revisionIn && { revisionIn }),
  };
}

/** Commands whose replies tell revisions; SET does with IFREV, and then alone a number. */
const tellers: ReadonlyMap<string, (reply: Reply) => number> = new Map([
  ["getrev", revisionSeen],
  ["set", numberOr0],
]);

/** Whether a command reads or writes keys, and does nothing to its connection: so that it is the same at every node. */
export function isAboutKeys(words: readonly RequestArgument[]): boolean {
  return !changesConnection(words) && kindOf(words) !== "plain";
}

/** Whether a command only reads keys: so that it does not matter how often it is sent. */
export function isRead(words: readonly RequestArgument[]): boolean {
  return isAboutKeys(words) && kindOf(words) === "read";
}

/** What is unknown may write, and is sent as a write that cannot be sent twice. */
function kindOf(words: readonly RequestArgument[]): OperationKind {
  const name = lower(words[0]);
  const row = commandNamed(`${name}|${lower(words[1])}`) ?? commandNamed(name);
  if (row?.route === "read") return "read";
  return row?.route === "write" && !row.fullName.startsWith("session|") ? "write" : "plain";
}

/** Commands after which the connection is not what it was, or answers more or less than one reply to each. */
const changing: ReadonlySet<string> = new Set(
  (
    "multi exec discard watch unwatch select auth hello reset quit monitor readonly readwrite asking " +
    "subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe sync psync"
  ).split(" "),
);
const changingParts: ReadonlySet<string> = new Set(
  "client|reply client|tracking client|setname client|no-evict client|no-touch consistency|read consistency|write".split(
    " ",
  ),
);

/** What is answered only when something has happened, or its time is over: all that was sent behind it waits as long. */
function blocks(words: readonly RequestArgument[]): boolean {
  const name = lower(words[0]);
  return name === "wait" || name === "waitaof" || (name === "consistency" && lower(words[1]) === "await");
}

export function changesConnection(words: readonly RequestArgument[]): boolean {
  const name = lower(words[0]);
  return changing.has(name) || (words.length > 1 && changingParts.has(`${name}|${lower(words[1])}`));
}

function lower(word: RequestArgument | undefined): string {
  return word instanceof Uint8Array ? Buffer.from(word).toString().toLowerCase() : String(word).toLowerCase();
}
