import { assert } from "./assert.ts";

/** Every bound of the program, with its reason. Units are in the names. */
export const limits = {
  /** A key's length is 16 bits of its record's header. */
  keyBytesMax: 65_535,
  /** The largest value: a copy into memory that was never used stays under 20 ms of the event loop, where a slow virtual
   * machine takes 1.4 ms for each MiB. */
  valueBytesMax: 8_388_608, // 8 MiB
  /** All values that one MGET answers: as much as one of the largest. */
  mgetBytesMax: 8_388_608, // 8 MiB
  /** The largest bulk a request may announce; Redis' proto-max-bulk-len. Beyond it the connection
   * is closed; between valueBytesMax and this, the bytes are skipped and TOO_LARGE is answered. */
  bulkBytesMax: 536_870_912, // 512 MiB
  /** All bytes of one command: as many as can be copied in its time, and what stands around them. */
  commandBytesMax: 25_165_824, // 24 MiB
  /** A command is atomic, and so is a transaction: no other client is served meanwhile. Told from the request and from
   * the lengths of values before it is proposed (engine/cost.ts). */
  commandMicrosMax: 20_000,
  /** Arguments of one command that are looked at: the quickest of all commands could take no more in its time. */
  argumentsMax: 65_536, // 64 Ki
  /** Room for arguments that a connection keeps for its next command. */
  argumentsKept: 16_384,
  /** Arguments of a transaction as one item: its commands and watched keys. */
  itemArgumentsMax: 32_768,
  /** Arguments a request may announce (Redis: 2^31). Beyond it the connection is closed; between
   * argumentsMax and this, they are skipped and TOO_LARGE is answered. */
  argumentsAnnouncedMax: 1_048_576,
  /** Arguments, and the bytes of each, from a client that has still to give its password, as in Redis: enough for
   * AUTH and HELLO, and nobody takes memory without having been let in. */
  strangerArgumentsMax: 10,
  strangerBulkBytesMax: 16_384, // 16 KiB
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
  /** Bytes of a pattern of KEYS, SCAN and COMMAND LIST: it is gone through again and again. All names of commands
   * with the worst one of this length: under 10 ms. */
  patternBytesMax: 1_024,
  /** Steps of a pattern on one key, beyond which it is refused, and on the keys of one slice: about 2 ms.
   * A pattern of 16 bytes never needs more, even on the longest key. */
  globStepsMax: 1_048_576,
  /** SCAN's COUNT is cut to this: about 5 ms. */
  scanCountMax: 20_000,

  /** Records outside of the engine travel in pieces of this size; one that is larger makes a piece alone. */
  chunkBytes: 131_072, // 128 KiB
  /** Bytes of a long record copied at a time where it is loaded, into memory that is new: less than 1 ms. */
  copyBytesPerStep: 1_048_576, // 1 MiB
  /** Records looked at for an image in one turn, where each KiB of a larger one counts as another: under 1 ms. */
  imageRecordsPerTurn: 2_000,
  /** A snapshot is written no faster, unless somebody waits for it: the log has the better half of the disk. */
  snapshotBytesPerSecond: 67_108_864, // 64 MiB
  /** After a snapshot has failed nobody tries the next one sooner, unless asked to: a full disk stays so for a while. */
  snapshotRetryMs: 10_000,
  /** After so much of a snapshot it is synced: a sync of more would make the log wait. */
  snapshotSyncBytes: 4_194_304, // 4 MiB
  /** Read from a snapshot, or written to it, at a time: a checksum of so much takes less than 1 ms. */
  snapshotReadBytes: 1_048_576, // 1 MiB
  /** One frame of a snapshot: a largest record, and what stands beside it. */
  snapshotFrameBytesMax: 34_603_008, // 33 MiB
  /** Old versions of records that wait to be written to a snapshot, beyond which writes are held back. */
  imagePendingBytesMax: 67_108_864, // 64 MiB

  /** Commands queued by one MULTI, and their bytes. */
  transactionCommandsMax: 8_192,
  transactionBytesMax: 12_582_912, // 12 MiB
  /** Keys watched by one connection, and their bytes: EXEC carries and compares all of them. */
  watchedKeysMax: 4_096,
  watchedBytesMax: 4_194_304, // 4 MiB

  /** What stands here on sessions is a part of engine version 1, since a member looks at it while it applies: it can
   * change only with a later version. Sessions that are open: some for each client connection. */
  sessionsMax: 32_768,
  /** A session may last a day without being used: so long its replies take room when its client is gone. */
  sessionTtlMsMax: 86_400_000,
  /** Replies of one session that may still be asked for: a client sends no more writes ahead than that. */
  sessionRepliesMax: 1_024,
  /** A reply that is longer is not kept: who asks for it is told so, and that its write was applied. */
  sessionReplyBytesMax: 1_048_576, // 1 MiB
  /** Kept replies of one session, and of all: a snapshot has them, and one is in memory on every member. */
  sessionBytesMax: 4_194_304, // 4 MiB
  sessionsBytesMax: 67_108_864, // 64 MiB

  /** Expired keys removed by an entry of commands before them: under 1 ms. */
  expiredPerEntry: 256,
  /** Bytes of commands and reads of one entry, beyond which the next one is begun: larger entries win nothing.
   * An entry is larger where its last command is. */
  batchBytesMax: 1_048_576, // 1 MiB
  /** Bytes that were taken and not applied yet, in all; beyond it nobody is read from. */
  proposalBytesMax: 67_108_864, // 64 MiB
  /** Time for which entries are applied before the other work of the event loop gets a turn. */
  applyMsPerTurn: 5,
  /** Bytes of the log that are read at a time, to be applied at the start. */
  replayBytes: 4_194_304, // 4 MiB

  /** Client connections, Redis' default maxclients. */
  clientsMax: 10_000,
  /** One read from a socket; every connection reads into the same buffer. */
  receiveBytes: 65_536, // 64 KiB
  /** Bytes of requests that one connection may have carried out in one turn of the event loop before the
   * others get theirs: about 2 ms of the smallest commands. */
  turnBytesMax: 65_536, // 64 KiB
  /** Time that commands of one connection may take in one turn before the others get theirs; the last one may go
   * over. Those that are too quick for a look at the clock are not in it: turnBytesMax is for them. */
  turnMsMax: 5,
  /** So many bytes of replies count as a millisecond of that, since nobody looks at the clock for them. */
  replyBytesPerMs: 1_048_576, // 1 MiB
  /** Replies are handed to the socket at the end of a turn, and before that when so many wait. */
  outputFlushBytes: 131_072, // 128 KiB
  /** Buffers of 16 KiB for replies that are kept for the next connection: 16 MiB. */
  outputSpares: 1024,
  /** Unsent replies beyond which a connection is not read from. */
  outputHighWaterBytes: 1_048_576, // 1 MiB
  /** Unsent replies beyond which a client is cut off, as Redis' client-output-buffer-limit does. */
  outputBytesMax: 268_435_456, // 256 MiB
  /** What all clients hold together, in percent of the memory there is, beyond which those that hold the most are cut
   * off: all that ordinary use takes many times over, and the data keeps its room. */
  clientsPercent: 10,
  /** What all clients together may be allowed to hold at least, as in Redis: below that nobody could say a word to
   * allow more. */
  clientsBytesMin: 131_072, // 128 KiB
  /** What the node has for a client that does nothing: its socket and what belongs to it, as measured. */
  clientBytes: 8_192, // 8 KiB
  /** A closed connection still drops what its client sends for so long: closed at once, replies on their way to
   * the client would be lost. */
  lingerMsMax: 1_000,
  /** A shutdown waits this long for clients to take their replies. */
  shutdownMsMax: 5_000,

  /** One entry of the log: a largest command, and what else came in the same turn. */
  logPayloadBytesMax: 67_108_864, // 64 MiB
  /** Entries that wait for the disk: beyond that the log is full. Two largest ones. */
  logUnstableBytesMax: 134_217_728, // 128 MiB
  /** The newest entries, kept in memory for members that are a little behind. */
  logCacheBytesMax: 33_554_432, // 32 MiB
  /** The first segment of a log, and the largest; each is twice as long as the one before. A young node takes
   * little room, and of a large log 1 % is zeroed ahead. */
  logSegmentBytesMin: 4_194_304, // 4 MiB
  logSegmentBytesMax: 67_108_864, // 64 MiB
  /** What goes to the disk in one write, but for a larger record: about 5 ms of a fast disk. */
  logGroupBytesMax: 8_388_608, // 8 MiB
  /** Parts of one write: operating systems take 1024. */
  logGroupPartsMax: 1_000,
  /** Room for headers and short payloads of one write. */
  logStagingBytes: 1_048_576, // 1 MiB
  /** Payloads up to this length are copied, which costs less than a part of their own. */
  logCopyBytesMax: 4_096,
  /** The log is read in pieces of this size, and of one record where that is larger. */
  logReadBytes: 1_048_576, // 1 MiB
  /** Segments are zeroed in pieces of this size, each synced: the log's own writes get their turn. */
  logZeroBytes: 1_048_576, // 1 MiB
  /** Where each so many bytes of a segment begin is known: what a read has to skip at most, for 16 bytes. */
  logMarkBytes: 65_536, // 64 KiB
  /** With fsync interval, what a crash of the machine can lose; Redis' everysec. */
  logSyncMs: 1_000,
  /** Identity, term and vote, manifest: far more than they need. */
  smallFileBytesMax: 65_536, // 64 KiB

  /** Backups that are read from a node at once: each keeps a snapshot on the disk. */
  backupsMax: 4,
  /** A backup that nobody reads from for so long has ended. */
  backupIdleMsMax: 60_000,
  /** One piece of a backup: a millisecond of a disk, and of the network. */
  backupReadBytesMax: 1_048_576, // 1 MiB

  /** One piece of a snapshot on its way to a member: some milliseconds of a network, and nothing waits behind it longer. */
  snapshotPieceBytes: 262_144, // 256 KiB
  /** Snapshots go to members no faster, all together: entries have the better half of a network of 1 Gbit/s. */
  snapshotSendBytesPerSecond: 67_108_864, // 64 MiB

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
  /** Arguments and bytes of a fast command up to which it takes some microseconds: beyond, the slow log and LATENCY
   * want to know how long it took. */
  quickArgumentsMax: 64,
  quickBytesMax: 65_536, // 64 KiB
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

  /** Operations of one KvClient that are not over, and their bytes: beyond that they are refused, before the process has
   * no memory left. */
  clientOperationsMax: 65_536,
  clientBytesMax: 67_108_864, // 64 MiB

  /** Entries in one message to a member, one larger entry excepted: far less than a heartbeat takes on any network. */
  appendBytesMax: 1_048_576, // 1 MiB
  /** What a member is sent ahead of its acknowledgements: a fast link and a slow disk behind it stay busy, and a
   * member that hangs holds no more memory than that. */
  inflightMessagesMax: 256,
  inflightBytesMax: 16_777_216, // 16 MiB
  /** Proposals that are not committed: a majority that hangs must not fill the leader's memory. */
  uncommittedBytesMax: 134_217_728, // 128 MiB

  /** A configuration of the cluster in bytes: some hundred members with all that is said of them. */
  configurationBytesMax: 65_536, // 64 KiB
  /** The body of a frame between members: a largest entry and what stands around it. */
  peerBodyBytesMax: 67_174_400, // 64 MiB + 64 KiB
  /** A part of a snapshot in one frame: a heartbeat does not notice it, and a piece read from the disk fits. */
  snapshotPieceBytesMax: 1_048_576, // 1 MiB
  /** A line with which members introduce themselves: far more than names and addresses take. */
  peerLineBytesMax: 4_096,
  /** And the time for all of it, a slow disk that is asked included. */
  peerGreetingMsMax: 3_000,
  /** A node that stops hands over its lead, which takes some ms; it does not wait longer for others that may stop as well. */
  handOverMsMax: 300,
  /** Connections to the port of the members that have not introduced themselves. */
  peerGreetingsMax: 64,
  /** A line of a question or an answer between nodes: it may hold all that is known of all members. */
  peerAnswerBytesMax: 262_144, // 256 KiB
  /** What waits for the network to a member: messages of a few dozen bytes … */
  peerUrgentBytesMax: 1_048_576, // 1 MiB
  /** … and entries: as many as may be under way, then one of the largest. */
  peerBulkBytesMax: 100_663_296, // 96 MiB
  /** Members say that they live every half second; without a word for so many of them, a connection is given up. */
  peerAliveMs: 500,
  peerSilentTicksMax: 6,
  /** Whoever is to lead next and lags behind gets so much time: enough for what was written meanwhile, and no restart
   * waits longer for a node that does not come back. */
  transferCatchUpMs: 1_000,
  /** Looks at the end of the log that are kept, to tell how far members lag: days of them, the older the rougher. */
  lagMarks: 512,
  /** Why a member does not take a forwarded batch: one line of an error. */
  refusalBytesMax: 65_536, // 64 KiB

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
  /** Callers of `kvorum bench`: beyond that they wait for its process, which is not what is measured. */
  benchCallersMax: 10_000,
  /** Nobody watches it for longer than a day. */
  benchSecondsMax: 86_400,
  /** Keys of `kvorum bench`: filled and deleted in less than a minute. */
  benchKeysMax: 1_000_000,
  /** Lines of the interactive shell's history. */
  historyLines: 1_000,
  /** Longer lines are not kept: nobody looks for them. */
  historyLineCharactersMax: 4_096,
  /** A larger history file is not ours, or broken, and is begun anew. */
  historyBytesMax: 16_777_216, // 16 MiB
} as const;

