import { KvorumError } from "../base/errors.ts";
import type { Disk } from "../platform/disk.ts";
import { readSmallFile, replaceSmallFile } from "./small-file.ts";

/** One start of a member. */
export interface Start {
  readonly id: string;
  readonly incarnation: string;
  readonly boot: number;
  /** Names the process. */
  readonly run: string;
}

const fileName = "peers.json";
const format = 1;
/** As it was remembered: nodes of before wrote no `run`. */
export type RememberedStart = Omit<Start, "run"> & Partial<Pick<Start, "run">>;
/** Members that are remembered: far more than a cluster has. Whose start was heard longest ago is forgotten. */
const membersMax = 256;

/**
 * The latest start of each member that this node has heard, on the disk: a copy of a data directory that was started less
 * often than the original, or as often, is found out, and does not speak for it.
 */
export class PeerBoots {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #starts: Map<string, RememberedStart>;
  #saving: Promise<void> = Promise.resolve();
  /** All of them are on the disk. */
  #isSaved = true;

  private constructor(disk: Disk, directory: string, starts: Map<string, RememberedStart>) {
    this.#disk = disk;
    this.#directory = directory;
    this.#starts = starts;
  }

  /** Rejects with KvorumError where the file is damaged or newer. */
  static async open(disk: Disk, directory: string): Promise<PeerBoots> {
    return new PeerBoots(disk, directory, (await readPeerBoots(disk, directory)) ?? new Map());
  }

  /** Why this start is not believed; undefined, once it is remembered on the disk. */
  async judge(start: Start): Promise<string | undefined> {
    const { id, incarnation, boot, run } = start;
    const known = this.#starts.get(id);
    if (known?.incarnation === incarnation && boot <= known.boot) {
      if (boot < known.boot || run !== (known.run ?? run))
        return `${id} has been started since from this data directory, or a copy of it: of copies only the newest may run`;
      // It may have come twice at once: neither is believed before it is on the disk.
      if (run === known.run && this.#isSaved) return undefined;
    }
    this.#remember(start);
    return this.#save();
  }

  #remember({ id, incarnation, boot, run }: Start): void {
    this.#isSaved = false;
    this.#starts.delete(id);
    this.#starts.set(id, { id, incarnation, boot, run });
    if (this.#starts.size > membersMax) this.#starts.delete(this.#starts.keys().next().value!);
  }

  /** One at a time; undefined, or why it could not be remembered. */
  async #save(): Promise<string | undefined> {
    const saved = this.#saving.then(async () => {
      const members = [...this.#starts.values()];
      await replaceSmallFile(this.#disk, this.#directory, fileName, { format, members });
      // Others may have come meanwhile.
      this.#isSaved =
        members.length === this.#starts.size && members.every((one) => this.#starts.get(one.id) === one);
    });
    this.#saving = saved.catch(() => {});
    try {
      await saved;
      return undefined;
    } catch {
      return "this node's disk takes nothing";
    }
  }
}

/** What is remembered of each member; undefined where there is no file. Rejects with KvorumError where it is damaged or newer. */
export async function readPeerBoots(
  disk: Disk,
  directory: string,
): Promise<Map<string, RememberedStart> | undefined> {
  const file = await readSmallFile(disk, directory, fileName, format);
  if (file === undefined) return undefined;
  const { members } = file;
  if (!Array.isArray(members) || !members.every(isStart))
    throw new KvorumError("ERR", `${directory}/${fileName} is not what kvorum writes: remove it`);
  return new Map(members.map((member) => [member.id, member]));
}

function isStart(value: unknown): value is RememberedStart {
  if (typeof value !== "object" || value === null) return false;
  const { id, incarnation, boot, run } = value as Record<string, unknown>;
  const isRun = run === undefined || typeof run === "string";
  return isRun && typeof id === "string" && typeof incarnation === "string" && Number.isSafeInteger(boot);
}
