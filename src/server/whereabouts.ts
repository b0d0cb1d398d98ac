import { decodeAbout } from "../peers/about.ts";
import type { Server } from "./server.ts";

/** HOST:PORT where the clients of the leader connect, "" where no leader is known. */
export function leaderAddress({ replica, address }: Server): string {
  const { status } = replica;
  if (status === undefined) return replica.persistence === undefined ? address : "";
  const { leaderId, id, configuration } = status;
  const leader = configuration.members.find((member) => member.id === leaderId);
  const client = decodeAbout(leader?.about ?? "")?.client;
  return client ?? (leaderId === id ? address : "");
}

/** Whether a write is taken here and goes to another node: a text client is to be told. */
export function mustGoElsewhere({ replica }: Server): boolean {
  return replica.status !== undefined && replica.status.role !== "leader";
}

/** STATUS of the text protocol. Without consensus a node leads itself, and counts its writes. */
export function statusLine({ replica, parts }: Server): string {
  const { status } = replica;
  const id = parts.nodeId;
  if (status === undefined) {
    const { revision } = replica.store;
    if (replica.persistence === undefined)
      return `id=${id} role=leader term=1 leader=${id} commit=${revision} applied=${revision}`;
    return `id=${id} role=loading`;
  }
  const { term, leaderId = "none", commitIndex, applyIndex, configuration } = status;
  const isVoter = configuration.members.some((member) => member.id === id && member.isVoter);
  const role = status.role === "follower" && !isVoter ? "learner" : roleWords[status.role];
  return `id=${id} role=${role} term=${term} leader=${leaderId} commit=${commitIndex} applied=${applyIndex}`;
}

/** As the seed has them: to ask for pre-votes is to be a candidate. */
const roleWords = {
  leader: "leader",
  follower: "follower",
  preCandidate: "candidate",
  candidate: "candidate",
} as const;
