import { join } from "node:path";
import { KvorumError } from "../base/errors.ts";
import { reached } from "../base/reached.ts";
import type { Disk } from "../platform/disk.ts";
import type { Random } from "../platform/random.ts";
import { corruptionHelp } from "./fault.ts";
import { readSmallFile, replaceSmallFile, type SmallFile } from "./small-file.ts";

/** Whose a data directory is. */
export interface Identity {
  /** 32 hexadecimal digits. */
  readonly clusterId: string;
  readonly nodeId: string;
  /** 16 hexadecimal digits: another one for each empty directory in which the node began. */
  readonly incarnation: string;
  /** Counts the starts, from 1. */
  readonly boot: number;
  /** Key of the engine's hash: two whole numbers of 32 bits, the cluster's. */
  readonly hashKey: readonly [number, number];
  /** A backup is being restored into the directory: what is in it is not complete. */
  readonly isRestoring?: true;
  /** The same, of the state that was in it: it becomes the first node of a new cluster. */
  readonly isRecovering?: true;
  /** The node is to become a member of a cluster that it does not know yet: cluster and key are still to come. */
  readonly isUnbound?: true;
  /** The members with which its log begins, the node's own if absent; none: others tell who they are. */
  readonly founders?: readonly Founder[];
  /** Of a node that has joined: the entry from which on it is a member. */
  readonly joinedAt?: number;
  /** The cluster has gone on without what is in log and snapshots: the next start removes them, and is told everything anew. */
  readonly isVoid?: true;
}

/** A member of the first hour. `about` is what the configuration says of it. */
export interface Founder {
  readonly id: string;
  readonly about: string;
}

/** What all members of a cluster share. */
export type ClusterIdentity = Pick<Identity, "clusterId" | "hashKey">;

/** The cluster that an unbound node becomes a member of. */
export type Binding = ClusterIdentity & { readonly founders: readonly Founder[]; readonly joinedAt?: number };

const fileName = "identity.json";
const format = 1;

/** What was begun in the directory and must be done to the end before a node starts; undefined where nothing was. */
export function unfinishedWork({ isRestoring, isRecovering }: Identity): string | undefined {
  if (isRestoring) return "an unfinished restore: run kvorum restore again";
  return isRecovering ? "an unfinished recovery: run kvorum recover again" : undefined;
}

/** Undefined in a directory where no node ever began. Throws KvorumError where it is damaged or newer. */
export async function readIdentity(disk: Disk, directory: string): Promise<Identity | undefined> {
  const value = await readSmallFile(disk, directory, fileName, format);
  if (value === undefined) return undefined;
  if (!isIdentity(value))
    throw new KvorumError("ERR", `${directory}/${fileName} is not what kvorum writes; restore a backup`);
  const { clusterId, nodeId, incarnation, boot, hashKey } = value;
  const { isRestoring, isRecovering, isUnbound, founders, joinedAt, isVoid } = value;
  return {
    ...{ clusterId, nodeId, incarnation, boot, hashKey },
    ...(isRestoring && { isRestoring }),
    ...(isRecovering && { isRecovering }),
    ...(isUnbound && { isUnbound }),
    ...(founders && { founders }),
    ...(joinedAt !== undefined && { joinedAt }),
    ...(isVoid && { isVoid }),
  };
}

/** Durable when this resolves. */
export function saveIdentity(disk: Disk, directory: string, identity: Identity): Promise<void> {
  return replaceSmallFile(disk, directory, fileName, { format, ...identity });
}

/**
 * The identity for one more start: a new one in an empty directory, of the cluster that it is told, or is still to be
 * told ("unbound"); else that which is there, with its boot number raised; durable when this resolves. Throws
 * KvorumError where the directory belongs to another node, or is not restored to the end.
 */
export async function openIdentity(
  disk: Disk,
  directory: string,
  nodeId: string,
  random: Random,
  cluster?: ClusterIdentity | "unbound",
): Promise<Identity> {
  const before = (await readIdentity(disk, directory)) ?? {
    ...(await firstIdentity(disk, directory, nodeId, random)),
    ...(cluster === "unbound" ? { isUnbound: true as const } : cluster),
  };
  const unfinished = unfinishedWork(before);
  if (unfinished !== undefined) throw new KvorumError("ERR", `${directory} holds ${unfinished}`);
  if (before.nodeId !== nodeId) {
    reached("foreign-directory-refused");
    const owner = `${directory} belongs to node ${before.nodeId}, not to ${nodeId}`;
    throw new KvorumError("ERR", `${owner}: start with --id ${before.nodeId}, or with another --data`);
  }
  // Whom nobody tells of a cluster any more is one by itself.
  const { isUnbound, ...own } = before;
  const isStillUnbound = isUnbound && cluster === "unbound";
  const identity = { ...own, ...(isStillUnbound && { isUnbound }), boot: before.boot + 1 };
  await saveIdentity(disk, directory, identity);
  return identity;
}

/** The identity is the first thing that a node writes: beside anything else of a node it cannot be missing. */
async function firstIdentity(
  disk: Disk,
  directory: string,
  nodeId: string,
  random: Random,
): Promise<Identity> {
  const others = await filesOfNode(disk, directory);
  if (others.length === 0) return newIdentity(nodeId, random);
  const missing = `${join(directory, fileName)} is missing, though there is ${others[0]}`;
  throw new KvorumError(
    "ERR",
    `${missing}: whose files these are is not known. ${corruptionHelp(directory)}`,
  );
}

/** Folders may be there, made by people for their disks. */
async function filesOfNode(disk: Disk, directory: string): Promise<string[]> {
  const names = await disk.list(directory);
  const files: string[] = names.filter((name) => name === "hard-state");
  for (const folder of ["wal", "snapshots"]) {
    if (!names.includes(folder)) continue;
    for (const name of await disk.list(join(directory, folder)))
      if (name.endsWith(".log") || name.endsWith(".json")) files.push(`${folder}/${name}`);
  }
  return files;
}

/** For a directory in which no node has started. */
export function newIdentity(
  nodeId: string,
  random: Random,
  hashKey: readonly [number, number] = [random.uint32() | 0, random.uint32() | 0],
): Identity {
  const hex = (bytes: number): string => random.bytes(bytes).toString("hex");
  return { clusterId: hex(16), nodeId, incarnation: hex(8), boot: 0, hashKey };
}

function isIdentity(value: SmallFile): value is SmallFile & Identity {
  const { clusterId, nodeId, incarnation, boot, hashKey } = value;
  return (
    isHex(clusterId, 32) &&
    typeof nodeId === "string" &&
    nodeId !== "" &&
    isHex(incarnation, 16) &&
    Number.isSafeInteger(boot) &&
    Array.isArray(hashKey) &&
    hashKey.length === 2 &&
    hashKey.every((word) => Number.isInteger(word) && word === (word | 0)) &&
    (value.isRestoring === undefined || value.isRestoring === true) &&
    (value.isRecovering === undefined || value.isRecovering === true) &&
    (value.isUnbound === undefined || value.isUnbound === true) &&
    (value.isVoid === undefined || value.isVoid === true) &&
    (value.joinedAt === undefined || Number.isSafeInteger(value.joinedAt)) &&
    (value.founders === undefined || (Array.isArray(value.founders) && value.founders.every(isFounder)))
  );
}

function isFounder(value: unknown): value is Founder {
  const { id, about } = Object(value) as Record<string, unknown>;
  return typeof id === "string" && typeof about === "string";
}

function isHex(value: unknown, digits: number): boolean {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]*$/.test(value);
}
