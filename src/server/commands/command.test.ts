import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { type RedisServer, redis, startRedis } from "../../../test/redis-server.ts";
import { limits } from "../../base/limits.ts";
import type { Reply } from "../../protocol/reply.ts";
import { REPLY, ReplyDecoder } from "../../protocol/reply-decoder.ts";
import { ReplyWriter } from "../../protocol/reply-writer.ts";
import { COMMAND, RequestDecoder } from "../../protocol/request-decoder.ts";
import { encodeRequest } from "../../protocol/request-encoder.ts";
import { commandNamed, commands, topCommands } from "../../protocol/spec/table.ts";
import { commandHandlers } from "./command.ts";

test("COMMAND and COMMAND INFO describe every command that has no parent, COMMAND LIST names all", () => {
  const all = decode(ours(3, "command")) as Reply[];
  assert.equal(all.length, topCommands.length);
  assert.deepEqual(decode(ours(3, "command info")), all);
  assert.deepEqual(decode(ours(3, "command count")), topCommands.length);
  const names = decode(ours(3, "command list")) as Buffer[];
  assert.deepEqual(
    names.map(String),
    commands.map((c) => c.fullName),
  );
});

test("COMMAND DOCS without names is a map of every command that has no parent", () => {
  const docs = decode(ours(3, "command docs")) as ReadonlyMap<Buffer, Reply>;
  assert.deepEqual(
    [...docs.keys()].map(String),
    topCommands.map((c) => c.name),
  );
});

test("a description is the same when it is asked for again, and another in the other protocol", () => {
  const first = ours(3, "command docs set");
  const older = ours(2, "command docs set");
  assert.notDeepEqual(older, first);
  assert.deepEqual(ours(3, "command docs set"), first);
  assert.deepEqual(ours(2, "command docs set"), older);
});

test("more names than the limit are refused", () => {
  const most = "get ".repeat(limits.commandNamesMax);
  const refused = `-TOO_LARGE at most ${limits.commandNamesMax} commands are described at once\r\n`;
  assert.equal((decode(ours(3, `command info ${most}`)) as Reply[]).length, limits.commandNamesMax);
  assert.equal(String(ours(3, `command info ${most} get`)), refused);
  assert.equal(String(ours(3, `command docs ${most} get`)), refused);
});

test("COMMAND HELP lists the subcommands of the rows", () => {
  const lines = (decode(ours(2, "command help")) as string[]).filter((line) => !line.startsWith(" "));
  assert.match(lines[0]!, /^COMMAND <subcommand> .*Subcommands are:$/);
  assert.deepEqual(
    lines.slice(2).map((line) => line.split(" ")[0]!.toLowerCase()),
    [
      ...commandNamed("command")!
        .children.map((c) => c.name)
        .filter((name) => name !== "help"),
      "help",
    ],
  );
});

test("IFEQ and IFREV, which Redis 7.0 has not, make SET a reader of its key", () => {
  for (const condition of ["ifeq w", "ifrev 7"]) {
    assert.deepEqual(decode(ours(2, `command getkeysandflags set k v ${condition}`)), [
      [Buffer.from("k"), ["RW", "access", "update"]],
    ]);
  }
});

test("COMMAND LIST takes no pattern over the limit", () => {
  const list = (length: number): string =>
    String(ours(2, `command list filterby pattern ${"[".repeat(length)}`));
  assert.equal(list(limits.patternBytesMax), "*0\r\n");
  assert.equal(
    list(limits.patternBytesMax + 1),
    `-TOO_LARGE a pattern may have ${limits.patternBytesMax} bytes\r\n`,
  );
});

/** What Redis 7.0 does not have. */
const laterCommands = [
  ...["waitaof", "client|no-touch", "client|setinfo", "debug|help", "debug|sleep"],
  ...["delex", "delifeq"],
];

/** Syntax that differs on purpose, and why. */
const otherSyntax = [
  "set", // IFEQ, as in Valkey 8.1, and IFREV
  "incrbyfloat", // float-increment: a name has one type everywhere
  "client|kill", // no brackets around filters of which one is needed
  "client|list", // a list of ids without a block around it
  "command|getkeys", // Redis 7.0 documents no arguments
  "command|getkeysandflags",
  "cluster|keyslot", // key-name: nothing is done with such a key
  "config|get", // a list of parameters without a block around it
];

/** Lines that both answer byte for byte. */
const sameAnswers = [
  "command info nosuch config|nosuch",
  "command info get GET setex rename del|x lcs",
  "command docs nosuch",
  "command list filterby module nosuch",
  "command list filterby aclcat nosuch",
  "command list filterby pattern GETRA*",
  "command list filterby pattern client|kil?",
  "command list filterby nosuch x",
  "command list filterby pattern",
  "command list nosuch",
  "command getkeys get a",
  "command getkeys GET a",
  "command getkeys mset a b c d",
  "command getkeys mset a b c",
  "command getkeys rename a b",
  "command getkeys object encoding a",
  "command getkeys object nosuch a",
  "command getkeys memory usage a",
  "command getkeys get a b",
  "command getkeys ping a",
  "command getkeys config get a",
  "command getkeys nosuch a",
  "command getkeysandflags set a b",
  "command getkeysandflags set a b get",
  "command getkeysandflags set a b nx GET",
  "command getkeysandflags del a b",
  "command getkeysandflags copy a b replace",
  "command getkeysandflags exists a b",
];

