import { type Address, formatAddress, parseAddress } from "../base/address.ts";
import { type Reply, ReplyError } from "../protocol/reply.ts";

/** What one node says of the cluster. */
export interface Report {
  /** Its own id. */
  readonly id: string;
  /** Of the cluster; "" where the node does not know. */
  readonly cluster: string;
  readonly term: number;
  /** Undefined while it knows none. */
  readonly leaderId: string | undefined;
  readonly members: readonly { readonly id: string; readonly client: Address | undefined }[];
}

/** Reads the answer to KVORUM STATUS; undefined where a server is no kvorum: it stands for itself. */
export function reportIn(reply: Reply): Report | undefined {
  if (!(reply instanceof Map)) return undefined;
  const id = textIn(reply, "id");
  const listed = reply.get("members");
  const members = (Array.isArray(listed) ? listed : []).filter((one) => one instanceof Map);
  // A node in memory has no members, and is the leader of itself.
  const isAlone = members.length === 0 && reply.get("role") === "leader";
  return {
    id,
    cluster: textIn(reply, "cluster"),
    term: Number(reply.get("term") ?? 0),
    leaderId: isAlone ? id : textIn(reply, "leader") || undefined,
    members: isAlone
      ? [{ id, client: undefined }]
      : members.map((one) => ({ id: textIn(one, "id"), client: parseAddress(textIn(one, "client")) })),
  };
}

/** It does not know the command, so it is no kvorum, or does not let us ask. */
export function isStranger(reply: Reply): boolean {
  return reply instanceof ReplyError && /^(?:ERR unknown|NOPERM)/i.test(reply.message);
}

function textIn(map: ReadonlyMap<Reply, Reply>, name: string): string {
  const value = map.get(name);
  return typeof value === "string" ? value : "";
}

/** Where clients of the members connect, and which of them leads. Addresses are as they are reached from here. */
export interface View {
  readonly cluster: string;
  readonly term: number;
  readonly leaderId: string | undefined;
  readonly leader: string | undefined;
  /** "host:port" by id. */
  readonly members: ReadonlyMap<string, string>;
}

/**
 * What is known of the cluster, put together from what its nodes say. A report of a lower term never replaces one of a
 * higher: a node that was cut off believes in a leader that there is no more. Terms are those of one cluster: where it was
 * wiped and founded anew, at the same addresses, another one begins, and nothing of what was known is so any more.
 */
export class Topology {
  view: View = { cluster: "", term: 0, leaderId: undefined, leader: undefined, members: new Map() };
  readonly #translate: (address: string) => string;
  /** Addresses that were given to us, by the id of who answered there: these are known to be reachable. */
  readonly #given = new Map<string, string>();
  readonly #seeds: ReadonlySet<string>;

  constructor(seeds: readonly string[], translate: (address: string) => string) {
    this.#seeds = new Set(seeds);
    this.#translate = translate;
  }

  /**
   * Takes over what the node at `from` has said. True: another leader, or other members. `isLed`: the leader that is known
   * can be reached, so that who speaks for another cluster is a stranger, unless it is found where that leader was.
   */
  learn(report: Report, from: string, isLed: boolean = false): boolean {
    const isOther = report.cluster !== "" && this.view.cluster !== "" && report.cluster !== this.view.cluster;
    if (isOther && isLed && from !== this.view.leader) return false;
    if (isOther) this.#given.clear();
    if (this.#seeds.has(from) && report.id !== "") this.#given.set(report.id, from);
    const { view } = this;
    if (!isOther && report.term < view.term) return false;
    // Who knows no leader of this term may still be told of the one that others know.
    if (!isOther && report.term === view.term && report.leaderId === undefined) return false;
    const members = new Map<string, string>();
    for (const { id, client } of report.members) {
      const address = this.#given.get(id) ?? (id === report.id ? from : this.#reached(client));
      if (address !== undefined) members.set(id, address);
    }
    const leader = report.leaderId === undefined ? undefined : members.get(report.leaderId);
    const cluster = report.cluster || view.cluster;
    this.view = { cluster, term: report.term, leaderId: report.leaderId, leader, members };
    return leader !== view.leader || !sameMembers(members, view.members);
  }

  /** Where a server has named the leader (MOVED, NOT_LEADER), as it is reached from here; undefined: nowhere. */
  hinted(address: Address): string | undefined {
    return this.#reached(address);
  }

  #reached(address: Address | undefined): string | undefined {
    if (address === undefined) return undefined;
    const reached = this.#translate(formatAddress(address));
    return parseAddress(reached) === undefined ? undefined : reached;
  }
}

function sameMembers(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([id, address]) => b.get(id) === address);
}
