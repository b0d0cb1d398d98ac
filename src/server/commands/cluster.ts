import { keySlot, slotCount } from "../../protocol/key-slot.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { type MemberStanding, type Standing, standingOf } from "../standing.ts";

/** CLUSTER: one shard, all of whose slots belong to the leader; the other members are its replicas. */
export const clusterHandlers: Readonly<Record<string, LocalHandler>> = {
  "cluster|info": ofCluster(({ out }, standing) => out.verbatim("txt", infoText(standing))),
  "cluster|keyslot": ofCluster(({ out }, _standing, args) => {
    out.integer(keySlot(args.bytes, args.start[2]!, args.end[2]!));
  }),
  "cluster|myid": ofCluster(({ out }, { self }) => out.bulkText(self.name)),
  "cluster|nodes": ofCluster(({ out }, standing) => out.verbatim("txt", nodesText(standing))),
  "cluster|shards": onceLed(writeShards),
  "cluster|slots": onceLed(writeSlots),
};

const noCluster = "ERR This instance has cluster support disabled";
const noLeader = "CLUSTERDOWN no leader is known";
const noAddress =
  "CLUSTERDOWN the leader has not said where its clients connect: start it with --announce HOST:PORT";

/** An election takes less. Clients that ask for the slots wait a second for them. */
const leaderWaitMs = 800;
const lookMs = 10;

type ClusterHandler = (
  connection: Connection,
  standing: Standing,
  ...rest: [Parameters<LocalHandler>[1], Parameters<LocalHandler>[2]]
) => void;

/** Refuses where clients are not to take the node for a cluster. */
export function ofCluster(handler: ClusterHandler): LocalHandler {
  return (connection, args, command) => {
    const standing = standingOf(connection.server);
    if (standing?.isCluster) handler(connection, standing, args, command);
    else connection.out.error(noCluster);
  };
}

type Led = Standing & { readonly leader: MemberStanding };

/**
 * Waits for the end of an election: a client that is told of no leader, or of the one that has just died, does not know
 * where to go. Within EXEC, and after too long, the answer is CLUSTERDOWN.
 */
function onceLed(write: (connection: Connection, standing: Led) => void): LocalHandler {
  return ofCluster((connection, first) => {
    const { late, server, out, mayAnswerLater } = connection;
    const answer = (standing: Standing | undefined): void => {
      if (isLed(standing)) write(connection, standing);
      else out.error(standing?.leader === undefined ? noLeader : noAddress);
    };
    if (isLed(first) || !mayAnswerLater) {
      answer(first);
      return;
    }
    const onTime = (): void => answer(standingOf(server));
    const look = server.clock.every(lookMs, () => {
      if (late.isBlocked && !isLed(standingOf(server))) return;
      look.cancel();
      late.unblockFrom(onTime);
    });
    late.block(leaderWaitMs, onTime);
  });
}

function isLed(standing: Standing | undefined): standing is Led {
  return standing?.leader?.client !== undefined;
}

/** Those whose address is known, the leader first. */
function serving({ leader, members }: Led): MemberStanding[] {
  return [leader, ...members.filter((member) => member !== leader && member.client !== undefined)];
}

function writeSlots({ out }: Connection, standing: Led): void {
  const members = serving(standing);
  out.array(1);
  out.array(2 + members.length);
  out.integer(0);
  out.integer(slotCount - 1);
  for (const { client, name } of members) {
    out.array(4);
    out.bulkText(client!.host);
    out.integer(client!.port);
    out.bulkText(name);
    out.map(0);
  }
}

function writeShards({ out }: Connection, standing: Led): void {
  const members = serving(standing);
  out.array(1);
  out.map(2);
  out.bulkText("slots");
  out.array(2);
  out.integer(0);
  out.integer(slotCount - 1);
  out.bulkText("nodes");
  out.array(members.length);
  for (const member of members) writeShardNode(out, member, standing);
}

function writeShardNode(out: Connection["out"], member: MemberStanding, { leader }: Led): void {
  const { name, client, index, link } = member;
  out.map(7);
  out.bulkText("id");
  out.bulkText(name);
  out.bulkText("port");
  out.integer(client!.port);
  out.bulkText("ip");
  out.bulkText(client!.host);
  out.bulkText("endpoint");
  out.bulkText(client!.host);
  out.bulkText("role");
  out.bulkText(member === leader ? "master" : "replica");
  out.bulkText("replication-offset");
  out.integer(index);
  out.bulkText("health");
  out.bulkText(link === "lost" ? "failed" : link);
}

function infoText({ leader, term, members }: Standing): string {
  const served = leader === undefined ? 0 : slotCount;
  const fields = [
    ["cluster_state", leader === undefined ? "fail" : "ok"],
    ["cluster_slots_assigned", slotCount],
    ["cluster_slots_ok", served],
    ["cluster_slots_pfail", 0],
    ["cluster_slots_fail", slotCount - served],
    ["cluster_known_nodes", members.length],
    ["cluster_size", 1],
    ["cluster_current_epoch", term],
    ["cluster_my_epoch", term],
    ["cluster_stats_messages_sent", 0],
    ["cluster_stats_messages_received", 0],
    ["total_cluster_links_buffer_limit_exceeded", 0],
  ];
  return fields.map(([name, value]) => `${name}:${value}\r\n`).join("");
}

function nodesText(standing: Standing): string {
  const known = standing.members.filter(({ client }) => client !== undefined);
  return known.map((member) => `${nodeLine(member, standing)}\n`).join("");
}

/** <name> <ip:port@bus-port> <flags> <master> <ping-sent> <pong-received> <epoch> <link> [slots] */
function nodeLine(member: MemberStanding, { self, leader, term }: Standing): string {
  const { name, client, peerPort, link } = member;
  const leads = member === leader;
  const flags = [
    ...(member.id === self.id ? ["myself"] : []),
    leads ? "master" : "slave",
    ...(link === "lost" ? ["fail?"] : []),
  ];
  const master = leads ? "-" : (leader?.name ?? "-");
  const words = [name, `${client!.host}:${client!.port}@${peerPort}`, flags.join(","), master, 0, 0, term];
  const state = link === "lost" ? "disconnected" : "connected";
  return [...words, state, ...(leads ? [`0-${slotCount - 1}`] : [])].join(" ");
}
