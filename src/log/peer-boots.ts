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
/** Members that are remembered: far more than a cluster has. Who was not seen for longest is forgotten. */
const membersMax = 256;

/**
 * The highest boot number of each member that this node has heard, on the disk: a copy of a data directory that was
 * started less often than the original is found out, and does not speak for it.
 */
export class PeerBoots {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #boots: Map<string, Omit<Start, "run">>;
  /** Which process had that boot, as far as this one knows. */
  readonly #runs = new Map<string, string>();
  #saving: Promise<void> = Promise.resolve();
  /** All of them are on the disk. */
  #isSaved = true;

  private constructor(disk: Disk, directory: string, boots: Map<string, Omit<Start, "run">>) {
    this.#disk = disk;
    this.#directory = directory;
    this.#boots = boots;
  }

  /** Rejects with KvorumError where the file is damaged or newer. */
  static async open(disk: Disk, directory: string): Promise<PeerBoots> {
    return new PeerBoots(disk, directory, (await readPeerBoots(disk, directory)) ?? new Map());
  }

  /** Why this start is not believed; undefined, once it is remembered on the disk. */
  async judge(start: Start): Promise<string | undefined> {
    const { id, incarnation, boot, run } = start;
    const known = this.#boots.get(id);
    if (known?.incarnation === incarnation && boot <= known.boot) {
      if (boot < known.boot || run !== (this.#runs.get(id) ?? run))
        return `${id} has been started since from this data directory, or a copy of it: of copies only the newest may run`;
      this.#runs.set(id, run);
      // It may have come twice at once: neither is believed before it is on the disk.
      return this.#isSaved ? undefined : this.#save();
    }
    this.#remember({ id, incarnation, boot }, run);
    return this.#save();
  }

  #remember(boot: Omit<Start, "run">, run: string): void {
    this.#isSaved = false;
    this.#boots.delete(boot.id);
    this.#boots.set(boot.id, boot);
    this.#runs.set(boot.id, run);
    if (this.#boots.size > membersMax) this.#boots.delete(this.#boots.keys().next().value!);
  }

  /** One at a time; undefined, or why it could not be remembered. */
  async #save(): Promise<string | undefined> {
    const saved = this.#saving.then(async () => {
      const members = [...this.#boots.values()];
      await replaceSmallFile(this.#disk, this.#directory, fileName, { format, members });
      // Others may have come meanwhile.
      this.#isSaved =
        members.length === this.#boots.size && members.every((one) => this.#boots.get(one.id) === one);
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
): Promise<Map<string, Omit<Start, "run">> | undefined> {
  const file = await readSmallFile(disk, directory, fileName, format);
  if (file === undefined) return undefined;
  const { members } = file;
  if (!Array.isArray(members) || !members.every(isBoot))
    throw new KvorumError("ERR", `${directory}/${fileName} is not what kvorum writes: remove it`);
  return new Map(members.map((member) => [member.id, member]));
}

function isBoot(value: unknown): value is Omit<Start, "run"> {
  if (typeof value !== "object" || value === null) return false;
  const { id, incarnation, boot } = value as Record<string, unknown>;
  return typeof id === "string" && typeof incarnation === "string" && Number.isSafeInteger(boot);
}
