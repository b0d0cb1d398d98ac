import { type Address, parseAddress } from "../base/address.ts";
import type { ReplyError } from "../protocol/reply.ts";

/** What an error that a server answered means for the one who sent the command. */
export type Outcome =
  /** Nothing was done: another node is the right one. */
  | { readonly type: "elsewhere"; readonly leader: Address | undefined }
  /** Nothing was done for the moment: later it may be. */
  | { readonly type: "refused" }
  /** It may have been done: only a numbered write can be sent again. */
  | { readonly type: "unknown" }
  /** The session is unknown there. */
  | { readonly type: "noSession" }
  /** That is the answer. */
  | { readonly type: "final" };

const elsewhere: Outcome = { type: "elsewhere", leader: undefined };
const refused: Outcome = { type: "refused" };
const unknown: Outcome = { type: "unknown" };

const byCode: ReadonlyMap<string, Outcome> = new Map<string, Outcome>([
  ["CLUSTERDOWN", refused],
  ["NOREPLICAS", refused],
  ["LOADING", refused],
  ["BUSY", refused],
  // Redis' own words.
  ["TRYAGAIN", refused],
  ["MASTERDOWN", refused],
  ["READONLY", elsewhere],
  ["UNKNOWN_OUTCOME", unknown],
  ["MISCONF", unknown],
  ["NOSESSION", { type: "noSession" }],
]);
const final: Outcome = { type: "final" };

export function outcomeOf({ code, message }: ReplyError): Outcome {
  const leader = /^(?:MOVED \d+ |NOT_LEADER leader=)(\S+)$/.exec(message)?.[1];
  if (leader !== undefined) return { type: "elsewhere", leader: parseAddress(leader) };
  if (code === "NOT_LEADER") return elsewhere;
  return byCode.get(code) ?? final;
}
