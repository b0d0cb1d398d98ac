import { limits } from "../base/limits.ts";
import type { DiskFile } from "../platform/disk.ts";

/**
 * A piece of a file in memory that moves forward. It is 1 MiB long or as told, and longer only while one record
 * needs it.
 *
 *     file   ……………|##############|………………
 *                  ^position      ^position + length
 */
export class Window {
  bytes: Buffer = nothing;
  /** Where in the file the piece begins. */
  position = 0;
  /** Bytes of the file that are in the piece. */
  length = 0;
  readonly #file: DiskFile;
  readonly #pieceBytes: number;
  readonly #isShared: boolean;

  /** Shared: somebody keeps views of the bytes, so each piece is in memory of its own. */
  constructor(file: DiskFile, pieceBytes: number = limits.logReadBytes, isShared = false) {
    this.#file = file;
    this.#pieceBytes = pieceBytes;
    this.#isShared = isShared;
  }

  has(position: number, length: number): boolean {
    return position >= this.position && position + length <= this.position + this.length;
  }

  /**
   * Reads on, one piece, towards a range that is to be in the window; as much behind it as there is room comes in
   * too. A range that is longer takes several calls. What is behind the file's end stays out.
   */
  async load(position: number, length: number): Promise<void> {
    const isRoom = position >= this.position && position + length <= this.position + this.bytes.length;
    if (!isRoom) this.#move(position, Math.max(length, this.#pieceBytes));
    const at = this.length;
    const bytes = Math.min(this.bytes.length - at, this.#pieceBytes);
    this.length += await this.#file.read(this.bytes, at, bytes, this.position + at);
  }

  /** The piece begins here from now on, and has room for so much. */
  #move(position: number, size: number): void {
    const isUsedAgain = this.bytes.length === size && !this.#isShared;
    const into = isUsedAgain ? this.bytes : Buffer.allocUnsafeSlow(size);
    const kept = this.has(position, 1) ? this.position + this.length - position : 0;
    const from = position - this.position;
    if (kept > 0) this.bytes.copy(into, 0, from, from + kept);
    this.bytes = into;
    this.position = position;
    this.length = kept;
  }
}

const nothing = Buffer.alloc(0);
