import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { readU32, writeU32, writeU48 } from "../base/numbers.ts";
import { engineVersionMax } from "../engine/version.ts";
import type { Clock } from "../platform/clock.ts";
import { crc32 } from "../platform/crc32.ts";
import type { Disk, DiskFile } from "../platform/disk.ts";
import type { Configuration } from "../raft/configuration.ts";
import { syncFile, withFile, writeTo } from "./calls.ts";
import { newerKvorumWrote } from "./fault.ts";
import {
  beginFrameHead,
  type FrameKind,
  frameHeadBytes,
  frameKinds,
  frameProblem,
  payloadLengthOf,
  snapshotRefusal,
} from "./snapshot-frame.ts";

/** What state a snapshot holds. */
export interface SnapshotMeta {
  readonly format: number;
  readonly clusterId: string;
  /** The last entry that the state has. */
  readonly index: number;
  readonly term: number;
  /** Of the last write that changed anything. */
  readonly revision: number;
  /** Cluster time of the state, in ms since 1970. */
  readonly timeMs: number;
  readonly hashKey: readonly [number, number];
  /** Keys in each database. */
  readonly keys: readonly number[];
  /** The members as of then; absent where the node was alone and nobody ever asked. */
  readonly configuration?: Configuration;
  /** The entry that said so; 0 or absent: none. */
  readonly configurationIndex?: number;
  readonly sessions: number;
  /** By which the next entries are applied. */
  readonly engineVersion: number;
  /** When it was taken, by this machine's clock. */
  readonly createdWallMs: number;
}

/** 1: without sessions, which are none then, and without an engine version, which is 1. */
export const snapshotFormat = 2;

/** Writes one snapshot, at a bounded pace, and syncs it a little at a time. */
export class SnapshotFileWriter {
  /** Without regard to pace from now on. */
  hurries = false;
  #position = 0;
  #number = 0;
  #salt = 0;
  #syncedTo = 0;
  readonly #file: DiskFile;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #head: Buffer = Buffer.alloc(frameHeadBytes);

