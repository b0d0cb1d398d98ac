import { join } from "node:path";
import { KvorumError } from "../base/errors.ts";
import type { Disk } from "../platform/disk.ts";
import { isCode } from "./calls.ts";
import { checkLog, type LogReport } from "./check-log.ts";
import { checkSnapshots, type SnapshotsReport } from "./check-snapshots.ts";
import { isNewer } from "./fault.ts";
import { type HardState, readHardState, staleness } from "./hard-state.ts";
import { type Identity, readIdentity, unfinishedWork } from "./identity.ts";
import { readPeerBoots } from "./peer-boots.ts";

/** What is said of one file, or of one that should be there. */
export interface FileReport {
  /** From the data directory on: "wal/0000000000000001.log". */
  readonly file: string;
  readonly state: FileState;
  /** What it holds, or what is wrong with it. */
  readonly text: string;
  /** Where it is torn or corrupt, and the index of the entry there, where that can be told. */
  readonly offset?: number;
  readonly index?: number;
}

/**
 * torn: a write at the end of the log broke off; a start cuts it. newer: a later version wrote it. foreign: it is
 * another cluster's. unused: a start takes no notice of it, or removes it. What is corrupt, newer or foreign keeps a
 * node from starting, unless it can do without: the newer one of two snapshots.
 */
export type FileState = "whole" | "torn" | "corrupt" | "newer" | "foreign" | "unused";

export interface DirectoryReport {
  readonly files: readonly FileReport[];
  /** The worst of them. */
  readonly state: Exclude<FileState, "unused">;
  readonly log: LogReport;
}

export interface CheckOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Reads all of a data directory in which nobody writes, as a start does, and says what each file is worth. Changes
 * nothing. Rejects with KvorumError where it is no data directory, with DiskError where the disk fails.
 */
export async function checkDirectory(options: CheckOptions): Promise<DirectoryReport> {
  const { disk, directory } = options;
  const names = await namesIn(disk, directory);
  if (!partNames.some((name) => names.includes(name)))
    throw new KvorumError("ERR", `${directory} is no data directory: no node was ever started with it`);
  const identity = await reading("identity.json", readIdentity(disk, directory));
  const hardState = await reading("hard-state", readHardState(disk, directory));
  const peerBoots = await reading("peers.json", readPeerBoots(disk, directory));
  const clusterId = identity.value?.clusterId;
  const [walNames, snapshotFiles] = [
    await namesOrNone(disk, directory, "wal"),
    await namesOrNone(disk, directory, "snapshots"),
  ];
  const log = await checkLog({
    ...options,
    clusterId: clusterId === undefined ? undefined : Buffer.from(clusterId, "hex"),
  });
  const snapshots = await checkSnapshots({ ...options, clusterId }, snapshotFiles);
  const judged = [
    ...(identity.fault ?? identityReports(identity.value)),
    ...(hardState.fault ?? hardStateReports(hardState.value, log, snapshots)),
    ...(peerBoots.fault ?? peerBootsReports(peerBoots.value)),
    ...log.files,
    ...wholeLogReports(hardState.value, log, snapshots),
    ...snapshots.files,
  ];
  const all = [
    ...names,
    ...walNames.map((name) => `wal/${name}`),
    ...snapshotFiles.map((name) => `snapshots/${name}`),
  ];
  const known = new Set([...folders, "LOCK", ...judged.map(({ file }) => file)]);
  const files = [
    ...judged,
    ...all
      .filter((name) => !known.has(name))
      .sort()
      .map(unusedReport),
  ];
  return { files, log, state: worstOf(files) };
}

const folders: readonly string[] = ["wal", "snapshots"];
const partNames: readonly string[] = ["identity.json", "hard-state", ...folders];

async function namesIn(disk: Disk, directory: string): Promise<string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR"))
      throw new KvorumError("ERR", `there is no directory ${directory}`);
    throw error;
  }
}

async function namesOrNone(disk: Disk, directory: string, folder: string): Promise<string[]> {
  try {
    return await disk.list(join(directory, folder));
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** A small file, or what is wrong with it. */
interface Reading<T> {
  readonly value?: T | undefined;
  readonly fault?: readonly FileReport[];
}

async function reading<T>(file: string, value: Promise<T | undefined>): Promise<Reading<T>> {
  try {
    return { value: await value };
  } catch (error) {
    if (!(error instanceof KvorumError)) throw error;
    const { message: text } = error;
    return { fault: [{ file, state: isNewer(text) ? "newer" : "corrupt", text }] };
  }
}

function identityReports(identity: Identity | undefined): FileReport[] {
  const file = "identity.json";
  if (identity === undefined)
    return [{ file, state: "corrupt", text: "it is missing: whose files these are is not known" }];
  const unfinished = unfinishedWork(identity);
  if (unfinished !== undefined) return [{ file, state: "corrupt", text: unfinished }];
  const { nodeId, clusterId, boot } = identity;
  return [{ file, state: "whole", text: `node ${nodeId} of cluster ${clusterId}, start ${boot}` }];
}

function hardStateReports(
  state: HardState | undefined,
  { lastTerm }: LogReport,
  snapshots: SnapshotsReport,
): FileReport[] {
  const file = "hard-state";
  const snapshotTerm = Math.max(0, ...snapshots.whole.map(({ term }) => term));
  const text =
    staleness(state ?? "none", lastTerm, "the log") ?? staleness(state ?? "none", snapshotTerm, "a snapshot");
  if (text !== undefined) return [{ file, state: "corrupt", text }];
  if (state === undefined) return [];
  const vote = state.vote === "" ? "no vote" : `vote for ${state.vote}`;
  return [{ file, state: "whole", text: `term ${state.term}, ${vote}` }];
}

function peerBootsReports(boots: ReadonlyMap<string, unknown> | undefined): FileReport[] {
  if (boots === undefined) return [];
  return [{ file: "peers.json", state: "whole", text: `knows ${boots.size} other nodes` }];
}

/** What is wrong with the log as a whole: entries that are neither in it nor in the snapshot it goes on from. */
function wholeLogReports(
  hardState: HardState | undefined,
  log: LogReport,
  { whole: [newest] }: SnapshotsReport,
): FileReport[] {
  const file = "wal";
  if (log.isDamaged) return [];
  if (log.files.length === 0 && hardState !== undefined)
    return [{ file, state: "corrupt", text: "the log is gone: there is no segment" }];
  if (log.lost !== undefined) return [{ file, state: "corrupt", text: log.lost }];
  const base = newest?.index ?? 0;
  if (log.firstIndex <= base + 1) return [];
  const missing = `entries ${base + 1} to ${log.firstIndex - 1}`;
  return [{ file, state: "corrupt", text: `${missing} are missing: no snapshot covers them` }];
}

function unusedReport(file: string): FileReport {
  const text = file.endsWith(".snapshot")
    ? "the manifest does not name it"
    : (uses[file] ?? "none of kvorum's");
  return { file, state: "unused", text };
}

const uses: Readonly<Record<string, string>> = {
  "wal/spare": "room for the next segment",
  "snapshots/new.partial": "a snapshot that was not finished",
  "identity.json.new": "left by a write that broke off",
  "peers.json.new": "left by a write that broke off",
  "hard-state.new": "left by a write that broke off",
  "snapshots/manifest.json.new": "left by a write that broke off",
};

function worstOf(files: readonly FileReport[]): DirectoryReport["state"] {
  const states = ["corrupt", "foreign", "newer", "torn"] as const;
  return states.find((state) => files.some((file) => file.state === state)) ?? "whole";
}
