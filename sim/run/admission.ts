import type { PeerMessage } from "../../src/peers/message.ts";
import type { PlacedConfiguration } from "../../src/raft/types.ts";

/** One end of a connection between two nodes: who it is, and the members by whom it goes. */
export interface End {
  readonly id: string;
  readonly incarnation: string;
  readonly placed: PlacedConfiguration | undefined;
}

/**
 * What the handshake of peers has to decide (semantics, membership and identity): a node that lost its disk never acts for
 * its former self.
 *
 * - A node asks only the incarnation that its own configuration names, or one that it does not know of: so an
 *   empty node is not asked for a vote that its former self may have given.
 * - It hears the incarnation that its own configuration names, or one that is no member there; or one that a newer
 *   configuration names, which the other has: a node that was away while another one lost its disk, joined again and leads
 *   now would otherwise never hear of it.
 *
 * Answers go back on the connection on which they were asked for.
 */
export function mayHear(receiver: End, sender: End, isReply: boolean): boolean {
  if (!isReply && names(sender.placed, receiver) === "another") return false;
  if (names(receiver.placed, sender) !== "another") return true;
  const isNewer = (sender.placed?.index ?? 0) > (receiver.placed?.index ?? 0);
  return isNewer && names(sender.placed, sender) === "it";
}

function names(
  placed: PlacedConfiguration | undefined,
  { id, incarnation }: End,
): "it" | "another" | "nobody" {
  const member = placed?.configuration.members.find((one) => one.id === id);
  if (member === undefined) return "nobody";
  return member.about === incarnation ? "it" : "another";
}

const replies: ReadonlySet<string> = new Set([
  ...["voteReply", "preVoteReply", "appendReply", "heartbeatReply", "readIndexReply"],
  ...["logEnd", "forwardReply", "snapshotProgress"],
]);

export function isReply(message: PeerMessage): boolean {
  return replies.has(message.type === "consensus" ? message.message.type : message.type);
}
