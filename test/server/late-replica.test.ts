import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { hold, late, local, type Step } from "./conversation.ts";

/**
 * The same conversations over the local replica, which answers at once, and over one that answers turns
 * later and is full at times: every client must see the same bytes. So no handler has to change when log and
 * consensus come behind the contract.
 */

type Words = readonly (string | Buffer)[];

const key = fc.constantFrom("a", "b", "c", "k{1}", "\u00e9");
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("1", "22", "-7", "text", "", "9223372036854775807") },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 400_000 }).map((size) => Buffer.alloc(size, "v")) },
);
const words = (...parts: fc.Arbitrary<string | Buffer>[]): fc.Arbitrary<Words> => fc.tuple(...parts);
const word = fc.constant<string>;

const write: fc.Arbitrary<Words> = fc.oneof(
  words(word("SET"), key, value),
  words(word("SET"), key, value, word("PX"), fc.constantFrom("1", "50", "0", "-1")),
  words(word("INCR"), key),
  words(word("APPEND"), key, value),
  words(word("DEL"), key, key),
  words(word("MSET"), key, value, key, value),
  words(word("RENAME"), key, key),
  words(word("GETDEL"), key),
  words(word("FLUSHDB")),
  words(word("SWAPDB"), fc.constantFrom("0", "1"), fc.constantFrom("0", "1", "16")),
);

const read: fc.Arbitrary<Words> = fc.oneof(
  words(word("GET"), key),
  words(word("MGET"), key, key, key),
  words(word("STRLEN"), key),
  words(word("PTTL"), key),
  words(word("EXISTS"), key),
  words(word("DBSIZE")),
  words(word("KEYS"), word("*")),
);

const ownAffair: fc.Arbitrary<Words> = fc.oneof(
  words(word("PING")),
  words(word("ECHO"), value),
  words(word("SELECT"), fc.constantFrom("0", "1", "15", "16", "x")),
  words(word("CLIENT"), word("GETNAME")),
  words(word("CLIENT"), word("SETNAME"), fc.constantFrom("x", "y")),
  words(word("COMMAND"), word("COUNT")),
);

const transactional: fc.Arbitrary<Words> = fc.oneof(
  ...["MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "UNWATCH"].map((name) => words(word(name))),
  words(word("WATCH"), key),
  words(word("WATCH"), key, key),
);

const changesTheConnection: fc.Arbitrary<Words> = fc.oneof(
  words(word("HELLO"), fc.constantFrom("2", "3", "4")),
  words(word("CLIENT"), word("REPLY"), fc.constantFrom("ON", "OFF", "SKIP", "NO")),
  words(word("RESET")),
);

const mistake: fc.Arbitrary<Words> = fc.oneof(
  words(word("NO_SUCH"), value),
  words(word("GET")),
  words(word("EXEC"), word("now")),
  words(word("SET"), word("k".repeat(limits.keyBytesMax + 1)), value),
  words(word("CLIENT"), word("NO_SUCH")),
);

const command: fc.Arbitrary<Buffer> = fc
  .oneof(
    { weight: 6, arbitrary: write },
    { weight: 6, arbitrary: read },
    { weight: 4, arbitrary: transactional },
    { weight: 3, arbitrary: ownAffair },
    { weight: 2, arbitrary: mistake },
    { weight: 1, arbitrary: changesTheConnection },
  )
  .map(encodeRequest);

/** What a RESP connection may send beside commands: inline ones, what is skipped, and what ends it. */
const oddBytes: fc.Arbitrary<Buffer> = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom("\r\n", "*0\r\n", "SET a inline\r\n", 'GET "a"\n') },
    {
      weight: 2,
      arbitrary: word(`*${limits.argumentsMax + 1}\r\n${"$0\r\n\r\n".repeat(limits.argumentsMax + 1)}`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("*1\r\n$-2\r\n", "*1\r\n+GET\r\n", "*x\r\n", "*1\r\n$4\r\nQUIT\r\n"),
    },
  )
  .map((text) => Buffer.from(text, "latin1"));

/** The first byte chooses the protocol: RESP it is. */
const respBytes: fc.Arbitrary<Buffer> = fc
  .array(fc.oneof({ weight: 20, arbitrary: command }, { weight: 1, arbitrary: oddBytes }), { maxLength: 40 })
  .map((parts) => Buffer.concat([encodeRequest(["DBSIZE"]), ...parts]));

const textBytes: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.tuple(fc.constantFrom("GET", "DELETE", "del"), key).map((parts) => parts.join(" ")),
      fc
        .tuple(word("SET"), key, fc.constantFrom("1", "two words", " lead", "trail "))
        .map((parts) => parts.join(" ")),
      fc.constantFrom(
        "PING",
        "STATUS",
        "WHO_IS_LEADER",
        "HELP",
        "NO_SUCH thing",
        "",
        "GET",
        "SET a",
        "GET a b",
      ),
      fc.constantFrom(
        `SET a ${"x".repeat(limits.textLineBytesMax)}`,
        `SET a ${"y".repeat(60_000)}`,
        "AUTH secret",
      ),
      fc.constantFrom("QUIT", "POST / HTTP/1.1"),
    ),
    { maxLength: 30 },
  )
  .map((lines) => Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1"));

const seeds = fc.tuple(fc.nat(), fc.nat(), fc.nat());

async function assertSame(
  steps: readonly Step[],
  clients: number,
  [net1, net2, lateness]: number[],
): Promise<void> {
  const expected = await hold(steps, clients, local, net1!);
  assert.deepEqual(await hold(steps, clients, late(lateness!), net2!), expected);
}

test("a pipeline is answered with the same bytes by a late replica", async () => {
  await fc.assert(
    fc.asyncProperty(respBytes, fc.boolean(), seeds, (bytes, ends, chance) => {
      const steps: Step[] = [{ client: 0, sends: bytes }];
      if (ends) steps.push({ client: 0, does: "end" });
      return assertSame(steps, 1, chance);
    }),
    { numRuns: 200 },
  );
});

test("a conversation over the text protocol is the same with a late replica", async () => {
  await fc.assert(
    fc.asyncProperty(textBytes, seeds, (bytes, chance) =>
      assertSame([{ client: 0, sends: bytes }], 1, chance),
    ),
    { numRuns: 200 },
  );
});

test("several clients in turn see the same with a late replica", async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 12, arbitrary: fc.record({ client: fc.nat(2), sends: respBytes }) },
    {
      weight: 2,
      arbitrary: fc.record({ client: fc.nat(2), does: fc.constantFrom("stop reading", "read again") }),
    },
    { weight: 1, arbitrary: fc.record({ client: fc.nat(2), does: fc.constant("end") }) },
    { weight: 2, arbitrary: fc.record({ passesMs: fc.constantFrom(1, 60) }) },
  );
  const allRead: Step[] = [0, 1, 2].map((client) => ({ client, does: "read again" }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), seeds, (steps, chance) =>
      assertSame([...steps, ...allRead], 3, chance),
    ),
    { numRuns: 100 },
  );
});
