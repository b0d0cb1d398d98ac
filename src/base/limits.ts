import { assert } from "./assert.ts";

/** Every bound of the program, with its reason. Units are in the names. */
export const limits = {
  /** A key's length is 16 bits of its record's header. */
  keyBytesMax: 65_535,
  /** The largest value: copying it twice stays under 20 ms of the event loop. */
  valueBytesMax: 33_554_432, // 32 MiB
  /** The largest bulk a request may announce; Redis' proto-max-bulk-len. Beyond it the connection
   * is closed; between valueBytesMax and this, the bytes are skipped and TOO_LARGE is answered. */
  bulkBytesMax: 536_870_912, // 512 MiB
  /** All bytes of one command: one value of the largest size and generous keys beside it. */
  commandBytesMax: 41_943_040, // 40 MiB
  /** Arguments of one command that are carried out: a command is atomic, so this bounds its time. */
  argumentsMax: 16_384,
  /** Arguments of a transaction as one item: its commands and watched keys. */
  itemArgumentsMax: 32_768,
  /** Arguments a request may announce (Redis: 2^31). Beyond it the connection is closed; between
   * argumentsMax and this, they are skipped and TOO_LARGE is answered. */
  argumentsAnnouncedMax: 1_048_576,
  /** One line of the inline and of the text protocol, as Redis' PROTO_INLINE_MAX_SIZE. */
  textLineBytesMax: 65_536, // 64 KiB
  /** Nesting of a reply that the client decodes: far more than any command answers. */
  replyDepthMax: 32,
  /** One line of a reply: simple strings, errors, numbers and headers. */
  replyLineBytesMax: 65_536, // 64 KiB
  /** One whole reply, and any bulk in it: JavaScript's longest string is just short of 512 MiB. */
  replyBytesMax: 535_822_336, // 511 MiB

  /** Databases, as in Redis' default configuration: SELECT 0 to 15. */
  databases: 16,
  /** Deadlines are exact integers in a double, in ms since 1970. */
  deadlineMsMax: 9_007_199_254_740_991,
  /** Expired keys removed before the commands of a turn: some microseconds. The tick does the rest. */
  expiredPerTurn: 16,
  /** Expired keys removed by one tick: under 5 ms. */
  expiredPerTick: 2_000,
  /** Table entries moved to the next table with each write while the table grows or shrinks. */
  migratedPerWrite: 32,
  /** Cells of an LCS matrix: about 10 ms. */
  lcsCellsMax: 4_194_304, // 4 MiB
  /** Keys looked at in one slice of KEYS, and by a KEYS inside a transaction in all: about 2 ms. */
  keysPerSlice: 10_000,
  /** Steps of a pattern on one key, beyond which it is refused, and on the keys of one slice: about 2 ms.
   * A pattern of 16 bytes never needs more, even on the longest key. */
  globStepsMax: 1_048_576,
  /** SCAN's COUNT is cut to this: about 5 ms. */
  scanCountMax: 20_000,

  /** Commands queued by one MULTI, and their bytes. */
  transactionCommandsMax: 8_192,
  transactionBytesMax: 33_554_432, // 32 MiB
  /** Keys watched by one connection. */
  watchedKeysMax: 4_096,

  /** Client connections, Redis' default maxclients. */
  clientsMax: 10_000,
  /** One read from a socket; every connection reads into the same buffer. */
  receiveBytes: 65_536, // 64 KiB
  /** Bytes of requests that one connection may have carried out in one turn of the event loop before the
   * others get theirs: about 2 ms of the smallest commands. */
  turnBytesMax: 65_536, // 64 KiB
  /** Replies are handed to the socket at the end of a turn, and before that when so many wait. */
  outputFlushBytes: 131_072, // 128 KiB
  /** Buffers of 16 KiB for replies that are kept for the next connection: 16 MiB. */
  outputSpares: 1024,
  /** Unsent replies beyond which a connection is not read from. */
  outputHighWaterBytes: 1_048_576, // 1 MiB
  /** Unsent replies beyond which a client is cut off, as Redis' client-output-buffer-limit does. */
  outputBytesMax: 268_435_456, // 256 MiB
  /** A closed connection still drops what its client sends for so long: closed at once, replies on their way to
   * the client would be lost. */
  lingerMsMax: 1_000,
  /** A shutdown waits this long for clients to take their replies. */
  shutdownMsMax: 5_000,

  /** Names in one COMMAND INFO or COMMAND DOCS: more than there are commands, and under 10 ms. */
  commandNamesMax: 512,
  /** Names that a client gives itself or its library: CLIENT LIST shows them all. */
  clientNameBytesMax: 1_024,
  /** Ids in one CLIENT LIST: as many as there are clients, about 20 ms. */
  clientIdsMax: 10_000,
  /** Passwords: 512 characters that the configuration takes, in UTF-8. Longer ones are wrong unseen. */
  passwordBytesMax: 2_048,
  /** Parameters in one CONFIG GET, and the bytes of a pattern in it: more than there are parameters, about 10 ms. */
  configPatternsMax: 64,
  configPatternBytesMax: 128,
  /** DEBUG SLEEP: nobody tests with more than an hour. */
  sleepMsMax: 3_600_000,
  /** Entries of the slow log, Redis' slowlog-max-len, and what one entry keeps of its command. */
  slowlogEntries: 128,
  slowlogArguments: 32,
  slowlogArgumentBytes: 128,
  /** Samples LATENCY HISTORY keeps for an event, as in Redis. */
  latencySamples: 160,

  /** Calls of one client connection that wait for their replies, and their bytes that are not sent yet.
   * Beyond that a call is refused: the caller sends faster than the server answers. */
  callsWaitingMax: 65_536,
  callBytesUnsentMax: 67_108_864, // 64 MiB

  /** A configuration file: far more than all settings take. */
  configBytesMax: 1_048_576, // 1 MiB
  /** What slowlog-max-len may be set to: about 400 MiB of the largest entries. */
  slowlogEntriesMax: 100_000,
  /** What maxclients may be set to: one process cannot have many more open files. */
  clientsConfiguredMax: 1_000_000,
  /** Timeouts that may be configured: Node.js' timers count ms in 31 bits. */
  timeoutSecondsMax: 2_147_483,
  /** Commands of a piped script that wait for their replies: enough to hide the way there and back. */
  scriptCallsMax: 1_000,
  /** Lines of the interactive shell's history. */
  historyLines: 1_000,
  /** Longer lines are not kept: nobody looks for them. */
  historyLineCharactersMax: 4_096,
  /** A larger history file is not ours, or broken, and is begun anew. */
  historyBytesMax: 16_777_216, // 16 MiB
} as const;

assert(limits.valueBytesMax < limits.commandBytesMax, "a largest value must fit into a command");
assert(limits.commandBytesMax < limits.bulkBytesMax, "a bulk beyond a command must be skippable");
assert(limits.transactionBytesMax < limits.commandBytesMax, "a transaction must fit into one item");
assert(
  2 + 3 * limits.watchedKeysMax + 2 * limits.transactionCommandsMax < limits.itemArgumentsMax,
  "a transaction is one command with its watched keys and its commands as arguments",
);
assert(limits.outputHighWaterBytes < limits.outputBytesMax, "back pressure comes before cutting off");
assert(limits.valueBytesMax < limits.outputBytesMax, "a largest value must be answerable");
assert(limits.outputBytesMax < limits.replyBytesMax, "what a server sends at most, the client must take");
assert(limits.commandBytesMax < limits.callBytesUnsentMax, "a largest command must be sendable");
