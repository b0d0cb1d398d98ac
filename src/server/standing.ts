import { createHash } from "node:crypto";
import { type Address, parseAddress } from "../base/address.ts";
import { decodeAbout } from "../peers/about.ts";
import type { Member } from "../raft/configuration.ts";
import type { NodeStatus, PeerStatus } from "../raft/raw-node.ts";
import type { Server } from "./server.ts";

/**
 * Who leads in which term, and who follows: whatever a node says about that (CLUSTER, MOVED, ROLE, INFO, HELLO, the text
 * protocol) is made from one of these, and so no answer mixes two terms.
 */
export interface Standing {
  /** What clients may take for a Redis cluster. A node that began alone and never had others is none. */
  readonly isCluster: boolean;
  readonly term: number;
  readonly self: MemberStanding;
  /** Undefined while none is known. */
  readonly leader: MemberStanding | undefined;
  /** In the order of their ids; none as long as a node that has joined was not told. */
  readonly members: readonly MemberStanding[];
}

export interface MemberStanding {
  readonly id: string;
  /** 40 hexadecimal digits, by which Redis' clients know nodes: always the same for this node of this cluster. */
  readonly name: string;
  readonly isVoter: boolean;
  /** Where its clients connect; undefined where that is not known. */
  readonly client: Address | undefined;
  /** Where it hears other members; 0: not known. */
  readonly peerPort: number;
  /** The last entry of the log that it is known to hold durably, and of a leader itself the last one; 0: not known. */
  readonly index: number;
  /** How the leader reaches it: in step, with a snapshot under way, or not at all. Elsewhere all are "online". */
  readonly link: "online" | "loading" | "lost";
  /** How long ago the leader has heard of it, in ms; 0 elsewhere. */
  readonly silentMs: number;
}

const tickMs = 10;
/** Who is probed and has said nothing for so long is not there. */
const silentMsMax = 1_000;

/** Undefined while the node does not know its members yet. */
export function standingOf(server: Server): Standing | undefined {
  const { replica, parts } = server;
  const { status } = replica;
  if (status !== undefined) return standingIn(server, status);
  return replica.persistence === undefined ? aloneInMemory(server, parts.nodeId) : undefined;
}

/** This node leads. One that does not know its members yet does not. */
export function isLedBySelf(standing: Standing | undefined): standing is Standing {
  return standing !== undefined && standing.leader === standing.self;
}

/** The same for all members of a cluster, and for no other cluster. */
export function replicationId({ parts }: Server): string {
  const clusterId = parts.clusterId();
  return clusterId === "" ? parts.runId : sha1(clusterId);
}

function standingIn(server: Server, status: NodeStatus): Standing {
  const { id, term, leaderId, configuration } = status;
  const members = configuration.members.map((member) => memberStanding(server, status, member));
  const self =
    members.find((member) => member.id === id) ??
    memberStanding(server, status, { id, isVoter: false, about: "" });
  const leader = members.find((member) => member.id === leaderId);
  const isCluster = members.length === 0 || configuration.members.some(({ about }) => about !== "");
  return { isCluster, term, self, leader, members };
}

function memberStanding(server: Server, status: NodeStatus, member: Member): MemberStanding {
  const { id, isVoter } = member;
  const isSelf = id === status.id;
  const about = decodeAbout(member.about);
  const peer = status.peers.find((one) => one.id === id);
  // Who was added by its address alone has still to come.
  const hasCome = about !== undefined && about.incarnation !== "";
  // What a leader has not synced yet others may have already: nobody is ahead of it.
  const own = status.role === "leader" ? status.lastIndex : status.stableIndex;
  const known = id === status.leaderId ? status.commitIndex : 0;
  return {
    ...{ id, isVoter, name: nodeName(server.parts.clusterId(), id) },
    client: (hasCome ? reachable(about.client) : undefined) ?? (isSelf ? ownAddress(server) : undefined),
    peerPort: parseAddress(about?.peer ?? "")?.port ?? 0,
    index: isSelf ? own : (peer?.match ?? known),
    link: peer === undefined ? "online" : linkTo(peer),
    silentMs: (peer?.ticksSinceHeard ?? 0) * tickMs,
  };
}

/** A member is probed since its connection was lost, or for a moment since this leader was elected. */
function linkTo({ state, ticksSinceHeard }: PeerStatus): MemberStanding["link"] {
  if (state === "snapshot") return "loading";
  return state === "probe" && ticksSinceHeard * tickMs > silentMsMax ? "lost" : "online";
}

/** What listens on all addresses of its machine has none that it could tell others. */
function reachable(text: string | undefined): Address | undefined {
  const address = parseAddress(text ?? "");
  return address === undefined || isEverywhere(address.host) ? undefined : address;
}

function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function ownAddress({ host, port }: Server): Address | undefined {
  return isEverywhere(host) ? undefined : { host, port };
}

/** A node in memory leads itself; what it has done are its writes. */
function aloneInMemory(server: Server, id: string): Standing {
  const self: MemberStanding = {
    ...{ id, isVoter: true, name: nodeName("", id), client: ownAddress(server), peerPort: 0 },
    ...{ index: server.replica.store.revision, link: "online", silentMs: 0 },
  };
  return { isCluster: false, term: 1, self, leader: self, members: [self] };
}

function nodeName(clusterId: string, id: string): string {
  return sha1(`${clusterId} ${id}`);
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