/** More than what stands around an argument in RESP, and more than a database or a revision in it takes. */
const itemHeaderBytes = 32;

assert(
  limits.valueBytesMax + limits.keyBytesMax + 1024 < limits.snapshotFrameBytesMax,
  "a largest record must fit into a frame",
);
assert(
  limits.benchCallersMax < limits.clientOperationsMax,
  "callers must not be refused by their own client",
);
assert(limits.keyBytesMax < limits.copyBytesPerStep, "a key is copied at once");
assert(limits.valueBytesMax < limits.commandBytesMax, "a largest value must fit into a command");
assert(limits.passwordBytesMax < limits.strangerBulkBytesMax, "a stranger must be able to give a password");
assert(limits.commandBytesMax < limits.bulkBytesMax, "a bulk beyond a command must be skippable");
assert(
  limits.transactionBytesMax + limits.watchedBytesMax + itemHeaderBytes * limits.itemArgumentsMax <
    limits.commandBytesMax,
  "a transaction must fit into one item, with the keys that it compares",
);
assert(
  7 + 3 * limits.watchedKeysMax + 2 * limits.transactionCommandsMax < limits.itemArgumentsMax,
  "a transaction is one command with its watched keys and its commands as arguments, maybe behind SESSION ID",
);
assert(limits.sessionReplyBytesMax * 2 < limits.sessionBytesMax, "a session can keep a longest reply");
assert(
  limits.sessionBytesMax + 16 * limits.sessionRepliesMax < limits.snapshotFrameBytesMax,
  "a session with its replies must fit into a frame",
);
assert(limits.outputHighWaterBytes < limits.outputBytesMax, "back pressure comes before cutting off");
assert(limits.valueBytesMax <= limits.mgetBytesMax, "a largest value must be answerable by MGET");
assert(limits.mgetBytesMax < limits.outputBytesMax, "largest values must be answerable");
assert(limits.outputBytesMax < limits.replyBytesMax, "what a server sends at most, the client must take");
assert(limits.commandBytesMax < limits.callBytesUnsentMax, "a largest command must be sendable");
assert(limits.commandBytesMax < limits.logPayloadBytesMax, "a largest command must fit into an entry");
assert(limits.logPayloadBytesMax < limits.logUnstableBytesMax, "a largest entry must fit into the queue");
assert(
  limits.logCopyBytesMax * 2 < limits.logStagingBytes,
  "short payloads must fit into the staging buffer",
);
assert(limits.appendBytesMax < limits.inflightBytesMax, "messages follow each other without waiting");
assert(limits.commandBytesMax < limits.uncommittedBytesMax, "a largest command can be proposed");
assert(
  limits.logPayloadBytesMax + 1024 < limits.peerBodyBytesMax,
  "a largest entry must fit into a frame between members",
);
assert(
  limits.inflightBytesMax + limits.peerBodyBytesMax < limits.peerBulkBytesMax,
  "what the core sends ahead has room",
);
assert(
  limits.snapshotReadBytes <= limits.snapshotPieceBytesMax,
  "what is read at a time is sent in one piece",
);
