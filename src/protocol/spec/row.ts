/**
 * A command as a row of data. Parser, dispatch, COMMAND, the command line's help and the docs read
 * the same row. Sources: the command's page at redis.io and COMMAND INFO of Redis 7.0.
 */
export interface CommandRow {
  /** In lower case: "get". A subcommand's row has its own word alone: "docs" in the row "command". */
  readonly name: string;
  /** Number of arguments, name included (for a subcommand both words); -n: at least n. */
  readonly arity: number;
  /** As COMMAND INFO prints them. */
  readonly flags: readonly CommandFlag[];
  /** First key, last key (negative: from the end), step; absent where there is no key. */
  readonly keys?: readonly [first: number, last: number, step: number];
  /**
   * What becomes of the keys, in the words of Redis' key specifications: one entry for all of them, or one
   * for each. Absent where it is the usual: "RW update" for a write, else "RO access".
   */
  readonly keyUse?: readonly KeyUse[];
  readonly group: CommandGroup;
  /** First release that had it, of Redis where nothing else is said; "kvorum" for our own. */
  readonly since: string;
  /** One sentence, without a full stop. */
  readonly summary: string;
  /** "O(1)", "O(N) where N is …". */
  readonly complexity: string;
  /** Arguments behind the name, as redis.io writes them: `key value [NX | XX] [EX seconds | PX milliseconds]`. */
  readonly syntax: string;
  /**
   * Who carries it out. "read" and "write" go through the replica to the engine; "local" is the
   * connection's own affair (PING, HELLO, CLIENT …).
   */
  readonly route: "read" | "write" | "local";
  readonly subcommands?: readonly CommandRow[];
}

export type CommandGroup = "string" | "generic" | "transactions" | "connection" | "server" | "cluster";

/** How a key is opened (RO, RW, OW: overwritten, RM: removed), and what is done to its value. */
export type KeyUse =
  | "RO"
  | "RO access"
  | "RW access update"
  | "RW access update variable_flags"
  | "RW access delete"
  | "RW insert"
  | "RW update"
  | "OW insert"
  | "OW update"
  | "RM delete";

export type CommandFlag =
  | "write"
  | "readonly"
  | "denyoom"
  | "admin"
  | "noscript"
  | "loading"
  | "stale"
  | "fast"
  | "no_auth"
  | "no_multi"
  | "blocking"
  | "allow_busy"
  | "skip_slowlog"
  | "no_async_loading"
  | "movablekeys"
  | "pubsub";

/** A row with what the program adds to it when the table is built. */
export interface Command extends CommandRow {
  /** Position in the table: handlers are found by it, without a string. */
  readonly id: number;
  /** "config|get" for a subcommand, the name otherwise. */
  readonly fullName: string;
  readonly isWrite: boolean;
  /** Takes the same short time whatever the keys hold, but for a reply that is as long as a value: not worth a look
   * at the clock where its request is small. */
  readonly isFast: boolean;
  /** Refused while memory is over maxmemory. */
  readonly denyOom: boolean;
  /** Key positions, zeros where there are none. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  readonly children: readonly Command[];
}
