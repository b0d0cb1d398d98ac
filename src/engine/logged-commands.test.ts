import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBatchNumber } from "./batch.ts";
import { loggedCommands } from "./logged-commands.ts";
import { encodeArguments, encodeTransaction } from "./transaction.ts";

test("numbers of batches and of transactions are shown in front of what they number", () => {
  const incr = Buffer.from("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n");
  const number = ["SESSION", "ID", "17", "3", "2"].map((word) => Buffer.from(word));
  const watched = [{ db: 1, key: Buffer.from("k"), revision: 5 }];
  const items = [
    encodeBatchNumber(9, 4),
    encodeArguments([...number, Buffer.from("DEL"), Buffer.from("k")]),
    encodeTransaction(watched, [{ db: 2, bytes: incr }], number),
  ];
  const bytes = items.map((item) =>
    Buffer.concat([Buffer.alloc(1), item.bytes.subarray(item.from, item.to)]),
  );
  const commands = [...loggedCommands(Buffer.concat([Buffer.alloc(8), ...bytes]))];
  const shown = commands.map(({ db, words, watched: keys }) => `${db} ${words.join(" ")} if ${keys.length}`);
  assert.deepEqual(shown, [
    "0 SESSION BATCH 9 4 if 0",
    "0 SESSION ID 17 3 2 DEL k if 0",
    "0 SESSION ID 17 3 2 MULTI if 1",
    "2 INCR n if 0",
    "0 EXEC if 0",
  ]);
});
