/**
 * Files that must outlive the process. The real twin is disk-system.ts; the simulated one (sim/disk.ts) loses,
 * tears and refuses as real disks do. Both pass one suite.
 *
 * What is durable: bytes of a file after `sync`, or when their write is done where it was opened with
 * `isSynchronous`; a new name, a rename and a removal after `syncDirectory` of the directory (of both where a
 * file moved). Nothing else is: a crash of the machine may keep any part of it, in any order, down to single
 * sectors of 512 bytes. That includes what a process wrote that died before it synced: whoever finds it must
 * sync before relying on it.
 *
 * Promises reject with DiskError, but for `lock`.
 */
export interface Disk {
  /** Names in a directory, without order. Rejects with ENOENT where there is none. */
  list(directory: string): Promise<string[]>;
  /**
   * Makes a directory and its parents where they are missing, each durable in its parent before the next is made
   * in it. So where a process died at it, calling it again makes the rest durable too.
   */
  makeDirectory(path: string): Promise<void>;
  /** A new file and a new directory are their owner's alone. */
  open(path: string, options: OpenOptions): Promise<DiskFile>;
  /** Gives a file another name, in place of a file that had it. */
  rename(from: string, to: string): Promise<void>;
  /** Rejects with ENOENT where there is no such file. */
  remove(path: string): Promise<void>;
  /** Makes names that were given or taken in this directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes that can still be written in the file system of this directory. */
  freeBytes(directory: string): Promise<number>;
  /**
   * Takes the directory for this process alone until `release`, or the end of the process, however it ends.
   * Rejects with KvorumError, which names the holder where somebody else has it.
   */
  lock(directory: string, options?: LockOptions): Promise<DiskLock>;
}

export interface LockOptions {
  /**
   * Leaves the directory as it is, for who only looks at it. Where a file is all that there is to lock with (not
   * on Linux), this keeps nobody out; it is still refused where somebody is in.
   */
  readonly isReadOnly?: boolean;
}

export interface OpenOptions {
  /** "create": must not be there yet (EEXIST); "write": must be there (ENOENT), for reading and writing; "read". */
  readonly mode: "create" | "write" | "read";
  /** A write is durable when it is done (O_DSYNC). */
  readonly isSynchronous?: boolean;
}

/**
 * A failed write or sync leaves it unknown what is on the disk: whoever sees one must not try again. A second
 * sync may succeed without having written anything.
 */
export interface DiskFile {
  readonly path: string;
  size(): Promise<number>;
  /**
   * Reads `length` bytes from `position` into `into` at `at`: fewer only where the file ends. Resolves with their
   * number. What is read while it is being written may be old or new.
   */
  read(into: Buffer, at: number, length: number, position: number): Promise<number>;
  /**
   * Writes the parts one behind the other from `position` on; the file grows where it must, and what it skips
   * reads as zeros. The parts are the file's until `done` is called, which happens once and never before `write`
   * has returned. Only one write at a time. This is the hot path of the log, so there is no promise.
   */
  write(parts: readonly Buffer[], position: number, done: DiskDone): void;
  /**
   * Makes durable what was done before this call (fdatasync): a write that is on its way is not in it. Only one
   * sync at a time; `done` as in `write`.
   */
  sync(done: DiskDone): void;
  /** Cuts the file, or lets it grow with zeros. Not while a write is on its way; durable after `sync`. */
  truncate(size: number): Promise<void>;
  /** Not while a write or a sync is on its way. Makes nothing durable. */
  close(): Promise<void>;
}

export type DiskDone = (error: DiskError | undefined) => void;

export interface DiskLock {
  release(): Promise<void>;
}

/** The calls of the contract, by their names. */
export type DiskCall = keyof Disk | Exclude<keyof DiskFile, "path">;

/** Weather of the disk. `code` is the operating system's: ENOENT, EEXIST, EIO, ENOSPC, EROFS, EACCES … */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: string;
  /** What was tried. */
  readonly call: DiskCall;
  readonly path: string;

  constructor(code: string, call: DiskCall, path: string, options?: ErrorOptions) {
    super(`${call} ${path}: ${code}`, options);
    this.code = code;
    this.call = call;
    this.path = path;
  }
}
