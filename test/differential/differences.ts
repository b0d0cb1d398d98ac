import { limits } from "../../src/base/limits.ts";
import { type Conversation, pipeline, type Step, step } from "./conversation.ts";
import { readScript } from "./script.ts";

/** Something in which kvorum differs from Redis 7.0 on purpose. docs/compatibility.md has a row for each. */
export interface KnownDifference {
  /** First column of its row. */
  readonly title: string;
  readonly conversation: Conversation;
  /** The first line of the last reply, or of what a probe tells. */
  readonly redis: string;
  readonly kvorum: string;
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    title: `A key over ${count(limits.keyBytesMax)} bytes`,
    conversation: says(step("SET", "k".repeat(limits.keyBytesMax + 1), 1)),
    redis: "+OK",
    kvorum: `-TOO_LARGE a key may have ${limits.keyBytesMax} bytes`,
  },
  {
    title: `A value over ${count(limits.valueBytesMax)} bytes (8 MiB)`,
    conversation: says(step("SET", "a", Buffer.alloc(limits.valueBytesMax + 1, "x"))),
    redis: "+OK",
    kvorum: `-TOO_LARGE an argument may have ${limits.valueBytesMax} bytes, this one has ${limits.valueBytesMax + 1}`,
  },
  {
    title: "A value that grows over 8 MiB",
    conversation: says(step("SETRANGE", "a", limits.valueBytesMax, "x")),
    redis: `:${limits.valueBytesMax + 1}`,
    kvorum: "-ERR string exceeds maximum allowed size (proto-max-bulk-len)",
  },
  {
    title: `A command of more than ${count(limits.argumentsMax)} arguments`,
    conversation: says(step("DEL", ...words(limits.argumentsMax))),
    redis: ":0",
    kvorum: `-TOO_LARGE a command may have ${limits.argumentsMax} arguments, this one has ${limits.argumentsMax + 1}`,
  },
  {
    title: "`MGET`, `EXISTS` or `DEL` of more than about 33,000 keys, `MSET` of more than about 21,000",
    conversation: says(step("DEL", ...words(40_000))),
    redis: ":0",
    kvorum: "-TOO_LARGE 'del' with 40001 arguments would take longer than 20 ms: split it",
  },
  {
    title: "A transaction that would take longer than 20 ms",
    conversation: says(
      step("SETRANGE", "a", limits.valueBytesMax - 1, "x"),
      step("MULTI"),
      step("COPY", "a", "b"),
      step("COPY", "a", "c"),
      step("COPY", "a", "d"),
      step("EXEC"),
    ),
    redis: "*3",
    kvorum:
      "-EXECABORT Transaction discarded because of: TOO_LARGE the transaction would take about 31 ms, it may take 20",
  },
  {
    title: `A pattern over ${count(limits.patternBytesMax)} bytes`,
    conversation: says(step("KEYS", "x".repeat(limits.patternBytesMax + 1))),
    redis: "*0",
    kvorum: `-TOO_LARGE a pattern may have ${limits.patternBytesMax} bytes`,
  },
  {
    title: `A transaction of more than ${count(limits.transactionCommandsMax)} commands`,
    conversation: says(step("MULTI"), ...repeated(step("PING"), limits.transactionCommandsMax + 1)),
    redis: "+QUEUED",
    kvorum: `-TOO_LARGE a transaction may have ${limits.transactionCommandsMax} commands`,
  },
  {
    title: `More than ${count(limits.watchedKeysMax)} watched keys`,
    conversation: says(step("WATCH", ...words(limits.watchedKeysMax + 1))),
    redis: "+OK",
    kvorum: `-TOO_LARGE a connection may watch ${limits.watchedKeysMax} keys`,
  },
  {
    title: "More than 4 MiB of watched keys",
    conversation: says(
      step("WATCH", ...words(limits.watchedBytesMax / 65_536 + 1).map((word) => word.padEnd(65_535))),
    ),
    redis: "+OK",
    kvorum: `-TOO_LARGE the keys that a connection watches may have ${limits.watchedBytesMax} bytes`,
  },
  {
    title: `LCS of values whose lengths multiply to more than ${count(limits.lcsCellsMax)}`,
    conversation: says(
      step("MSET", "a", "x".repeat(2_000), "b", "x".repeat(limits.lcsCellsMax / 2_000 + 1)),
      step("LCS", "a", "b", "LEN"),
    ),
    redis: ":2000",
    kvorum: `-TOO_LARGE LCS compares values whose lengths multiply to ${limits.lcsCellsMax} at most`,
  },
  {
    title: `The name of a client over ${count(limits.clientNameBytesMax)} bytes`,
    conversation: says(step("CLIENT", "SETNAME", "x".repeat(limits.clientNameBytesMax + 1))),
    redis: "+OK",
    kvorum: `-TOO_LARGE a name may have ${limits.clientNameBytesMax} bytes`,
  },
  {
    title: `More than ${limits.commandNamesMax} names for COMMAND INFO or COMMAND DOCS`,
    conversation: says(step("COMMAND", "INFO", ...words(limits.commandNamesMax + 1))),
    redis: `*${limits.commandNamesMax + 1}`,
    kvorum: `-TOO_LARGE at most ${limits.commandNamesMax} commands are described at once`,
  },
  {
    title: `An inline command over ${count(limits.textLineBytesMax)} bytes`,
    conversation: readScript(`raw "ECHO ${"x".repeat(limits.textLineBytesMax)}\\r\\n"`),
    redis: `$${limits.textLineBytesMax}`,
    kvorum: "-ERR Protocol error: too big inline request",
  },
  {
    title: "A deadline after 2^53 − 1 ms",
    conversation: readScript(`SET a 1 | PEXPIREAT a ${limits.deadlineMsMax + 1}`),
    redis: ":1",
    kvorum: "-ERR invalid expire time in 'pexpireat' command",
  },
  {
    title: "A bulk string that does not end in CRLF",
    conversation: readScript('raw "*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\naXY"'),
    redis: "$-1",
    kvorum: "-ERR Protocol error: expected CRLF after bulk",
  },
  {
    title: "`SET key value IFEQ old`",
    conversation: readScript("SET a 1 | SET a 2 IFEQ 1"),
    redis: "-ERR syntax error",
    kvorum: "+OK",
  },
  {
    title: "`SET key value IFREV revision`",
    conversation: readScript("DEL a | SET a 2 IFREV 1"),
    redis: "-ERR syntax error",
    kvorum: "$-1",
  },
  {
    title: "`GETREV`",
    conversation: readScript("SET a 1 | GETREV a"),
    redis: "-ERR unknown command 'GETREV', with args beginning with: 'a' ",
    kvorum: "*2",
  },
  {
    title: "`DELEX`",
    conversation: readScript("SET a 1 | DELEX a IFEQ 1"),
    redis: "-ERR unknown command 'DELEX', with args beginning with: 'a' 'IFEQ' '1' ",
    kvorum: ":1",
  },
  {
    title: "`DELIFEQ`",
    conversation: readScript("SET a 1 | DELIFEQ a 2"),
    redis: "-ERR unknown command 'DELIFEQ', with args beginning with: 'a' '2' ",
    kvorum: ":0",
  },
  {
    title: "`CLIENT SETINFO`, `CLIENT NO-TOUCH`",
    conversation: readScript("CLIENT NO-TOUCH ON | CLIENT SETINFO LIB-NAME x"),
    redis: "-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.",
    kvorum: "+OK",
  },
  {
    title: "`WAITAOF`",
    conversation: readScript("WAITAOF 0 0 0"),
    redis: "-ERR unknown command 'WAITAOF', with args beginning with: '0' '0' '0' ",
    kvorum: "*2",
  },
  {
    title: "A watched key that comes and goes again before EXEC",
    conversation: readScript("WATCH a | @1 SET a 1 ; DEL a | MULTI ; PING ; EXEC"),
    redis: "*-1",
    kvorum: "*1",
  },
  {
    title: "Databases with watched keys that are swapped and swapped back before EXEC",
    conversation: readScript("SET a 1 | WATCH a | @1 SWAPDB 0 1 ; SWAPDB 0 1 | MULTI ; PING ; EXEC"),
    redis: "*-1",
    kvorum: "*1",
  },
  {
    title: "SET with a deadline that has passed",
    conversation: readScript("SET a 1 EXAT 1 ; MEMORY USAGE a"),
    redis: ":48",
    kvorum: "$-1",
  },
  {
    title: "`OBJECT ENCODING` of a whole number that INCRBYFLOAT has left",
    conversation: readScript("SET a 1.5 | INCRBYFLOAT a 0.5 | OBJECT ENCODING a"),
    redis: "$6",
    kvorum: "$3",
  },
  {
    title: "`CLIENT TRACKING ON`",
    conversation: readScript("CLIENT TRACKING ON"),
    redis: "+OK",
    kvorum: "-ERR CLIENT TRACKING is not possible here: ask without client-side caching",
  },
  {
    title: "Settings that have one possible value",
    conversation: readScript("CONFIG SET maxmemory-policy allkeys-lru"),
    redis: "+OK",
    kvorum:
      "-ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - only noeviction is possible here",
  },
  {
    title: "`DEBUG` beside `DEBUG SLEEP`",
    conversation: readScript("DEBUG SET-ACTIVE-EXPIRE 1"),
    redis: "+OK",
    kvorum: "-ERR unknown subcommand or wrong number of arguments for 'SET-ACTIVE-EXPIRE'. Try DEBUG HELP.",
  },
  {
    title: "A wrong `DEBUG` inside MULTI",
    conversation: readScript("MULTI ; DEBUG NONSENSE"),
    redis: "+QUEUED",
    kvorum: "-ERR unknown subcommand or wrong number of arguments for 'NONSENSE'. Try DEBUG HELP.",
  },
];

