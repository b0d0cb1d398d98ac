import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disk, DiskCall, DiskFile } from "../src/platform/disk.ts";
import { bytesOf, synced, written } from "./disk-calls.ts";

/** What every twin of the disk must do: the contract, sentence by sentence. `make` gives an empty directory. */
export function diskSuite(name: string, make: () => Promise<{ disk: Disk; root: string }>): void {
  const check = (what: string, run: (disk: Disk, root: string) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      const { disk, root } = await make();
      await run(disk, root);
    });
  };

  check("a directory lists its names", async (disk, root) => {
    assert.deepEqual(await disk.list(root), []);
    await created(disk, `${root}/b`);
    await created(disk, `${root}/a`);
    await disk.makeDirectory(`${root}/c`);
    await created(disk, `${root}/c/d`);
    assert.deepEqual((await disk.list(root)).sort(), ["a", "b", "c"]);
    await refused(disk.list(`${root}/none`), "ENOENT", "list", `${root}/none`);
    await refused(disk.list(`${root}/a`), "ENOTDIR", "list", `${root}/a`);
  });

  check("a directory is made with its parents, and may be there already", async (disk, root) => {
    await disk.makeDirectory(`${root}/a/b/c`);
    await created(disk, `${root}/a/b/c/file`);
    await disk.makeDirectory(`${root}/a/b/c`);
    await disk.makeDirectory(`${root}/a/b/d`);
    assert.deepEqual((await disk.list(`${root}/a/b`)).sort(), ["c", "d"]);
    assert.deepEqual(await disk.list(`${root}/a/b/c`), ["file"]);
    await refused(disk.makeDirectory(`${root}/a/b/c/file`), "ENOTDIR", "makeDirectory");
    await refused(disk.makeDirectory(`${root}/a/b/c/file/x`), "ENOTDIR", "makeDirectory");
  });

  check("a file is created where there is none", async (disk, root) => {
    const file = await created(disk, `${root}/file`);
    assert.equal(file.path, `${root}/file`);
    assert.equal(await file.size(), 0);
    await refused(created(disk, `${root}/file`), "EEXIST", "open", `${root}/file`);
    await refused(created(disk, `${root}/none/file`), "ENOENT", "open");
    await refused(created(disk, `${root}/file/file`), "ENOTDIR", "open");
    await refused(created(disk, root), "EEXIST", "open");
  });

  check("a file is opened where there is one, and keeps what is in it", async (disk, root) => {
    await created(disk, `${root}/file`, "what was there");
    const file = await disk.open(`${root}/file`, { mode: "write" });
    await written(file, Buffer.from("is "), 5);
    const reader = await disk.open(`${root}/file`, { mode: "read" });
    assert.equal(String(await bytesOf(reader)), "what is  there");
    assert.equal(String(await bytesOf(file)), "what is  there");
    await refused(disk.open(`${root}/none`, { mode: "write" }), "ENOENT", "open", `${root}/none`);
    await refused(disk.open(`${root}/none`, { mode: "read" }), "ENOENT", "open");
    await refused(disk.open(root, { mode: "write" }), "EISDIR", "open");
  });

  check("a read gives what was asked for, and less only at the end", async (disk, root) => {
    const file = await created(disk, `${root}/file`, "0123456789");
    const into = Buffer.from("................");
    assert.equal(await file.read(into, 2, 4, 3), 4);
    assert.equal(String(into), "..3456..........");
    assert.equal(await file.read(into, 10, 6, 8), 2);
    assert.equal(String(into), "..3456....89....");
    assert.equal(await file.read(into, 0, 4, 10), 0);
    assert.equal(await file.read(into, 0, 4, 5000), 0);
    assert.equal(await file.read(into, 0, 0, 0), 0);
    assert.equal(String(into), "..3456....89....");
  });

  check("parts are written one behind the other, any number of them", async (disk, root) => {
    const file = await created(disk, `${root}/file`);
    const words = ["one", "", "two", "three"].map((word) => Buffer.from(word));
    await written(file, words, 0);
    await written(file, [], 3);
    await written(file, [Buffer.alloc(0)], 100);
    assert.equal(String(await bytesOf(file)), "onetwothree");
    const many = Array.from({ length: 5000 }, (_, i) => Buffer.from(`${i},`));
    await written(file, many, 3);
    assert.equal(String(await bytesOf(file)), `one${many.join("")}`);
  });

  check("a large write is written whole", async (disk, root) => {
    const file = await created(disk, `${root}/file`);
    const bytes = Buffer.from(Uint32Array.from({ length: 400_000 }, (_, i) => i * 2_654_435_761).buffer);
    await written(
      file,
      [bytes.subarray(0, 7), bytes.subarray(7, 1_000_001), bytes.subarray(1_000_001)],
      1234,
    );
    assert.equal(await file.size(), 1234 + bytes.length);
    assert.ok((await bytesOf(file)).subarray(1234).equals(bytes));
  });

  check("what a write skips reads as zeros", async (disk, root) => {
    const file = await created(disk, `${root}/file`, "begin");
    await written(file, Buffer.from("end"), 10_000);
    const bytes = await bytesOf(file);
    assert.equal(bytes.length, 10_003);
    assert.equal(bytes.toString("latin1", 10_000), "end");
    assert.ok(bytes.subarray(5, 10_000).equals(Buffer.alloc(9_995)));
  });

  for (const isSynchronous of [false, true]) {
    const kind = isSynchronous ? "a synchronous file" : "a file";
    check(`${kind} calls done once, behind the return of write and sync`, async (disk, root) => {
      const file = await disk.open(`${root}/file`, { mode: "create", isSynchronous });
      const events: string[] = [];
      for (const parts of [[], ["a"], ["b", "c"]]) {
        const buffers = parts.map((part) => Buffer.from(part));
        await new Promise<void>((resolve) => {
          file.write(buffers, 0, (error) => {
            events.push(`done ${error}`);
            resolve();
          });
          events.push("returned");
        });
      }
      await new Promise<void>((resolve) => {
        file.sync((error) => {
          events.push(`synced ${error}`);
          resolve();
        });
        events.push("returned");
      });
      await file.close();
      const each = ["returned", "done undefined"];
      assert.deepEqual(events, [...each, ...each, ...each, "returned", "synced undefined"]);
    });
  }

  check("the next write may begin in the callback of the one before", async (disk, root) => {
    const file = await created(disk, `${root}/file`);
    await new Promise<void>((resolve) => {
      let next = 0;
      const more = (): void => {
        if (next === 300) resolve();
        else file.write([Buffer.from([next % 256])], next++, more);
      };
      more();
    });
    assert.ok((await bytesOf(file)).equals(Buffer.from(Array.from({ length: 300 }, (_, i) => i % 256))));
  });

  check("a sync may run beside a write, but no second write and no second sync", async (disk, root) => {
    const file = await created(disk, `${root}/file`);
    const write = written(file, Buffer.from("a"), 0);
    const sync = synced(file);
    assert.throws(() => file.write([], 0, () => {}), { message: "one write at a time" });
    assert.throws(() => file.sync(() => {}), { message: "one sync at a time" });
    assert.throws(() => file.close(), { message: "no close during a write or sync" });
    assert.throws(() => file.truncate(0), { message: "no truncate during a write" });
    await Promise.all([write, sync]);
    await synced(file);
    await file.close();
  });

  check("a file that is open for reading, or closed, is not written", async (disk, root) => {
    await (await created(disk, `${root}/file`)).close();
    const file = await disk.open(`${root}/file`, { mode: "read" });
    assert.throws(() => file.write([], 0, () => {}), { name: "AssertionError" });
    assert.throws(() => file.sync(() => {}), { name: "AssertionError" });
    await file.close();
    assert.throws(() => file.close(), { message: "a file is closed once" });
    assert.throws(() => file.read(Buffer.alloc(1), 0, 1, 0), { message: "read of an open file" });
  });

  check("truncate cuts, and lets grow with zeros", async (disk, root) => {
    const file = await created(disk, `${root}/file`, "0123456789".repeat(1000));
    await file.truncate(5);
    assert.equal(String(await bytesOf(file)), "01234");
    await file.truncate(9000);
    const bytes = await bytesOf(file);
    assert.equal(bytes.length, 9000);
    assert.ok(bytes.subarray(5).equals(Buffer.alloc(8995)));
    await file.truncate(0);
    await written(file, Buffer.from("x"), 2);
    assert.deepEqual([...(await bytesOf(file))], [0, 0, 120]);
  });

  check("a rename takes the place of another file; open files stay the same", async (disk, root) => {
    const one = await created(disk, `${root}/one`, "one");
    const two = await created(disk, `${root}/two`, "two");
    await disk.rename(`${root}/one`, `${root}/two`);
    await disk.syncDirectory(root);
    assert.deepEqual(await disk.list(root), ["two"]);
    const renamed = await disk.open(`${root}/two`, { mode: "read" });
    await written(one, Buffer.from("1"), 0);
    await written(two, Buffer.from("2"), 0);
    assert.equal(String(await bytesOf(renamed)), "1ne");
    assert.equal(String(await bytesOf(two)), "2wo");
    await refused(disk.rename(`${root}/none`, `${root}/x`), "ENOENT", "rename", `${root}/none`);
    await refused(disk.rename(`${root}/two`, `${root}/none/x`), "ENOENT", "rename");
    assert.deepEqual(await disk.list(root), ["two"]);
  });

  check("a file moves to another directory", async (disk, root) => {
    await created(disk, `${root}/file`, "moves");
    await disk.makeDirectory(`${root}/there`);
    await disk.rename(`${root}/file`, `${root}/there/name`);
    assert.deepEqual(await disk.list(root), ["there"]);
    const file = await disk.open(`${root}/there/name`, { mode: "read" });
    assert.equal(String(await bytesOf(file)), "moves");
    await created(disk, `${root}/file`);
    await refused(disk.rename(`${root}/file`, `${root}/there`), "EISDIR", "rename", `${root}/file`);
  });

  check("a removed file is gone for others, and whole for who has it open", async (disk, root) => {
    const file = await created(disk, `${root}/file`, "still here");
    await disk.remove(`${root}/file`);
    await disk.syncDirectory(root);
    assert.deepEqual(await disk.list(root), []);
    await refused(disk.remove(`${root}/file`), "ENOENT", "remove", `${root}/file`);
    assert.equal(String(await bytesOf(file)), "still here");
    await created(disk, `${root}/file`, "another");
    assert.equal(String(await bytesOf(file)), "still here");
  });

  check("a directory that is not there is not synced", async (disk, root) => {
    await refused(disk.syncDirectory(`${root}/none`), "ENOENT", "syncDirectory", `${root}/none`);
  });

  check("the free bytes are a number that can be relied on", async (disk, root) => {
    const free = await disk.freeBytes(root);
    assert.ok(Number.isSafeInteger(free) && free > 1_000_000, `${free}`);
    await refused(disk.freeBytes(`${root}/none`), "ENOENT", "freeBytes");
  });

  check("a lock refuses the second, naming the holder, until it is released", async (disk, root) => {
    const lock = await disk.lock(root);
    await disk.makeDirectory(`${root}/other`);
    await (await disk.lock(`${root}/other`)).release();
    await assert.rejects(disk.lock(`${root}/.`), { name: "KvorumError", code: "ERR", message: inUse });
    await lock.release();
    await (await disk.lock(root)).release();
    await assert.rejects(disk.lock(`${root}/none`), {
      name: "KvorumError",
      message: /^cannot lock .*ENOENT/,
    });
  });
}

const inUse = /is in use by process \d+ \(remove nothing: stop that process first\)$/;

async function created(disk: Disk, path: string, text = ""): Promise<DiskFile> {
  const file = await disk.open(path, { mode: "create" });
  await written(file, Buffer.from(text), 0);
  return file;
}

async function refused(work: Promise<unknown>, code: string, call: DiskCall, path?: string): Promise<void> {
  await assert.rejects(work, (error: { name: string; code: string; call: string; path: string }) => {
    assert.equal(error.name, "DiskError");
    assert.equal(error.code, code);
    assert.equal(error.call, call);
    if (path !== undefined) assert.equal(error.path, path);
    return true;
  });
}
