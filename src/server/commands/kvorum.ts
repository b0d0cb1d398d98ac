import { formatAddress, parseAddress } from "../../base/address.ts";
import { KvorumError } from "../../base/errors.ts";
import { nodeIdExpected, nodeIdPattern } from "../../base/node-id.ts";
import { version } from "../../base/version.ts";
import { decodeAbout, encodeAbout, peerPortAbove } from "../../peers/about.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { ReplyWriter } from "../../protocol/reply-writer.ts";
import type { Member } from "../../raft/configuration.ts";
import type { NodeStatus } from "../../raft/raw-node.ts";
import type { Administration } from "../../replica/contract.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { leaderAddress, roleOf } from "../whereabouts.ts";
import { syntaxError } from "./reading.ts";

/** KVORUM: members and leader. Who does not lead answers NOT_LEADER leader=HOST:PORT; nothing is forwarded. */
export const kvorumHandlers: Readonly<Record<string, LocalHandler>> = {
  "kvorum|status": status,
  "kvorum|add": add,
  "kvorum|remove": remove,
  "kvorum|promote": promote,
  "kvorum|transfer": transfer,
};

const nobodyElse = "ERR this node was started with --memory: it has no other members, and takes none";
/** What raft counts in. */
const tickMs = 10;

/** KVORUM ADD id host:port [LEARNER]: it has no incarnation until it comes, so whoever comes first has the place. */
function add(connection: Connection, args: Arguments): void {
  const { out } = connection;
  const [id, client] = [args.text(2), parseAddress(args.text(3))];
  const isLearner = args.count === 5 && args.is(4, "learner");
  if (args.count > 5 || (args.count === 5 && !isLearner)) out.error(syntaxError);
  else if (!nodeIdPattern.test(id)) out.error(`ERR the id of a member is ${nodeIdExpected}`);
  else if (client === undefined) out.error("ERR expected where its clients connect, as HOST:PORT");
  else if (client.port + peerPortAbove > 65_535 || client.port === 0)
    out.error(
      `ERR a port from 1 to ${65_535 - peerPortAbove} is expected: members are heard ${peerPortAbove} above`,
    );
  else {
    const peer = { ...client, port: client.port + peerPortAbove };
    const about = encodeAbout({
      ...{ peer: formatAddress(peer), client: formatAddress(client), incarnation: "" },
      ...(isLearner ? {} : { wantsVote: true as const }),
    });
    administer(connection, (admin) => admin.changeMembers({ type: "addLearner", id, about }));
  }
}

/** KVORUM REMOVE id. A leader does not remove itself: the next one does. */
function remove(connection: Connection, args: Arguments): void {
  const id = args.text(2);
  const { replica, parts } = connection.server;
  const isLeaderItself = id === parts.nodeId && replica.status?.role === "leader";
  administer(connection, async (admin) => {
    if (isLeaderItself && votersIn(replica.status!) > 1) {
      await admin.transferLeadership();
      throw new KvorumError("NOT_LEADER", `leader=${replica.status?.leaderId ?? ""}`);
    }
    await admin.changeMembers({ type: "remove", id });
  });
}

/** KVORUM PROMOTE id */
function promote(connection: Connection, args: Arguments): void {
  const id = args.text(2);
  const { replica } = connection.server;
  if (replica.persistence?.fsync === "interval") {
    connection.out.error(
      "ERR this node syncs now and then (fsync interval), and votes between several rest on what a disk has promised: start it with --fsync always first",
    );
    return;
  }
  administer(connection, (admin) => admin.changeMembers({ type: "promote", id }));
}

/** KVORUM TRANSFER [id] */
function transfer(connection: Connection, args: Arguments): void {
  const to = args.count > 2 ? args.text(2) : undefined;
  if (args.count > 3) connection.out.error(syntaxError);
  else if (to !== undefined && to === connection.server.replica.status?.leaderId) connection.out.ok();
  else administer(connection, (admin) => admin.transferLeadership(to));
}

