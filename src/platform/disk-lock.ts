import { readFileSync } from "node:fs";
import { readFile, stat, unlink, writeFile } from "node:fs/promises";
import net from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { KvorumError } from "../base/errors.ts";
import type { DiskLock, LockOptions } from "./disk.ts";

/**
 * Takes a directory for this process alone.
 *
 * On Linux the lock is an abstract socket: a name without a file that the kernel gives to one process and takes
 * back when that ends, however it ends. It is derived from device and inode, so every path and mount of the
 * directory leads to it. A network namespace has such names of its own; so the file LOCK, which is there to tell
 * people who runs in here, is also looked at: who is named there and still runs is refused to. What neither sees
 * is another container with network and processes of its own, or another machine, on the same files.
 *
 * Elsewhere LOCK alone must do. It is made exclusively, but two processes that at the same time find one left by
 * a dead process may both take it over.
 */
export async function lockDirectory(
  directory: string,
  { isReadOnly = false }: LockOptions = {},
): Promise<DiskLock> {
  const path = join(directory, "LOCK");
  const lock = isLinux ? lockBySocket : lockByFile;
  try {
    return await lock(directory, path, isReadOnly);
  } catch (error) {
    if (error instanceof KvorumError) throw error;
    throw new KvorumError("ERR", `cannot lock ${directory}: ${(error as Error).message}`, { cause: error });
  }
}

const isLinux = process.platform === "linux";

async function lockBySocket(directory: string, path: string, isReadOnly: boolean): Promise<DiskLock> {
  const server = await listenAlone(await socketName(directory));
  if (server === undefined) throw inUse(directory, await runningHolder(path));
  try {
    const holder = await runningHolder(path);
    if (holder !== undefined) throw inUse(directory, holder);
    if (!isReadOnly) {
      // For people only: a full or read-only disk is no reason against the lock.
      await unlink(path).catch(() => {});
      await writeFile(path, describe(thisProcess()), { flag: "wx", mode: 0o600 }).catch(() => {});
    }
  } catch (error) {
    await closed(server);
    throw error;
  }
  return {
    async release() {
      if (!isReadOnly) await unlink(path).catch(() => {});
      await closed(server);
    },
  };
}

async function lockByFile(directory: string, path: string, isReadOnly: boolean): Promise<DiskLock> {
  const holder = await runningHolder(path);
  if (holder !== undefined) throw inUse(directory, holder);
  if (isReadOnly) return { release: async () => {} };
  await unlink(path).catch(() => {});
  try {
    await writeFile(path, describe(thisProcess()), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw inUse(directory, await runningHolder(path));
    throw error;
  }
  return { release: () => unlink(path).catch(() => {}) };
}

/**
 * The longest name there can be, so that it is the same one for every version of Node.js: older ones fill it up
 * with zeros, newer ones do not.
 */
async function socketName(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory, { bigint: true });
  return `\0${`kvorum-${dev}-${ino}-`.padEnd(socketNameBytes - 1, "x")}`;
}

/** The path of a sockaddr_un. */
const socketNameBytes = 108;

/** Listens, or undefined where somebody else does. */
function listenAlone(name: string): Promise<net.Server | undefined> {
  const server = net.createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    // Exclusive: the workers of a node:cluster would share it.
    server.listen({ path: name, exclusive: true }, () => resolve(server.unref()));
  });
}

function closed(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function inUse(directory: string, holder: Holder | undefined): KvorumError {
  const who = holder === undefined ? "another process" : `process ${holder.pid}`;
  return new KvorumError("ERR", `${directory} is in use by ${who} (remove nothing: stop that process first)`);
}

/** A process, told apart from later ones with the same id by the time it was started at. */
interface Holder {
  readonly pid: number;
  /** Clock ticks since the machine was started, "0" where that is not told. */
  readonly started: string;
  /** The start of the machine, "0" where it has no name. */
  readonly boot: string;
}

function thisProcess(): Holder {
  return { pid: process.pid, started: startOf(process.pid) ?? "0", boot: bootId() };
}

function describe({ pid, started, boot }: Holder): string {
  return `pid ${pid}\nstarted ${started}\nboot ${boot}\nhost ${hostname()}\n`;
}

/** Who is named in LOCK, if it still runs. A file that cannot be understood names nobody. */
async function runningHolder(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, "latin1").catch(() => "");
  const match = /^pid (\d{1,10})\nstarted (\d+)\nboot (\S+)\n/.exec(text);
  if (match === null) return undefined;
  const holder = { pid: Number(match[1]), started: match[2]!, boot: match[3]! };
  return isRunning(holder) ? holder : undefined;
}

function isRunning({ pid, started, boot }: Holder): boolean {
  if (boot !== bootId()) return false;
  if (isLinux) return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process was started, undefined where there is none or where it has ended and nobody took notice. */
function startOf(pid: number): string | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  // Behind the name, which may hold anything: the third field is the state, the 22nd the start.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return /^[ZXx]$/.test(fields[0] ?? "") ? undefined : fields[19];
}

function bootId(): string {
  return readProc("/proc/sys/kernel/random/boot_id").trim() || "0";
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
