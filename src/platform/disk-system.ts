import fs, { constants, promises } from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { assert } from "../base/assert.ts";
import {
  type Disk,
  type DiskCall,
  type DiskDone,
  DiskError,
  type DiskFile,
  type OpenOptions,
} from "./disk.ts";
import { lockDirectory } from "./disk-lock.ts";
import { partsBehind } from "./parts.ts";

/** Files of the operating system. */
export const systemDisk: Disk = {
  list: (directory) => attempt("list", directory, promises.readdir(directory)),
  makeDirectory: (path) => attempt("makeDirectory", path, makeDirectory(resolve(path))),
  open: (path, options) => attempt("open", path, open(path, options)),
  rename: (from, to) => attempt("rename", from, promises.rename(from, to)),
  remove: (path) => attempt("remove", path, promises.unlink(path)),
  syncDirectory: (path) => attempt("syncDirectory", path, syncDirectory(path)),
  freeBytes: (directory) => attempt("freeBytes", directory, freeBytes(directory)),
  lock: (directory, options) => lockDirectory(directory, options),
};

const fileMode = 0o600;
const directoryMode = 0o700;

/** Linux alone promises that O_DSYNC reaches the medium; elsewhere each write is followed by a sync. */
const synchronousFlag = process.platform === "linux" ? constants.O_DSYNC : 0;

const openFlags = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  write: constants.O_RDWR,
  read: constants.O_RDONLY,
} as const;

async function open(path: string, { mode, isSynchronous = false }: OpenOptions): Promise<DiskFile> {
  const flags = openFlags[mode] | (isSynchronous ? synchronousFlag : 0);
  const descriptor = await openDescriptor(path, flags, fileMode);
  return new SystemFile(path, descriptor, mode !== "read", isSynchronous && synchronousFlag === 0);
}

/**
 * Each directory is synced into its parent before another is made in it, so of those that are there only the
 * deepest may be one that a dead process did not come to sync.
 */
async function makeDirectory(path: string): Promise<void> {
  const missing: string[] = [];
  let deepest = path;
  while (!(await isDirectory(deepest))) {
    missing.push(deepest);
    deepest = dirname(deepest);
  }
  await syncForeign(dirname(deepest));
  for (const directory of missing.reverse()) {
    await promises.mkdir(directory, directoryMode).catch(unless("EEXIST"));
    await syncDirectory(dirname(directory));
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const stat = await promises.stat(path).catch(unless("ENOENT"));
  if (stat === undefined) return false;
  if (!stat.isDirectory()) throw Object.assign(new Error(`${path} is no directory`), { code: "ENOTDIR" });
  return true;
}

/** Where we may not read, we did not make the directory either: it is as durable as its owner wanted it. */
async function syncForeign(directory: string): Promise<void> {
  await syncDirectory(directory).catch(unless("EACCES", "EPERM"));
}

async function syncDirectory(path: string): Promise<void> {
  // A directory cannot be opened there, nor does it need to be.
  if (process.platform === "win32") return;
  const directory = await promises.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // EINVAL: a file system that has no such call, and keeps names by itself.
    await directory.sync().catch(unless("EINVAL"));
  } finally {
    await directory.close();
  }
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await promises.statfs(directory);
  return bavail * bsize;
}

const openDescriptor = promisify(fs.open);
const closeDescriptor = promisify(fs.close);
const truncateDescriptor = promisify(fs.ftruncate);
const statDescriptor = promisify(fs.fstat);

const noParts: readonly Buffer[] = [];

