import { formatAddress } from "../base/address.ts";
import type { Server } from "./server.ts";
import { standingOf } from "./standing.ts";

/** HOST:PORT where the clients of the leader connect, "" where no leader is known. */
export function leaderAddress(server: Server): string {
  const standing = standingOf(server);
  if (standing?.leader === undefined) return "";
  const { leader, self } = standing;
  if (leader.client !== undefined) return formatAddress(leader.client);
  return leader === self ? server.address : "";
}

/** Whether a write is taken here and goes to another node: a text client is to be told. */
export function mustGoElsewhere({ replica }: Server): boolean {
  return replica.status !== undefined && !replica.leads && replica.trouble?.everyWrite === undefined;
}

/** STATUS of the text protocol. Without consensus a node leads itself, and counts its writes. */
export function statusLine(server: Server): string {
  const { replica, parts } = server;
  const { status } = replica;
  const id = parts.nodeId;
  const role = roleOf(server);
  if (status === undefined) {
    const { revision } = replica.store;
    if (replica.persistence === undefined)
      return `id=${id} role=leader term=1 leader=${id} commit=${revision} applied=${revision}`;
    return `id=${id} role=${role}`;
  }
  const { term, leaderId = "none", commitIndex, applyIndex } = status;
  return `id=${id} role=${role} term=${term} leader=${leaderId} commit=${commitIndex} applied=${applyIndex}`;
}

/** "leader", "follower", "candidate", "learner", or "loading". */
export function roleOf({ replica, parts }: Server): string {
  const { status } = replica;
  if (status === undefined) return replica.persistence === undefined ? "leader" : "loading";
  const isVoter = status.configuration.members.some((one) => one.id === parts.nodeId && one.isVoter);
  return status.role === "follower" && !isVoter ? "learner" : roleWords[status.role];
}

/** As the seed has them: to ask for pre-votes is to be a candidate. */
const roleWords = {
  leader: "leader",
  follower: "follower",
  preCandidate: "candidate",
  candidate: "candidate",
} as const;
