import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { Conversation, late, local, type MakeReplica } from "./conversation.ts";

/** How many turns of the event loop one client's commands take: between two of them the others are served. */
type Words = readonly (string | Buffer)[];

async function turnsFor(
  commands: readonly Words[],
  replies: string,
  makeReplica: MakeReplica = local,
): Promise<number> {
  const conversation = new Conversation(makeReplica, "calm");
  await conversation.open(1);
  conversation.take({ client: 0, sends: encodeRequest(["SET", "big", Buffer.alloc(100_000, "v")]) });
  conversation.clock.msPerLook = limits.turnMsMax / 2;
  const { turns } = conversation;
  const request = Buffer.concat(commands.map((words) => encodeRequest(words)));
  assert.ok(request.length < limits.receiveBytes, "one read takes them all");
  conversation.take({ client: 0, sends: request });
  assert.equal(conversation.clients[0]!.received.toString("latin1"), `+OK\r\n${replies}`);
  return conversation.turns - turns;
}

const count = 200;
const times = (words: Words): Words[] => Array.from({ length: count }, () => words);

test("fast commands of one read are carried out in one turn", async () => {
  const few = await turnsFor([["GET", "k"]], "$-1\r\n");
  assert.equal(await turnsFor(times(["GET", "k"]), "$-1\r\n".repeat(count)), few);
});

const costly: Readonly<Record<string, readonly [words: Words, reply: string]>> = {
  "of the engine": [["DEL", "k"], ":0\r\n"],
  "of the connection": [["CLIENT", "SETNAME", "me"], "+OK\r\n"],
  "that are large": [["EXISTS", ...Array<string>(limits.quickArgumentsMax).fill("k")], ":0\r\n"],
};

for (const [what, [words, reply]] of Object.entries(costly)) {
  test(`commands ${what} that take their time get two in each turn`, async () => {
    const most = Math.floor(limits.receiveBytes / encodeRequest(words).length);
    const said = times(words).slice(0, most - 1);
    const turns = await turnsFor(said, reply.repeat(said.length));
    assert.ok(turns >= said.length / 2, `${turns} turns for ${said.length} commands`);
    assert.ok(turns <= said.length / 2 + 10, `${turns} turns for ${said.length} commands`);
  });
}

test("transactions that take their time get a turn each", async () => {
  const transactions = times(["DEL", "k"]).flatMap((del) => [["MULTI"], del, ["EXEC"]]);
  const turns = await turnsFor(transactions, "+OK\r\n+QUEUED\r\n*1\r\n:0\r\n".repeat(count));
  assert.ok(turns >= count, `${turns} turns for ${count} transactions`);
});

test("short requests with long replies get so many in each turn as are sent in its time", async () => {
  const reply = `$100000\r\n${"v".repeat(100_000)}\r\n`;
  const turns = await turnsFor(times(["GET", "big"]), reply.repeat(count));
  const bytes = count * reply.length;
  assert.ok(
    turns >= bytes / (limits.turnMsMax * limits.replyBytesPerMs),
    `${turns} turns for ${bytes} bytes`,
  );
});

test("however a turn ends, nothing is lost, doubled or out of order", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const conversation = new Conversation(seed % 2 === 0 ? local : late(seed), seed);
    await conversation.open(1);
    conversation.clock.msPerLook = seed % 5;
    const said = Array.from({ length: 300 }, (_, i): Words[] => {
      if (i % 3 === 0) return [["MULTI"], ["CLIENT", "SETNAME", `c${i}`], ["SELECT", "0"], ["EXEC"]];
      return i % 3 === 1
        ? [
            ["COPY", "a", "b"],
            ["ECHO", `${i}`],
          ]
        : [["INCR", "n"]];
    }).flat();
    conversation.take({ client: 0, sends: Buffer.concat(said.map((words) => encodeRequest(words))) });
    let n = 0;
    const expected = said.map(([name, word]) => {
      if (name === "EXEC") return "*2\r\n+OK\r\n+OK\r\n";
      if (name === "MULTI") return "+OK\r\n";
      if (name === "COPY") return ":0\r\n";
      if (name === "INCR") return `:${++n}\r\n`;
      return name === "ECHO" ? `$${word!.length}\r\n${word}\r\n` : "+QUEUED\r\n";
    });
    assert.equal(conversation.seen()[0]!.received, expected.join(""), `seed ${seed}`);
  }
});
