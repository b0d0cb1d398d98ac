import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { SimDisk } from "../sim/disk.ts";
import { systemDisk } from "../src/platform/disk-system.ts";
import { diskSuite } from "./disk-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "kvorum-disk-"));
after(() => rmSync(folder, { recursive: true }));

function emptyDirectory(): string {
  return mkdtempSync(join(folder, "root-"));
}

diskSuite("system", async () => ({ disk: systemDisk, root: emptyDirectory() }));

diskSuite("simulated", async () => {
  const disk = new SimDisk();
  await disk.makeDirectory("/data/root");
  return { disk, root: "/data/root" };
});

test("files and directories are their owner's alone", async () => {
  const root = emptyDirectory();
  await systemDisk.makeDirectory(`${root}/a`);
  await systemDisk.open(`${root}/a/file`, { mode: "create" });
  assert.equal(statSync(`${root}/a`).mode & 0o777, 0o700);
  assert.equal(statSync(`${root}/a/file`).mode & 0o777, 0o600);
});

test("a write that the system takes only in part goes on, and fails with the reason it then gives", () => {
  const path = join(emptyDirectory(), "file");
  const program = join(import.meta.dirname, "disk-limited-writer.js");
  // Eight blocks of 512 bytes.
  const command = 'ulimit -f 8 && exec "$0" "$@"';
  const { stdout } = spawnSync("sh", ["-c", command, process.execPath, program, path], { encoding: "utf8" });
  assert.equal(stdout, `DiskError: write ${path}: EFBIG\n`);
  assert.equal(readFileSync(path, "latin1"), "\0".repeat(100) + "a".repeat(3000) + "b".repeat(996));
});

if (process.platform === "linux") {
  test("a synchronous file is one for the operating system too", async () => {
    const root = emptyDirectory();
    const dsync = 0o10000;
    for (const mode of ["create", "write"] as const) {
      await systemDisk.open(`${root}/synchronous`, { mode, isSynchronous: true });
      await systemDisk.open(`${root}/plain`, { mode });
    }
    assert.deepEqual(
      flagsOf(`${root}/synchronous`).map((flags) => flags & dsync),
      [dsync, dsync],
    );
    assert.deepEqual(
      flagsOf(`${root}/plain`).map((flags) => flags & dsync),
      [0, 0],
    );
  });

  test("who is named in LOCK and still runs is refused to, also where the socket is free", async () => {
    const root = emptyDirectory();
    await (await systemDisk.lock(root)).release();
    assert.deepEqual(readdirSync(root), []);
    const lock = await systemDisk.lock(root);
    const text = readFileSync(join(root, "LOCK"), "utf8");
    await lock.release();
    writeFileSync(join(root, "LOCK"), text);
    await assert.rejects(systemDisk.lock(root), { message: inUseBy(root, process.pid) });
    // The same id, started at another time or on another day of the machine; and what nobody wrote.
    for (const stale of [
      text.replace(/started (\d+)/, (_, ticks) => `started ${Number(ticks) + 1}`),
      text.replace(/boot \S+/, "boot 0"),
      text.replace("pid", "pod"),
      "",
    ]) {
      writeFileSync(join(root, "LOCK"), stale);
      await (await systemDisk.lock(root)).release();
    }
  });

  test("a process that has ended and was not waited for holds nothing", async () => {
    const root = emptyDirectory();
    const parent = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      const pid = Number(await nextLine(parent));
      // It is this program, and no longer the shell, that does not wait for its child.
      while (!stat(parent.pid!).includes("(sleep)")) await new Promise(setImmediate);
      process.kill(pid, "SIGKILL");
      while (!/^\d+ \(.*\) Z/.test(stat(pid))) await new Promise(setImmediate);
      const lock = await systemDisk.lock(root);
      const text = readFileSync(join(root, "LOCK"), "utf8");
      await lock.release();
      const started = stat(pid)
        .replace(/^.*\) /, "")
        .split(" ")[19];
      const dead = text.replace(/pid \d+/, `pid ${pid}`).replace(/started \d+/, `started ${started}`);
      writeFileSync(join(root, "LOCK"), dead);
      await (await systemDisk.lock(root)).release();
    } finally {
      parent.kill();
    }
  });
}

test("two processes exclude each other, until one is released or killed", async () => {
  const root = emptyDirectory();
  const first = new Holder(root);
  assert.equal(await first.says(), "locked");
  assert.equal(await new Holder(root).says(), inUseBy(root, first.pid));
  await assert.rejects(systemDisk.lock(root), { name: "KvorumError", message: inUseBy(root, first.pid) });

  await first.release();
  assert.deepEqual(readdirSync(root), []);
  const second = new Holder(root);
  assert.equal(await second.says(), "locked");
  await second.kill();

  const third = new Holder(root);
  assert.equal(await third.says(), "locked");
  assert.equal(await new Holder(`${root}/.`).says(), inUseBy(`${root}/.`, third.pid));
  await third.kill();
  await (await systemDisk.lock(root)).release();
});

test("of many processes that want a lock at once, one has it", async () => {
  const root = emptyDirectory();
  const holders = Array.from({ length: 6 }, () => new Holder(root));
  const words = await Promise.all(holders.map((holder) => holder.says()));
  assert.equal(words.filter((word) => word === "locked").length, 1, words.join("\n"));
  await Promise.all(holders.map((holder) => holder.kill()));
});

function inUseBy(root: string, pid: number): string {
  return `${root} is in use by process ${pid} (remove nothing: stop that process first)`;
}

/** A process that tries to take a lock. */
class Holder {
  readonly #process: ChildProcess;

  constructor(directory: string) {
    const program = join(import.meta.dirname, "disk-lock-holder.js");
    this.#process = spawn(process.execPath, [program, directory], { stdio: ["pipe", "pipe", "inherit"] });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  says(): Promise<string> {
    return nextLine(this.#process);
  }

  async release(): Promise<void> {
    this.#process.stdin!.end();
    await this.#ended();
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended();
  }

  #ended(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => child.once("exit", () => resolve()));
  }
}

/** The first line that a process prints. */
async function nextLine(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0]!;
}

function stat(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "latin1");
}

/** How this process has opened a file, once for each time it has. */
function flagsOf(path: string): number[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return [];
      const info = readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
      return [Number.parseInt(/^flags:\s+(\d+)/m.exec(info)![1]!, 8)];
    } catch {
      // The descriptor of the listing itself.
      return [];
    }
  });
}
