import { assert } from "../base/assert.ts";
import { KvorumError } from "../base/errors.ts";
import { reached } from "../base/reached.ts";
import type { DataDirectory } from "../log/data-directory.ts";
import type { SnapshotMeta } from "../log/snapshot-file.ts";
import type { ReceivedSnapshot } from "../log/snapshots.ts";
import type { Peers } from "../peers/contract.ts";
import type { SnapshotPiece } from "../peers/message.ts";
import type { Logger } from "../platform/logger.ts";
import type { InstallSnapshot } from "../raft/message.ts";
import type { Snapshot } from "../raft/types.ts";

export interface SnapshotReceiverParts {
  readonly directory: DataDirectory;
  readonly peers: Peers;
  readonly logger: Logger;
}

/** A snapshot on its way here. */
interface Arrival {
  readonly from: string;
  readonly transfer: number;
  file: ReceivedSnapshot | undefined;
  meta: SnapshotMeta | undefined;
}

/**
 * Takes a leader's snapshot, one at a time, and verifies it. When all of it is there, the core is told of it, which
 * may want it or not: `adopt` makes it the state of this node.
 *
 *     pieces ──► received.partial ──verify──► onComplete ──► adopt
 */
export class SnapshotReceiver {
  readonly #parts: SnapshotReceiverParts;
  readonly #onComplete: (install: InstallSnapshot) => void;
  #arrival: Arrival | undefined;
  /** Something is done with the file. A piece that comes meanwhile is lost, and comes again. */
  #isBusy = false;
  #isHeld = false;
  #isClosed = false;

  constructor(parts: SnapshotReceiverParts, onComplete: (install: InstallSnapshot) => void) {
    this.#parts = parts;
    this.#onComplete = onComplete;
  }

  /** `term` is this node's: who leads no more has nothing to send. */
  received(piece: SnapshotPiece, term: number): void {
    if (this.#isBusy || this.#isHeld || this.#isClosed || piece.install.term < term) {
      reached("snapshot-piece-left-out");
      return;
    }
    this.#isBusy = true;
    this.#take(piece)
      .catch((error) => this.#failed(piece, error))
      .finally(() => {
        this.#isBusy = false;
      });
  }

  /** The core wants what has arrived: nothing else is taken until it is adopted. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The snapshot that was complete becomes the newest of the directory. */
  async adopt({ index, term }: Snapshot): Promise<void> {
    const { meta, file } = this.#arrival!;
    assert(meta?.index === index && meta.term === term, "what is installed has arrived");
    this.#arrival = undefined;
    await file!.adopt(meta);
    this.#isHeld = false;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #take(piece: SnapshotPiece): Promise<void> {
    const { from, transfer, offset, totalBytes } = piece;
    if (this.#arrival?.from !== from || this.#arrival.transfer !== transfer) await this.#begin(piece);
    const arrival = this.#arrival!;
    const file = arrival.file!;
    if (offset !== file.bytes) reached("snapshot-piece-out-of-order");
    if (arrival.meta === undefined && offset === file.bytes) {
      await file.write(piece.bytes);
      if (file.bytes >= totalBytes) {
        arrival.meta = await file.finish();
        this.#check(arrival.meta, piece.install);
        this.#tell(piece, file.bytes, false);
        if (!this.#isClosed) this.#onComplete(piece.install);
        return;
      }
    }
    this.#tell(piece, file.bytes, false);
  }

  async #begin({ from, transfer }: SnapshotPiece): Promise<void> {
    if (this.#arrival !== undefined) reached("snapshot-of-another-transfer");
    await this.#arrival?.file?.drop();
    this.#arrival = { from, transfer, file: undefined, meta: undefined };
    this.#arrival.file = await this.#parts.directory.snapshots.receive();
  }

  /** What came is what the leader's core spoke of. */
  #check(meta: SnapshotMeta, { snapshot }: InstallSnapshot): void {
    const { clusterId } = this.#parts.directory.identity;
    if (meta.clusterId !== clusterId) throw new KvorumError("ERR", `it belongs to cluster ${meta.clusterId}`);
    if (meta.index !== snapshot.index || meta.term !== snapshot.term)
      throw new KvorumError("ERR", `it reaches to entry ${meta.index}, and should to ${snapshot.index}`);
  }

  #tell({ from, to, transfer }: SnapshotPiece, received: number, hasFailed: boolean): void {
    if (this.#isClosed) return;
    this.#parts.peers.send({ type: "snapshotProgress", from: to, to: from, transfer, received, hasFailed });
  }

  async #failed(piece: SnapshotPiece, error: unknown): Promise<void> {
    reached("snapshot-not-taken");
    const why = error instanceof Error ? error.message : String(error);
    this.#parts.logger.error(`a snapshot from ${piece.from} was not taken: ${why}`);
    await this.#arrival?.file?.drop();
    this.#arrival = undefined;
    this.#tell(piece, 0, true);
  }
}
