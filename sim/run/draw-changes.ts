import type { Change, Configuration, Member } from "../../src/raft/configuration.ts";
import { shuffled } from "../partition.ts";
import type { Prng } from "../prng.ts";
import type { SimNode } from "./node.ts";

/**
 * Changes that somebody who knows these members may want, in the order in which he wants them: mostly one; or a member
 * takes another one's place; or all leave but the last. Not all that is drawn is allowed.
 */
export function drawChanges(
  { members }: Configuration,
  nodes: readonly SimNode[],
  random: Prng,
): readonly Change[] {
  const strangers = nodes.filter(({ id }) => members.every((member) => member.id !== id));
  const kind = random.pick(["one", "one", "one", "one", "one", "replace", "leave"]);
  if (kind === "leave" && members.length > 0) return shuffled(members, random).map(remove);
  if (kind === "replace" && strangers.length > 0 && members.length > 0) {
    const { id, incarnation } = random.pick(strangers);
    const about = String(incarnation);
    return [{ type: "addLearner", id, about }, { type: "promote", id }, remove(random.pick(members))];
  }
  return drawOne(members, strangers, random);
}

function drawOne(members: readonly Member[], strangers: readonly SimNode[], random: Prng): Change[] {
  const learners = members.filter(({ isVoter }) => !isVoter);
  const voters = members.filter(({ isVoter }) => isVoter);
  // More come than go, or there would soon be one voter for the rest of the run.
  const kind = random.pick(["add", "add", "promote", "promote", "promote", "demote", "remove", "remove"]);
  if (kind === "add" && strangers.length > 0) {
    const { id, incarnation } = random.pick(strangers);
    return [{ type: "addLearner", id, about: String(incarnation) }];
  }
  if (kind === "promote" && learners.length > 0) return [{ type: "promote", id: random.pick(learners).id }];
  if (kind === "demote" && voters.length > 0) {
    const { id, about } = random.pick(voters);
    return [{ type: "demote", id, about }];
  }
  return kind === "remove" && members.length > 0 ? [remove(random.pick(members))] : [];
}

function remove({ id }: Member): Change {
  return { type: "remove", id };
}
