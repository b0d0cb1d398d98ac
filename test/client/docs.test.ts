import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { SpawnedNode } from "../server/spawned-node.ts";

const root = join(import.meta.dirname, "../../..");
const door = join(import.meta.dirname, "../../src/client/index.js");
const examples = [
  ...readFileSync(join(root, "docs/client.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g),
].map((match) => match[1]!);

test("every example of docs/client.md runs, and prints what it says", async () => {
  assert.equal(examples.length, 3);
  await using node = await SpawnedNode.start();
  for (const example of examples) {
    const address = `127.0.0.1:${node.port}`;
    const program = example
      .replace('"kvorum"', JSON.stringify(door))
      .replace("new KvClient()", `new KvClient("${address}")`)
      .replace("new KvClient({", `new KvClient({ addresses: ["${address}"],`)
      .replace(/127\.0\.0\.1:63(79|80)/g, address);
    const arguments_ = ["--input-type=module", "-e", program];
    const { stdout } = await promisify(execFile)(process.execPath, arguments_, { timeout: 60_000 });
    assert.deepEqual(stdout.trim().split("\n").sort(), expected(example).sort());
  }
});

/** What stands in the comments behind console.log. */
function expected(example: string): string[] {
  return [...example.matchAll(/console\.log\(.*\/\/ (.*)/g)].flatMap((match) =>
    match[1]!.replace(/: in any order$/, "").split(", "),
  );
}