class SystemFile implements DiskFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #isWritable: boolean;
  readonly #syncsEachWrite: boolean;
  #isOpen = true;

  /** What of the write on its way is still to be written, and where. */
  #parts: readonly Buffer[] = noParts;
  #bytesLeft = 0;
  #position = 0;
  #writeDone: DiskDone | undefined;
  #syncDone: DiskDone | undefined;

  constructor(path: string, descriptor: number, isWritable: boolean, syncsEachWrite: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#isWritable = isWritable;
    this.#syncsEachWrite = syncsEachWrite;
  }

  async size(): Promise<number> {
    assert(this.#isOpen, "size of an open file");
    return (await attempt("size", this.path, statDescriptor(this.#descriptor))).size;
  }

  read(into: Buffer, at: number, length: number, position: number): Promise<number> {
    assert(this.#isOpen, "read of an open file");
    return attempt("read", this.path, readWhole(this.#descriptor, into, at, length, position));
  }

  write(parts: readonly Buffer[], position: number, done: DiskDone): void {
    assert(this.#isOpen && this.#isWritable, "write of a file that is open for it");
    assert(this.#writeDone === undefined, "one write at a time");
    this.#writeDone = done;
    this.#parts = parts;
    this.#position = position;
    this.#bytesLeft = 0;
    for (let i = 0; i < parts.length; i++) this.#bytesLeft += parts[i]!.length;
    this.#send();
  }

  #send(): void {
    const parts = this.#parts;
    if (parts.length === 1) {
      const part = parts[0]!;
      fs.write(this.#descriptor, part, 0, part.length, this.#position, this.#sent);
    } else {
      fs.writev(this.#descriptor, parts, this.#position, this.#sent);
    }
  }

  readonly #sent = (error: NodeJS.ErrnoException | null, count: number): void => {
    if (error !== null) {
      this.#written(diskError(error, "write", this.path));
      return;
    }
    this.#bytesLeft -= count;
    if (this.#bytesLeft > 0) this.#sendRest(count);
    else if (this.#syncsEachWrite) fs.fdatasync(this.#descriptor, this.#sentAndSynced);
    else this.#written(undefined);
  };

  /** The operating system took a part: near the end of the disk, or where there was a great deal to write. */
  #sendRest(count: number): void {
    if (count === 0) {
      this.#written(new DiskError("EIO", "write", this.path));
      return;
    }
    this.#position += count;
    this.#parts = partsBehind(this.#parts, count);
    this.#send();
  }

  readonly #sentAndSynced = (error: NodeJS.ErrnoException | null): void => {
    this.#written(error === null ? undefined : diskError(error, "write", this.path));
  };

  #written(error: DiskError | undefined): void {
    const done = this.#writeDone!;
    this.#writeDone = undefined;
    this.#parts = noParts;
    done(error);
  }

  sync(done: DiskDone): void {
    assert(this.#isOpen && this.#isWritable, "sync of a file that is open for writing");
    assert(this.#syncDone === undefined, "one sync at a time");
    this.#syncDone = done;
    fs.fdatasync(this.#descriptor, this.#synced);
  }

  readonly #synced = (error: NodeJS.ErrnoException | null): void => {
    const done = this.#syncDone!;
    this.#syncDone = undefined;
    done(error === null ? undefined : diskError(error, "sync", this.path));
  };

  truncate(size: number): Promise<void> {
    assert(this.#isOpen && this.#isWritable, "truncate of a file that is open for writing");
    assert(this.#writeDone === undefined, "no truncate during a write");
    return attempt("truncate", this.path, truncateDescriptor(this.#descriptor, size));
  }

  close(): Promise<void> {
    assert(this.#isOpen, "a file is closed once");
    assert(this.#writeDone === undefined && this.#syncDone === undefined, "no close during a write or sync");
    this.#isOpen = false;
    return attempt("close", this.path, closeDescriptor(this.#descriptor));
  }
}

const readDescriptor = promisify(fs.read);

async function readWhole(
  descriptor: number,
  into: Buffer,
  at: number,
  length: number,
  position: number,
): Promise<number> {
  let read = 0;
  while (read < length) {
    const { bytesRead } = await readDescriptor(descriptor, into, at + read, length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return read;
}

async function attempt<T>(call: DiskCall, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw diskError(error, call, path);
  }
}

function diskError(error: unknown, call: DiskCall, path: string): DiskError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return new DiskError(code, call, path, { cause: error });
}

/** For `catch`: lets errors with one of these codes pass as undefined. */
function unless(...codes: readonly string[]): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
    return undefined;
  };
}
