import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { requireRight } from "../programs.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

/** A file system in memory of a few MB, where there is the right to make one (root on Linux). */
class SmallFileSystem {
  readonly path: string;
  readonly #folder = new TemporaryFolder();

  private constructor(megabytes: number) {
    this.path = join(this.#folder.path, "small");
    mkdirSync(this.path);
    try {
      this.#mount(`size=${megabytes}m`);
    } catch (error) {
      this.#folder[Symbol.dispose]();
      throw error;
    }
  }

  /** Undefined where nobody may mount. */
  static make(megabytes: number): SmallFileSystem | undefined {
    try {
      return new SmallFileSystem(megabytes);
    } catch {
      return undefined;
    }
  }

  resize(megabytes: number): void {
    this.#mount(`remount,size=${megabytes}m`);
  }

  [Symbol.dispose](): void {
    execFileSync("umount", [this.path], { stdio: "ignore" });
    this.#folder[Symbol.dispose]();
  }

  #mount(options: string): void {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", this.path], { stdio: "ignore" });
  }
}

const value = "v".repeat(100_000);

const small = SmallFileSystem.make(48);
after(() => small?.[Symbol.dispose]());
const mounted = requireRight(
  small !== undefined,
  "mount a small file system here",
  "member.test.ts shows it with a disk in memory",
);

test(
  "a node whose real disk runs full refuses growth, loses nothing, and goes on when there is room",
  mounted,
  async () => {
    const data = join(small!.path, "n1");
    let written = 0;
    {
      await using node = await SpawnedNode.startIn(data);
      using client = await RawClient.connect(node.port);
      let reply: unknown = "OK";
      for (; reply === "OK"; written++) {
        assert.ok(written < 1_000, "48 MB are full in the end");
        reply = await client.call("SET", `key:${written}`, value);
      }
      written--;
      assert.match(String(reply), /^-MISCONF the disk is almost full/);
      assert.ok(written > 50, `${written} values of 100 kB fit`);
      assert.match(String(await client.call("INFO", "persistence")), /disk_state:ENOSPC/);
      assert.equal(await client.call("DEL", "key:0"), 1);
      assert.equal(await client.call("GET", "key:1"), value);
      small!.resize(200);
      do reply = await client.call("SET", "key:0", value);
      while (/^-MISCONF/.test(String(reply)));
      assert.equal(reply, "OK");
      await node.kill();
    }
    await using node = await SpawnedNode.startIn(data);
    using client = await RawClient.connect(node.port);
    for (let i = 0; i < written; i++) assert.equal(await client.call("GET", `key:${i}`), value, `key:${i}`);
  },
);
