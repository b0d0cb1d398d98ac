import { join } from "node:path";
import { type Address, formatAddress, parseAddress } from "../base/address.ts";
import { KvorumError } from "../base/errors.ts";
import { nodeIdPattern } from "../base/node-id.ts";
import { isCode } from "../log/calls.ts";
import { type Identity, readIdentity } from "../log/identity.ts";
import { decodeAbout, peerPortAbove } from "../peers/about.ts";
import { systemDisk } from "../platform/disk-system.ts";
import { ownCommand } from "./banner.ts";

/** A node of `kvorum cluster`. */
export interface PlannedNode {
  readonly id: string;
  readonly client: Address;
  readonly peer: Address;
  readonly data: string;
}

export interface ClusterPlan {
  readonly nodes: readonly PlannedNode[];
  /** Nodes in the directory that came to the cluster later: others start them. */
  readonly others: readonly string[];
  readonly isNew: boolean;
}

export interface ClusterWishes {
  readonly directory: string;
  /** Undefined: as many as the directory holds, three in an empty one. */
  readonly nodes: number | undefined;
  /** Undefined: the ports of the directory, 6379 in an empty one. */
  readonly basePort: number | undefined;
}

const usualNodes = 3;
const usualPort = 6379;

/**
 * The nodes that belong to a directory: those that began the cluster which is in it, with their addresses, or new
 * ones. Throws KvorumError where what is in it does not go with what is wished.
 */
export async function planCluster(wishes: ClusterWishes): Promise<ClusterPlan> {
  const found = await nodesIn(wishes.directory);
  const bound = [...found].filter(([, { isUnbound }]) => !isUnbound);
  if (bound.length === 0) return { nodes: newNodes(wishes), others: [], isNew: true };
  const founders = foundersOf(wishes.directory, bound);
  const nodes = founders.map(({ id, about }) => plannedNode(wishes.directory, id, about));
  refuseOthers(wishes, nodes);
  const others = [...found.keys()].filter((id) => nodes.every((node) => node.id !== id));
  return { nodes, others, isNew: false };
}

/** What the members are told as --cluster. */
export function listOf({ nodes }: ClusterPlan): string {
  return nodes.map(({ id, peer }) => `${id}=${formatAddress(peer)}`).join(",");
}

function newNodes({ directory, nodes = usualNodes, basePort = usualPort }: ClusterWishes): PlannedNode[] {
  return Array.from({ length: nodes }, (_, i) => {
    const client = { host: "127.0.0.1", port: basePort + i };
    const id = `n${i + 1}`;
    return { id, client, peer: { ...client, port: client.port + peerPortAbove }, data: join(directory, id) };
  });
}

/** Whose folders are in it. */
async function nodesIn(directory: string): Promise<Map<string, Identity>> {
  const nodes = new Map<string, Identity>();
  for (const name of (await namesIn(directory)).sort()) {
    const identity = nodeIdPattern.test(name) ? await identityIn(join(directory, name)) : undefined;
    if (identity !== undefined) nodes.set(name, identity);
  }
  return nodes;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await systemDisk.list(directory);
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** Undefined where nobody's is in it, be it a file or another folder. */
async function identityIn(directory: string): Promise<Identity | undefined> {
  try {
    return await readIdentity(systemDisk, directory);
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

function foundersOf(
  directory: string,
  bound: readonly (readonly [string, Identity])[],
): NonNullable<Identity["founders"]> {
  const [[name, first]] = bound as [[string, Identity]];
  const stranger = bound.find(([, { clusterId }]) => clusterId !== first.clusterId);
  if (stranger !== undefined)
    throw new KvorumError(
      "ERR",
      `${directory} holds nodes of different clusters (${name}, ${stranger[0]}): choose another --dir`,
    );
  for (const [, { founders = [] }] of bound) if (founders.length > 0) return founders;
  const own = `${ownCommand(process.argv[1], process.cwd())} start`;
  throw new KvorumError(
    "ERR",
    `${join(directory, name)} holds a node that began alone: run it with \`${own}${name === "n1" ? "" : ` --id ${name}`}\`, or choose another --dir for the cluster`,
  );
}

function plannedNode(directory: string, id: string, about: string): PlannedNode {
  const known = decodeAbout(about);
  const [client, peer] = [parseAddress(known?.client ?? ""), parseAddress(known?.peer ?? "")];
  if (client === undefined || peer === undefined)
    throw new KvorumError("ERR", `${directory}: the address of ${id} is not known; choose another --dir`);
  return { id, client, peer, data: join(directory, id) };
}

function refuseOthers({ directory, nodes, basePort }: ClusterWishes, found: readonly PlannedNode[]): void {
  const holds = `${directory} holds a cluster of ${found.length} nodes (${found.map(({ id }) => id).join(", ")})`;
  if (nodes !== undefined && nodes !== found.length)
    throw new KvorumError(
      "ERR",
      `${holds}, not of ${nodes}: leave --nodes away, or choose another --dir; kvorum start --join adds a node`,
    );
  const port = found[0]!.client.port;
  if (basePort !== undefined && basePort !== port)
    throw new KvorumError(
      "ERR",
      `${holds}, at ports from ${port} on: leave --base-port away, or choose another --dir`,
    );
}
