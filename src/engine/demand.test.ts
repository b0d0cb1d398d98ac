import assert from "node:assert/strict";
import { test } from "node:test";
import { Chance } from "../../test/differential/chance.ts";
import { commandOf, EngineClient, type Word } from "../../test/engine-harness.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import { commandNamed, commands } from "../protocol/spec/table.ts";
import { Demand } from "./demand.ts";
import { Engine } from "./engine.ts";
import { PagePool } from "./pages.ts";
import { applyTransaction, encodeArguments, encodeTransaction } from "./transaction.ts";

/** So few pages that a test can fill them. */
const pages = 32;

/** What a member does that proposes: asks whether there is room, and only then lets the command be carried out. */
class Proposer {
  readonly pool: PagePool = new PagePool(pages);
  readonly client: EngineClient = new EngineClient(new Engine([1, 2], this.pool));
  readonly #demand = new Demand();

  /** Whether it was carried out. */
  propose(...words: readonly Word[]): boolean {
    const { client } = this;
    const args = encode(words);
    const command = commandOf(words);
    if (!client.engine.hasRoomFor(command, args)) return false;
    this.#demand.clear();
    this.#demand.add(command, args);
    const before = this.pool.leastLeft;
    client.run(...words);
    const taken = before - this.pool.leastLeft;
    assert.ok(taken <= this.#demand.pages, `${words[0]} took ${taken} pages, not ${this.#demand.pages}`);
    return true;
  }

  proposeTogether(...queued: readonly (readonly Word[])[]): boolean {
    const { engine } = this.client;
    const item = encodeTransaction(
      [],
      queued.map((words) => ({ db: 0, bytes: bytesOf(encode(words)) })),
    );
    if (!engine.hasRoomFor(commandNamed("exec")!, item)) return false;
    applyTransaction(engine, item, new ReplyWriter(), () => {});
    return true;
  }
}

function encode(words: readonly Word[]): Arguments {
  return encodeArguments(words.map((word) => (Buffer.isBuffer(word) ? word : Buffer.from(String(word)))));
}

function bytesOf(args: Arguments): Buffer {
  return args.bytes.subarray(args.from, args.to);
}

/** Any write, most of them such that grow. */
function write(chance: Chance): Word[] {
  const key = (): string => `k${chance.below(60)}`;
  const value = (): Buffer => Buffer.alloc(chance.pick([5, 3_000, 200_000, 263_000, 263_000, 263_000]), "v");
  const makers: readonly (() => Word[])[] = [
    () => ["SET", key(), value()],
    () => ["SET", key(), value(), "PX", 1 + chance.below(50)],
    () => ["MSET", ...Array.from({ length: 1 + chance.below(6) }, () => [key(), value()]).flat()],
    () => ["COPY", key(), key(), "DB", chance.below(3), "REPLACE"],
    () => ["APPEND", key(), value()],
    () => ["SETRANGE", key(), chance.below(300_000), "x"],
    () => ["INCR", `n${chance.below(300)}`],
    () => ["RENAME", key(), key()],
    () => ["MOVE", key(), chance.below(3)],
    () => ["EXPIRE", key(), 1 + chance.below(1000)],
    () => ["PERSIST", key()],
    () => ["GETEX", key(), "EX", 5],
    () => ["SWAPDB", chance.below(3), chance.below(3)],
    () => ["DEL", key()],
  ];
  return chance.pick(makers)();
}

test("whatever is proposed where there is room finds its room, also when all the rest is taken", () => {
  const chance = new Chance(3);
  const proposer = new Proposer();
  let refused = 0;
  let least = pages;
  for (let i = 0; i < 1500; i++) {
    const carriedOut = chance.percent(10)
      ? proposer.proposeTogether(...Array.from({ length: 1 + chance.below(12) }, () => write(chance)))
      : proposer.propose(...write(chance));
    if (!carriedOut) refused++;
    least = Math.min(least, proposer.pool.leastLeft);
    if (chance.percent(5)) proposer.client.now += 10;
    if (chance.percent(5)) proposer.client.engine.advance(proposer.client.now, 10);
    if (i % 500 === 499) proposer.propose(chance.percent(50) ? "FLUSHDB" : "FLUSHALL");
  }
  assert.ok(refused > 100, `${refused} were refused`);
  assert.ok(least < 3, `${least} pages were left at least`);
});

test("where growth is refused, what must work does, and what is deleted makes room", () => {
  const proposer = new Proposer();
  const large = Buffer.alloc(300_000, "v");
  let keys = 0;
  while (proposer.propose("SET", `k${keys}`, large)) keys++;
  assert.equal(keys, pages - 1 - pages / 32);
  assert.equal(proposer.client.engine.isAlmostFull, false);
  assert.equal(proposer.propose("MSET", "k0", large, "k1", large), false);
  for (let i = 0; i < keys; i++) assert.ok(proposer.propose("EXPIRE", `k${i}`, 100));
  assert.ok(proposer.propose("RENAME", "k0", "a"));
  assert.ok(proposer.propose("GETEX", "k2", "PERSIST"));
  assert.equal(proposer.proposeTogether(["GET", "a"], ["INCR", "b"]), false);
  assert.ok(proposer.propose("MOVE", "k1", 1));
  assert.ok(proposer.proposeTogether(["DEL", "a"], ["DEL", "k2"]));
  assert.ok(proposer.propose("SET", "new", large));
  assert.ok(proposer.propose("FLUSHALL"));
  assert.equal(proposer.pool.leastLeft, pages - 1);
});

test("pages that others were promised are not there", () => {
  const proposer = new Proposer();
  const args = encode(["SET", "k", "v"]);
  const set = commandNamed("set")!;
  const { engine } = proposer.client;
  assert.equal(engine.hasRoomFor(set, args, 0), true);
  assert.equal(engine.hasRoomFor(set, args, pages - 10), true);
  assert.equal(engine.hasRoomFor(set, args, pages - 2), false);
  assert.equal(engine.hasRoomFor(commandNamed("del")!, encode(["DEL", "k"]), pages), true);
});

test("many small records demand as many pages as they fill, and one for each class", () => {
  const demand = new Demand();
  const pairs = Array.from({ length: 10_000 }, (_, i) => [`k${i}`, "v".repeat(50)]).flat();
  demand.add(commandNamed("mset")!, encode(["MSET", ...pairs]));
  assert.ok(demand.pages < 250, `${demand.pages} pages`);
  demand.clear();
  demand.add(commandNamed("mset")!, encode(["MSET", "a", "b", "c", "d"]));
  assert.equal(demand.pages, 2);
  assert.equal(demand.grows, true);
});

test("every write is known to demand something, or to remove", () => {
  const removes = [
    "del",
    "delex",
    "delifeq",
    "flushall",
    "flushdb",
    "getdel",
    "session|close",
    "session|open",
    "swapdb",
    "unlink",
  ];
  const words: readonly Word[] = ["NAME", "a", "b"];
  const free = commands.filter((command) => {
    const demand = new Demand();
    demand.add(command, encode(words));
    return command.isWrite && demand.pages === 0;
  });
  assert.deepEqual(free.map(({ fullName }) => fullName).sort(), removes);
});
