import { assert } from "../base/assert.ts";
import type { NodeId, Refusal } from "./types.ts";

/** One member of the cluster. A voter counts for votes and quorums, a learner for nothing. */
export interface Member {
  readonly id: NodeId;
  readonly isVoter: boolean;
  /** What the host wants to know of it, such as address and incarnation. Raft never looks inside. */
  readonly about: string;
}

/** Members in the order of their ids, each once. Without members: nothing is known yet. */
export interface Configuration {
  readonly members: readonly Member[];
}

/**
 * A change of one member. Voters come and go one at a time, so any majority before the change and any
 * majority after it have a member in common (thesis 4.1), and no joint phase is needed.
 */
export type Change =
  | { readonly type: "addLearner"; readonly id: NodeId; readonly about: string }
  /** Makes a learner a voter. */
  | { readonly type: "promote"; readonly id: NodeId }
  /** Makes a voter a learner; with a new `about` it may be another incarnation, which has nothing yet. */
  | { readonly type: "demote"; readonly id: NodeId; readonly about: string }
  | { readonly type: "remove"; readonly id: NodeId }
  /** Changes what the host wrote about a member. */
  | { readonly type: "describe"; readonly id: NodeId; readonly about: string };

export const emptyConfiguration: Configuration = { members: [] };

/** The configuration after the change, or why there is none. */
export function changed(configuration: Configuration, change: Change): Configuration | Refusal {
  const member = configuration.members.find(({ id }) => id === change.id);
  if (change.type === "addLearner") {
    if (member !== undefined) return "alreadySo";
    return withMember(configuration, { id: change.id, isVoter: false, about: change.about });
  }
  if (member === undefined) return "noSuchMember";
  if (isLastVoter(configuration, member) && (change.type === "remove" || change.type === "demote"))
    return "lastVoter";
  const after = changedMember(member, change);
  if (after === "alreadySo") return after;
  return after === undefined ? without(configuration, member.id) : withMember(configuration, after);
}

function changedMember(
  member: Member,
  change: Exclude<Change, { type: "addLearner" }>,
): Member | undefined | "alreadySo" {
  switch (change.type) {
    case "promote":
      return member.isVoter ? "alreadySo" : { ...member, isVoter: true };
    case "demote":
      return member.isVoter ? { ...member, isVoter: false, about: change.about } : "alreadySo";
    case "describe":
      return member.about === change.about ? "alreadySo" : { ...member, about: change.about };
    case "remove":
      return undefined;
  }
}

function isLastVoter(configuration: Configuration, member: Member): boolean {
  return member.isVoter && configuration.members.filter(({ isVoter }) => isVoter).length === 1;
}

function without(configuration: Configuration, id: NodeId): Configuration {
  return { members: configuration.members.filter((member) => member.id !== id) };
}

function withMember(configuration: Configuration, member: Member): Configuration {
  const others = without(configuration, member.id).members;
  return { members: [...others, member].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** As an entry's payload: JSON, so that people can read it in a log. */
export function encodeConfiguration(configuration: Configuration): Buffer {
  return Buffer.from(JSON.stringify({ members: configuration.members }));
}

export function decodeConfiguration(payload: Buffer): Configuration {
  const { members } = JSON.parse(payload.toString()) as Configuration;
  assert(Array.isArray(members), "a configuration entry holds a list of members");
  let before = "";
  for (const { id, isVoter, about } of members) {
    assert(typeof id === "string" && typeof about === "string", "a member has a name and a description");
    assert(typeof isVoter === "boolean", "a member is a voter or a learner");
    assert(id > before, "members stand in the order of their ids, each once");
    before = id;
  }
  return { members };
}
