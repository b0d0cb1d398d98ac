import { join } from "node:path";
import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { Engine } from "../engine/engine.ts";
import { Image } from "../engine/image.ts";
import { removeIfThere, withFile } from "../log/calls.ts";
import { DataDirectory } from "../log/data-directory.ts";
import { type Identity, readIdentity } from "../log/identity.ts";
import { refill } from "../log/restore.ts";
import { SnapshotFileWriter, type SnapshotMeta, snapshotFormat } from "../log/snapshot-file.ts";
import { verifySnapshot } from "../log/verify-snapshot.ts";
import { type Clock, turn } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import { silentLogger } from "../platform/logger.ts";
import type { Random } from "../platform/random.ts";
import type { Configuration, Member } from "../raft/configuration.ts";
import { Applier } from "./applier.ts";
import { alone, configurationsOf, isAloneIn } from "./members.ts";
import { loadNewest, replay } from "./recovery.ts";

export interface SurvivorParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly directory: string;
  /** Of reading what is there, 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

/** What a survivor has, and who the others are. */
export interface SurvivorFacts {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly members: readonly Member[];
  /** The last entry of its log, all of which is kept, whether it was committed or not. */
  readonly index: number;
  readonly term: number;
  /** Cluster time of the state, in ms since 1970; 0: nothing was ever written. */
  readonly timeMs: number;
  readonly keys: number;
}

/** The state on its way from the old cluster to the new one, in the directory itself. */
const stateFile = "recovery.kvorum";

/**
 * The directory of a member whose cluster has lost its majority, or of a learner whose master is gone: it becomes the
 * first node of a new cluster, with all that it holds (semantics, membership and identity).
 *
 *     snapshot + log ──► recovery.kvorum, durable ──► identity of the new cluster, "recovering" ──► as in a restore
 *     └─ a crash leaves the member that it was ──┘    └─ no node starts; begun anew from recovery.kvorum ─┘
 *
 * Members of the old cluster do not speak with another one. Revisions, and with them the ids of sessions, go on behind
 * all that can have been given by those that are lost, as after a restore.
 */
export class Survivor {
  readonly facts: SurvivorFacts;
  readonly #parts: SurvivorParts;
  readonly #release: () => Promise<void>;
  /** What is to be written into the file of the state; undefined where it is there already. */
  readonly #state: State | undefined;

  private constructor(
    parts: SurvivorParts,
    facts: SurvivorFacts,
    release: () => Promise<void>,
    state: State | undefined,
  ) {
    this.#parts = parts;
    this.facts = facts;
    this.#release = release;
    this.#state = state;
  }

  /**
   * Reads all that is there, as a start does. Rejects with KvorumError where the directory is in use, damaged, no
   * member's, or that of an only voter, for whom there is nothing to recover.
   */
  static async open(parts: SurvivorParts): Promise<Survivor> {
    const identity = await readIdentity(parts.disk, parts.directory);
    if (identity === undefined) throw new KvorumError("ERR", `${parts.directory} holds no node`);
    const { nodeId, isUnbound, isRecovering } = identity;
    if (isUnbound)
      throw new KvorumError("ERR", `${nodeId} belongs to no cluster yet: there is nothing to recover`);
    return isRecovering ? Survivor.#openUnfinished(parts, nodeId) : Survivor.#openMember(parts, nodeId);
  }

  /** All that matters is in the file of the state: what else is there may be half gone. */
  static async #openUnfinished(parts: SurvivorParts, nodeId: string): Promise<Survivor> {
    const { disk, directory, onProgress } = parts;
    const lock = await disk.lock(directory);
    try {
      const meta = await verifySnapshot(disk, join(directory, stateFile), onProgress);
      return new Survivor(parts, factsOf(nodeId, meta), () => lock.release(), undefined);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  static async #openMember(parts: SurvivorParts, nodeId: string): Promise<Survivor> {
    const directory = await DataDirectory.open({ ...parts, nodeId, logger: silentLogger });
    try {
      await removeIfThere(parts.disk, join(parts.directory, stateFile));
      const engine = new Engine(directory.identity.hashKey);
      const meta = await readAll(parts, directory, engine);
      if (isAloneIn(meta.configuration!, nodeId))
        throw new KvorumError(
          "ERR",
          `${nodeId} is the only voter already: start it, there is nothing to recover`,
        );
      return new Survivor(parts, factsOf(nodeId, meta), () => directory.close(), { engine, meta });
    } catch (error) {
      await directory.close();
      throw error;
    }
  }