  constructor(file: DiskFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  get bytes(): number {
    return this.#position;
  }

  async begin(meta: SnapshotMeta): Promise<void> {
    this.#salt = await this.#frame(frameKinds.header, [Buffer.from(JSON.stringify(meta))]);
  }

  /** Adds a chunk, whose parts are the caller's again when this resolves. */
  async write(parts: readonly Buffer[]): Promise<void> {
    await this.#frame(frameKinds.data, parts);
  }

  /** Durable when this resolves. */
  async end(): Promise<void> {
    const payload = Buffer.alloc(6);
    writeU48(payload, 0, this.#position);
    await this.#frame(frameKinds.end, [payload]);
    await syncFile(this.#file);
  }

  /** Returns its checksum. A long frame is written piece by piece, and its head at last. */
  async #frame(kind: FrameKind, parts: readonly Buffer[]): Promise<number> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const start = this.#position;
    const isLong = length > limits.snapshotReadBytes;
    let crc = beginFrameHead(this.#head, kind, this.#number++, this.#salt, length);
    if (isLong) this.#position += frameHeadBytes;
    for (const piece of isLong ? piecesOf(parts) : parts) {
      crc = crc32(piece, 0, piece.length, crc);
      if (isLong) await this.#put([piece]);
    }
    writeU32(this.#head, 0, crc);
    if (isLong) await writeTo(this.#file, [this.#head], start);
    else await this.#put([this.#head, ...parts]);
    return crc;
  }

  async #put(parts: readonly Buffer[]): Promise<void> {
    await writeTo(this.#file, parts, this.#position);
    for (const part of parts) this.#position += part.length;
    if (this.#position - this.#syncedTo >= limits.snapshotSyncBytes) {
      this.#syncedTo = this.#position;
      await syncFile(this.#file);
    }
    await this.#keepPace();
  }

  /** Waits while more was written than the time allows. */
  async #keepPace(): Promise<void> {
    const dueMs = this.#startMs + (this.#position * 1000) / limits.snapshotBytesPerSecond;
    const aheadMs = dueMs - this.#clock.monotonicMs();
    if (this.hurries || aheadMs < paceStepMs) return;
    await new Promise<void>((resolve) => this.#clock.after(aheadMs, resolve));
  }
}

function* piecesOf(parts: readonly Buffer[]): Iterable<Buffer> {
  for (const part of parts)
    for (let at = 0; at < part.length; at += limits.snapshotReadBytes)
      yield part.subarray(at, at + limits.snapshotReadBytes);
}

/** Timers are no finer. */
const paceStepMs = 2;

/** Takes a chunk, which is the reader's again when this returns or its promise resolves. */
export type ChunkVisitor = (chunk: Buffer, meta: SnapshotMeta) => Promise<void> | undefined | void;

/**
 * Reads a snapshot from its first byte to its last and gives out its chunks.
 * Rejects with KvorumError at the first thing that is wrong. Resolves with what the header says.
 */
export function readSnapshotFile(
  disk: Disk,
  path: string,
  onChunk: ChunkVisitor,
  onProgress: (part: number) => void = () => {},
): Promise<SnapshotMeta> {
  return withFile(disk, path, { mode: "read" }, async (file) => {
    const reader = new FrameReader(file, await file.size());
    const meta = parseMeta(path, await reader.next());
    for (;;) {
      const frame = await reader.next();
      const payload = frame.subarray(frameHeadBytes);
      if (frame[16] === frameKinds.end) {
        reader.finish(payload);
        return meta;
      }
      if (frame[16] !== frameKinds.data)
        throw reader.refusal("a frame of a kind that this version does not know");
      const taken = onChunk(payload, meta);
      if (taken !== undefined) await taken;
      onProgress(reader.part);
    }
  });
}

/** What the header of a snapshot says, without a look at the rest. */
export function readSnapshotMeta(disk: Disk, path: string): Promise<SnapshotMeta> {
  return withFile(disk, path, { mode: "read" }, async (file) =>
    parseMeta(path, await new FrameReader(file, await file.size()).next()),
  );
}

function parseMeta(path: string, frame: Buffer): SnapshotMeta {
  if (frame[16] !== frameKinds.header) throw snapshotRefusal(path, 0, "it does not begin with a header");
  const written = JSON.parse(frame.toString("utf8", frameHeadBytes)) as SnapshotMeta;
  const meta = { ...written, sessions: written.sessions ?? 0, engineVersion: written.engineVersion ?? 1 };
  refuseNewer(path, "format", meta.format, snapshotFormat);
  refuseNewer(path, "engine version", meta.engineVersion, engineVersionMax);
  return meta;
}

function refuseNewer(path: string, what: string, found: number, known: number): void {
  if (found <= known) return;
  const versions = `${what} ${found}, and this one knows ${known}`;
  throw new KvorumError("ERR", `${newerKvorumWrote(path)} (${versions}): start that one`);
}

/** One frame after the other, through a window of bounded size. */
class FrameReader {
  readonly #file: DiskFile;
  readonly #size: number;
  #window: Buffer = Buffer.alloc(0);
  /** Where in the file the window begins, how much of it is filled, and where in it the next frame begins. */
  #base = 0;
  #filled = 0;
  #at = 0;
  #number = 0;
  #salt = 0;

  constructor(file: DiskFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  get part(): number {
    return this.#offset / this.#size;
  }

  get #offset(): number {
    return this.#base + this.#at;
  }

  refusal(why: string): Error {
    return snapshotRefusal(this.#file.path, this.#offset, why);
  }

  /** The next frame, whole and right. Good until the next call. */
  async next(): Promise<Buffer> {
    while (this.#inWindow < frameHeadBytes) await this.#load(frameHeadBytes);
    const length = frameHeadBytes + payloadLengthOf(this.#window.subarray(this.#at));
    if (length > limits.snapshotFrameBytesMax)
      throw this.refusal("a frame is longer than any that is written");
    const crc = await this.#checksum(length);
    const frame = this.#window.subarray(this.#at, this.#at + length);
    const problem = frameProblem(frame, crc, this.#number, this.#salt);
    if (problem !== "") throw this.refusal(problem);
    if (this.#number === 0) this.#salt = readU32(frame, 0);
    this.#number++;
    this.#at += length;
    return frame;
  }

  /** Of the next frame, all of which is in the window then; what is long takes a turn a piece. */
  async #checksum(length: number): Promise<number> {
    let crc = 0;
    for (let done = crcBytes; ; ) {
      const end = Math.min(this.#inWindow, length);
      if (end > done) crc = crc32(this.#window, this.#at + done, this.#at + end, crc);
      if (end === length) return crc;
      done = Math.max(done, end);
      await this.#load(length);
    }
  }

  /** The end frame was the last one: it must say how much is before it, and nothing may be behind it. */
  finish(payload: Buffer): void {
    const before = this.#offset - frameHeadBytes - payload.length;
    if (payload.length !== 6 || payload.readUIntLE(0, 6) !== before) throw this.refusal("frames are missing");
    if (this.#offset !== this.#size) throw this.refusal("there is more behind its end");
  }

  /** Bytes from the next frame's first on. */
  get #inWindow(): number {
    return this.#filled - this.#at;
  }

  /** Reads one piece more of the next frame, which is so long at least. */
  async #load(length: number): Promise<void> {
    if (this.#at + length > this.#window.length) this.#makeRoom(length);
    const bytes = Math.min(this.#window.length - this.#filled, limits.snapshotReadBytes);
    const read = await this.#file.read(this.#window, this.#filled, bytes, this.#base + this.#filled);
    if (read === 0) throw this.refusal("it breaks off");
    this.#filled += read;
  }

  /** The next frame comes to the begin of the window, which becomes as long as it must. */
  #makeRoom(length: number): void {
    const room = Math.max(limits.snapshotReadBytes, length);
    const window = this.#window.length >= room ? this.#window : Buffer.allocUnsafeSlow(room);
    this.#window.copy(window, 0, this.#at, this.#filled);
    this.#base += this.#at;
    this.#filled -= this.#at;
    this.#at = 0;
    this.#window = window;
  }
}

/** Of the checksum itself, which stands in front of what it is of. */
const crcBytes = 4;