describe("beside redis-server", redis, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(() => server[Symbol.asyncDispose]());

  const shared = commands.filter(
    ({ fullName, since }) => since !== "kvorum" && !laterCommands.includes(fullName),
  );

  for (const protocol of [2, 3]) {
    test(`COMMAND INFO agrees on every row in RESP${protocol}`, async () => {
      const line = `command info ${shared.map((command) => command.fullName).join(" ")}`;
      const theirs = decode(await ask(server.port, protocol, line)) as Reply[][];
      const mine = decode(ours(protocol, line)) as Reply[][];
      for (const [i, command] of shared.entries()) {
        assert.deepEqual(comparable(mine[i]!), comparable(theirs[i]!), command.fullName);
      }
    });

    test(`COMMAND DOCS has the same shape for every row in RESP${protocol}`, async () => {
      for (const { fullName } of shared.filter((command) => !otherSyntax.includes(command.fullName))) {
        const line = `command docs ${fullName}`;
        const theirs = shapeOfDocs(await ask(server.port, protocol, line));
        assert.deepEqual(shapeOfDocs(ours(protocol, line)), theirs, fullName);
      }
    });

    for (const line of sameAnswers) {
      test(`${line.toUpperCase()} answers the same bytes in RESP${protocol}`, async () => {
        assert.equal(String(ours(protocol, line)), String(await ask(server.port, protocol, line)));
      });
    }
  }
});

/** A description without its tips, of which kvorum has none; subcommands are compared on their own. */
function comparable(entry: Reply[]): Reply[] {
  return [...entry.slice(0, 7), ...entry.slice(8, 9).map(withoutNotes)];
}

/** Key specifications without the remarks that Redis adds to some. */
function withoutNotes(specs: Reply): Reply {
  const isNote = (name: Reply): boolean => Buffer.isBuffer(name) && name.equals(Buffer.from("notes"));
  const strip = (spec: Reply): Reply => {
    if (spec instanceof Map) return new Map([...spec].filter(([name]) => !isNote(name)));
    const at = (spec as Reply[]).findIndex(isNote);
    return at < 0 ? spec : (spec as Reply[]).toSpliced(at, 2);
  };
  if (specs instanceof Set) return new Set([...specs].map(strip));
  return (specs as Reply[]).map(strip);
}

/** What programs go by in COMMAND DOCS: everything but the prose and the history. */
function shapeOfDocs(reply: Buffer): object {
  const docs = pairsOf(decode(reply));
  return docs.pairs.map(([name, doc]) => {
    const { kind, pairs } = pairsOf(doc);
    const kept = pairs.filter(([field]) => ["since", "group", "arguments"].includes(field));
    return [
      docs.kind,
      name,
      kind,
      kept.map(([field, value]) => [field, field === "arguments" ? trees(value) : value]),
    ];
  });
}

function trees(list: Reply): object[] {
  return (list as Reply[]).map((argument) => {
    const { kind, pairs } = pairsOf(argument);
    const inner = pairs.find(([field]) => field === "arguments")?.[1];
    // Redis names its groups by what they mean; here they are named after their parts.
    const dropped = inner === undefined ? /since|display_text/ : /since|name|arguments/;
    const fields = pairs.filter(([field]) => !dropped.test(field));
    return { kind, fields: new Map(fields), parts: inner === undefined ? [] : trees(inner) };
  });
}

/** A map, or the array that RESP2 has for it. */
function pairsOf(reply: Reply): { readonly kind: string; readonly pairs: [string, Reply][] } {
  if (reply instanceof Map)
    return { kind: "map", pairs: [...reply].map(([name, value]) => [String(name), value]) };
  const list = reply as Reply[];
  return {
    kind: "array",
    pairs: list.flatMap((name, i) => (i % 2 === 0 ? [[String(name), list[i + 1]!]] : [])),
  };
}

/** What the handlers answer to a line. */
function ours(protocol: number, line: string): Buffer {
  const words = line.trim().split(/\s+/);
  const request = encodeRequest(words);
  const decoder = new RequestDecoder();
  assert.equal(decoder.next(request, 0, request.length), COMMAND);
  const out = new ReplyWriter();
  out.protocol = protocol;
  const handler = commandHandlers[words.slice(0, 2).join("|")] ?? commandHandlers[words[0]!];
  handler!(out, decoder.args);
  return Buffer.from(out.buffer.subarray(0, out.length));
}

/** What the server at this port answers to a line, as it came. */
async function ask(port: number, protocol: number, line: string): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  try {
    await roundTrip(socket, `hello ${protocol}`);
    return await roundTrip(socket, line);
  } finally {
    socket.destroy();
  }
}

function roundTrip(socket: Socket, line: string): Promise<Buffer> {
  const decoder = new ReplyDecoder("bytes");
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      decoder.push(chunk);
      if (decoder.next() !== REPLY) return;
      socket.off("data", take);
      resolve(Buffer.concat(chunks));
    };
    socket.on("data", take).once("error", reject);
    socket.write(encodeRequest(line.split(" ")));
  });
}

function decode(reply: Buffer): Reply {
  const decoder = new ReplyDecoder("bytes");
  decoder.push(reply);
  assert.equal(decoder.next(), REPLY);
  return decoder.value;
}