  /** Makes it the only voter of a new cluster. Resolves with what its snapshot says, when all is on the disk. */
  async found(onProgress: (part: number) => void = () => {}): Promise<SnapshotMeta> {
    const { disk, directory } = this.#parts;
    const file = join(directory, stateFile);
    if (this.#state !== undefined) await writeState(this.#parts, this.#state);
    const state = await verifySnapshot(disk, file, (part) => onProgress(part / 2));
    const options = { ...this.#parts, file, nodeId: this.facts.nodeId };
    const meta = await refill(options, state, { isRecovering: true }, (part) => onProgress((1 + part) / 2));
    await removeIfThere(disk, file);
    return meta;
  }

  /** Lets go of the directory. */
  close(): Promise<void> {
    return this.#release();
  }
}

interface State {
  readonly engine: Engine;
  readonly meta: SnapshotMeta;
}

/** Applies all of the log: what is not known to be committed may have been acknowledged by those that are lost. */
async function readAll(
  parts: SurvivorParts,
  directory: DataDirectory,
  engine: Engine,
): Promise<SnapshotMeta> {
  const { clock, onProgress = () => {} } = parts;
  const { snapshots, identity } = directory;
  const loading = (part: number): void => onProgress(part / 2);
  const { base, damage } = await loadNewest(engine, snapshots, clock, silentLogger, loading);
  const options = { fsync: "always", base, onStable() {}, onFailed() {} } as const;
  const log = await directory.openLog(options).catch((error) => {
    throw damage ?? error;
  });
  try {
    const applier = new Applier(engine, clock);
    await replay(log, base, log.lastIndex, applier, clock, (part) => onProgress((1 + part) / 2));
    const configuration =
      configurationsOf(log).at(-1)?.configuration ?? base.configuration ?? firstOf(identity);
    const { lastIndex: index } = log;
    const term = log.termOf(index) ?? base.term;
    return metaOf(clock, identity, engine, { index, term, configuration });
  } finally {
    await log.close();
  }
}

/** The members as long as neither log nor snapshot says who they are. */
function firstOf({ founders, nodeId }: Identity): Configuration {
  if (founders === undefined) return alone(nodeId);
  return { members: founders.map(({ id, about }) => ({ id, about, isVoter: true })) };
}

/** As if it had been taken when its last entry was written: others may have gone on since then. */
function metaOf(
  clock: Clock,
  { clusterId, hashKey }: Identity,
  engine: Engine,
  place: Pick<SnapshotMeta, "index" | "term"> & { readonly configuration: Configuration },
): SnapshotMeta {
  const timeMs = Math.max(0, engine.now);
  return {
    format: snapshotFormat,
    ...{ clusterId, hashKey, ...place, timeMs },
    revision: engine.revision,
    keys: engine.keyspaces.map((keyspace) => keyspace.records),
    sessions: engine.sessions.size,
    engineVersion: engine.version,
    createdWallMs: timeMs > 0 ? Math.min(timeMs, clock.wallMs()) : clock.wallMs(),
  };
}

function factsOf(nodeId: string, meta: SnapshotMeta): SurvivorFacts {
  const { clusterId, index, term, timeMs, configuration } = meta;
  const keys = meta.keys.reduce((sum, count) => sum + count, 0);
  return { nodeId, clusterId, members: configuration?.members ?? [], index, term, timeMs, keys };
}

/** Whole under its name, or not there. */
async function writeState({ disk, directory, clock }: SurvivorParts, { engine, meta }: State): Promise<void> {
  const path = join(directory, stateFile);
  const partial = `${path}.partial`;
  await removeIfThere(disk, partial);
  await withFile(disk, partial, { mode: "create" }, async (file) => {
    const writer = new SnapshotFileWriter(file, clock);
    writer.hurries = true;
    await writer.begin(meta);
    const image = new Image(engine);
    try {
      for (let goesOn = true; goesOn; ) {
        goesOn = image.next(limits.imageRecordsPerTurn);
        for (let chunk = image.take(); chunk !== undefined; chunk = image.take()) await writer.write(chunk);
        await turn(clock);
      }
    } finally {
      image.close();
    }
    await writer.end();
  });
  await disk.rename(partial, path);
  await disk.syncDirectory(directory);
}
