import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import type { HeldSnapshot } from "../log/held-snapshot.ts";
import type { SnapshotStore } from "../log/snapshots.ts";
import type { Peers } from "../peers/contract.ts";
import type { SnapshotProgress } from "../peers/message.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { InstallSnapshot } from "../raft/message.ts";
import type { NodeId } from "../raft/types.ts";

export interface SnapshotSenderParts {
  readonly store: SnapshotStore;
  /** Bytes of a snapshot that go at a time. */
  readonly pieceBytes: number;
  /** Of all transfers together. */
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  readonly peers: Peers;
  readonly logger: Logger;
}

/** Without a word of its arrival, a piece is sent again after so long … */
const repeatMs = 500;
/** … and so often: after that the member is given up, and the core begins again. */
const repeatsMax = 20;

/**
 * Brings snapshots to members that lag, a piece at a time each: the next one leaves when the arrival of the one
 * before was told, and all of them together take no more than their share of the network and of the disk. `onEnd` is
 * called once for each `send`, whatever becomes of it.
 */
export class SnapshotSender {
  readonly #parts: SnapshotSenderParts;
  readonly #onEnd: (to: NodeId, isDone: boolean) => void;
  readonly #transfers = new Map<NodeId, Transfer>();
  readonly #pace: Pace;
  /** The number of the last transfer. */
  #number = 0;

  constructor(parts: SnapshotSenderParts, onEnd: (to: NodeId, isDone: boolean) => void) {
    this.#parts = parts;
    this.#pace = new Pace(parts);
    this.#onEnd = onEnd;
  }

  send(install: InstallSnapshot): void {
    const { to } = install;
    this.#transfers.get(to)?.end(false);
    const transfer = new Transfer({ ...this.#parts, pace: this.#pace }, install, ++this.#number, (isDone) => {
      if (this.#transfers.get(to) === transfer) this.#transfers.delete(to);
      this.#onEnd(to, isDone);
    });
    this.#transfers.set(to, transfer);
    void transfer.begin();
  }

  progressed(progress: SnapshotProgress): void {
    this.#transfers.get(progress.from)?.progressed(progress);
  }

  /** This node does not lead any more. */
  stopAll(): void {
    for (const transfer of [...this.#transfers.values()]) transfer.end(false);
  }

  close(): void {
    this.stopAll();
  }
}

/** So many bytes a second, for all transfers together. */
class Pace {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  #freeMs = 0;

  constructor({ clock, bytesPerSecond }: SnapshotSenderParts) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** How long to wait with the next piece. */
  get waitMs(): number {
    return Math.max(0, this.#freeMs - this.#clock.monotonicMs());
  }

  sent(bytes: number): void {
    const startMs = Math.max(this.#freeMs, this.#clock.monotonicMs());
    this.#freeMs = startMs + (bytes / this.#bytesPerSecond) * 1000;
  }
}

class Transfer {
  readonly #parts: SnapshotSenderParts & { readonly pace: Pace };
  readonly #install: InstallSnapshot;
  readonly #number: number;
  readonly #onEnd: (isDone: boolean) => void;
  #snapshot: HeldSnapshot | undefined;
  #offset = 0;
  #isReading = false;
  #isOver = false;
  #repeats = 0;
  #timer: Timer | undefined;

  constructor(
    parts: SnapshotSenderParts & { readonly pace: Pace },
    install: InstallSnapshot,
    number: number,
    onEnd: (isDone: boolean) => void,
  ) {
    this.#parts = parts;
    this.#install = install;
    this.#number = number;
    this.#onEnd = onEnd;
  }

  async begin(): Promise<void> {
    const { store } = this.#parts;
    const meta = store.all.find(({ index }) => index === this.#install.snapshot.index);
    assert(meta !== undefined, "the core speaks of the newest snapshot, which is there");
    try {
      const snapshot = await store.hold(meta);
      this.#snapshot = snapshot;
      if (this.#isOver) await snapshot.release();
      else await this.#sendPiece();
    } catch (error) {
      this.#failed(error);
    }
  }

  progressed({ transfer, received, hasFailed }: SnapshotProgress): void {
    if (transfer !== this.#number || this.#snapshot === undefined || this.#isOver) return;
    if (hasFailed || received >= this.#snapshot.bytes) this.end(!hasFailed);
    // Told twice is once: what was lost is sent again in its time.
    else if (received !== this.#offset) this.#goOnFrom(received);
  }

  #goOnFrom(offset: number): void {
    this.#repeats = 0;
    this.#offset = offset;
    this.#timer?.cancel();
    const { waitMs } = this.#parts.pace;
    if (waitMs < 1) this.#sendPiece().catch((error) => this.#failed(error));
    else
      this.#timer = this.#parts.clock.after(
        waitMs,
        () => void this.#sendPiece().catch((error) => this.#failed(error)),
      );
  }

  end(isDone: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#snapshot?.release().catch(() => {});
    this.#onEnd(isDone);
  }

  async #sendPiece(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const snapshot = this.#snapshot!;
    const offset = this.#offset;
    const bytes = await snapshot.read(offset, this.#parts.pieceBytes);
    this.#isReading = false;
    if (this.#isOver) return;
    this.#parts.pace.sent(bytes.length);
    const { from, to } = this.#install;
    this.#parts.peers.send({
      ...{ type: "snapshotPiece", from, to, install: this.#install, transfer: this.#number },
      ...{ offset, totalBytes: snapshot.bytes, bytes },
    });
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(repeatMs, () => this.#repeat());
  }

  #repeat(): void {
    reached("snapshot-piece-sent-again");
    this.#timer = undefined;
    if (++this.#repeats > repeatsMax) this.end(false);
    else this.#sendPiece().catch((error) => this.#failed(error));
  }

  #failed(error: unknown): void {
    reached("snapshot-unreadable");
    this.#isReading = false;
    const why = error instanceof Error ? error.message : String(error);
    this.#parts.logger.error(`the snapshot for ${this.#install.to} could not be read: ${why}`);
    this.end(false);
  }
}