/** Differences that no such conversation shows: each has a test somewhere else. */
export interface DifferenceElsewhere {
  readonly title: string;
  readonly file: string;
  readonly test: string;
}

export const differencesElsewhere: readonly DifferenceElsewhere[] = [
  {
    title: "`CLUSTER` of a node that others have joined",
    file: "test/cluster/discovery.test.ts",
    test: "CLUSTER NODES, SHARDS and INFO tell of one shard, and so do INFO and HELLO",
  },
  {
    title: "Keys of several slots, and `SELECT`, in a cluster",
    file: "test/cluster/discovery.test.ts",
    test: "in a cluster there are databases, and keys of several slots go together",
  },
  {
    title: "A command of keys at a node that follows",
    file: "test/cluster/redirect.test.ts",
    test: "by default every node takes every command",
  },
  {
    title: "`READONLY` in a cluster",
    file: "test/cluster/redirect.test.ts",
    test: "answers stale and quorum reads itself, and nothing else",
  },
  {
    title: "`CONSISTENCY`",
    file: "test/cluster/consistency.test.ts",
    test: "a connection says how many voters its writes and reads take, as far as that makes sense",
  },
  {
    title: "`WAIT` and `WAITAOF` at a node that follows",
    file: "test/cluster/replication.test.ts",
    test: "WAIT counts the other members that hold a write, at any node, and gives up in time",
  },
  {
    title: "Offsets in `ROLE` and `INFO`",
    file: "test/cluster/replication.test.ts",
    test: "ROLE and INFO tell a leader from those who follow it, learners too, and where they are",
  },
  {
    title: "`SESSION`",
    file: "test/server/sessions.test.ts",
    test: "what would be refused without a number is refused with one, and can be mended under the same",
  },
  {
    title: "`KVORUM`",
    file: "test/cluster/members.test.ts",
    test: "KVORUM refuses what it cannot understand",
  },
  {
    title: "A connection that does not begin with `*`",
    file: "test/clients/netcat.test.ts",
    test: "nc speaks the text protocol, and RESP where a line begins with a star",
  },
  {
    title: `A read of a key over ${count(limits.keyBytesMax)} bytes`,
    file: "test/bad-commands.test.ts",
    test: "a key over the limit is absent for a read, and of the longest length it is like any other",
  },
  {
    title: `\`MGET\` of values over ${count(limits.mgetBytesMax)} bytes (8 MiB) together`,
    file: "src/engine/commands/strings.test.ts",
    test: "MGET answers as many bytes as one value may have, and refuses more before it answers any",
  },
  {
    title: "A database of more than 31 GiB, or of more than 31,000 values over 256 KiB",
    file: "src/engine/demand.test.ts",
    test: "where growth is refused, what must work does, and what is deleted makes room",
  },
  {
    title: "A transaction of more than 12 MiB",
    file: "test/bad-commands.test.ts",
    test: "a transaction over its limits is refused when it is queued",
  },
  {
    title: "The moment of a deadline",
    file: "src/engine/keyspace.test.ts",
    test: "a key is gone from its deadline on, before it is removed",
  },
  {
    title: `\`KEYS\` over more than ${count(limits.keysPerSlice)} keys`,
    file: "src/engine/commands/key-listing.test.ts",
    test: "between the slices of KEYS other commands change what they like",
  },
  {
    title: "`KEYS` of a large database inside MULTI",
    file: "src/engine/commands/key-listing.test.ts",
    test: "in a transaction KEYS is for small databases",
  },
  {
    title: `\`SCAN\` with a COUNT over ${count(limits.scanCountMax)}`,
    file: "src/engine/commands/scan.test.ts",
    test: "COUNT is cut to the limit",
  },
  {
    title: "A pattern with many stars on long keys",
    file: "src/engine/commands/scan.test.ts",
    test: "a pattern that costs too much on one key is refused",
  },
  {
    title: "`SAVE`, `BGSAVE` of a node in memory",
    file: "src/server/commands/node.test.ts",
    test: "SAVE and BGSAVE tell that a node in memory has no disk",
  },
  {
    title: "`maxmemory-clients` by default",
    file: "src/node/config.test.ts",
    test: "clients may hold a tenth of the memory, unless something else is said",
  },
  {
    title: "`maxmemory-clients` in percent",
    file: "test/server/client-memory.test.ts",
    test: "a share is one of the memory there is, whatever maxmemory says",
  },
  {
    title: "`maxmemory`",
    file: "test/server/client-memory.test.ts",
    test: "what clients hold is used memory, and no reason to refuse a write",
  },
  {
    title: "`CLIENT NO-EVICT ON`",
    file: "test/server/client-memory.test.ts",
    test: "who asked for NO-EVICT is spared as long as there are others",
  },
  {
    title: "A client that waits in WAIT and will send no more",
    file: "src/server/commands/wait.test.ts",
    test: "a client that waits may send more, which is kept up to a bound, and leave without being heard",
  },
  {
    title: "`DEBUG SLEEP`",
    file: "test/server/fairness.test.ts",
    test: "DEBUG SLEEP keeps its own connection waiting, in order, and no other",
  },
];

function says(...steps: readonly Step[]): Conversation {
  return [pipeline(0, ...steps)];
}

function words(length: number): string[] {
  return Array.from({ length }, (_, i) => `k${i}`);
}

function repeated(one: Step, length: number): Step[] {
  return Array.from({ length }, () => one);
}

/** 65,536 */
function count(value: number): string {
  return value.toLocaleString("en");
}