/** Only this client waits. */
function administer(connection: Connection, work: (admin: Administration) => Promise<void>): void {
  const { out, server } = connection;
  const { administration } = server.replica;
  if (administration === undefined) {
    out.error(nobodyElse);
    return;
  }
  connection.late.when(work(administration), (failure) => {
    if (failure === undefined) out.ok();
    else out.error(inWords(failure, connection));
  });
}

/** Clients do not know members by their ids. */
function inWords(failure: Error, { server }: Connection): string {
  if (!(failure instanceof KvorumError)) return `ERR ${failure.message}`;
  if (failure.code !== "NOT_LEADER") return `${failure.code} ${failure.message}`;
  const leader = leaderAddress(server);
  return leader === "" ? "CLUSTERDOWN no leader is known, try again" : `NOT_LEADER leader=${leader}`;
}

/** KVORUM STATUS: a map, in which `members` is a list of maps. */
function status({ out, server }: Connection): void {
  const { replica, parts } = server;
  const { persistence, administration, trouble } = replica;
  const state = replica.status;
  const members = state?.configuration.members ?? [];
  const fields: [string, string | number][] = [
    ["id", parts.nodeId],
    ["client", server.address],
    ["cluster", parts.clusterId()],
    ["version", version],
    ["role", roleOf(server)],
    ["state", stateOf(trouble)],
    ["term", state?.term ?? 0],
    ["leader", state === undefined ? "" : (state.leaderId ?? "")],
    ["commit", state?.commitIndex ?? 0],
    ["applied", state?.applyIndex ?? 0],
    ["last", state?.lastIndex ?? 0],
    ["write_quorum", administration?.writeQuorum ?? 1],
    ["disk", persistence?.diskState ?? "none"],
    ["fsync", persistence?.fsync ?? "never"],
    ["log_bytes", persistence?.logBytes ?? 0],
    ["data_bytes", replica.store.residentBytes],
  ];
  out.map(fields.length + 1);
  for (const [name, value] of fields) writeField(out, name, value);
  out.bulkText("members");
  out.array(members.length);
  const lags = administration?.lags ?? new Map();
  for (const member of members) writeMember(out, member, state!, lags.get(member.id));
}

function writeMember(
  out: ReplyWriter,
  { id, isVoter, about }: Member,
  { peers }: NodeStatus,
  lag: { readonly entries: number; readonly bytes: number; readonly ms: number } | undefined,
): void {
  const known = decodeAbout(about);
  const peer = peers.find((one) => one.id === id);
  const fields: [string, string | number][] = [
    ["id", id],
    ["kind", isVoter ? "voter" : "learner"],
    ["client", known?.client ?? ""],
    ["peer", known?.peer ?? ""],
    ["awaited", known?.incarnation === "" ? 1 : 0],
  ];
  // Known to the leader alone.
  if (peer !== undefined && lag !== undefined)
    fields.push(
      ["match", peer.match],
      ["progress", peer.state],
      ["heard_ms", peer.ticksSinceHeard * tickMs],
      ["lag_entries", lag.entries],
      ["lag_bytes", lag.bytes],
      ["lag_ms", lag.ms],
    );
  out.map(fields.length);
  for (const [name, value] of fields) writeField(out, name, value);
}

function writeField(out: ReplyWriter, name: string, value: string | number): void {
  out.bulkText(name);
  if (typeof value === "number") out.integer(value);
  else out.bulkText(value);
}

function stateOf(trouble: Connection["server"]["replica"]["trouble"]): string {
  if (trouble === undefined) return "ok";
  const { everything, everyWrite, growth } = trouble;
  return everything ?? everyWrite ?? growth ?? "ok";
}

function votersIn({ configuration }: NodeStatus): number {
  return configuration.members.filter(({ isVoter }) => isVoter).length;
}
