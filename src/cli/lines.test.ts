import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf } from "./lines.ts";

test("lines come out whole, wherever the chunks are cut", async () => {
  const text = Buffer.from("one\r\n\ntwo three\n\xff\x00\nlast", "latin1");
  for (let size = 1; size <= text.length; size++) {
    const lines: string[] = [];
    for await (const line of linesOf(chunks(text, size), 100)) lines.push(line.toString("latin1"));
    assert.deepEqual(lines, ["one", "", "two three", "\xff\x00", "last"], `chunks of ${size}`);
  }
});

test("a line end at the end makes no further line", async () => {
  const lines: Buffer[] = [];
  for await (const line of linesOf(chunks(Buffer.from("a\n"), 10), 100)) lines.push(line);
  assert.equal(lines.length, 1);
});

test("a line over the bound is refused", async () => {
  const read = async (): Promise<void> => {
    for await (const _line of linesOf(chunks(Buffer.alloc(50, "x"), 10), 40));
  };
  await assert.rejects(read(), { code: "TOO_LARGE", message: "a line has more than 40 bytes" });
});

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
