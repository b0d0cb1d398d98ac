import type { Arguments } from "../protocol/arguments.ts";
import type { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import type { Engine } from "./engine.ts";
import type { Keyspace } from "./keyspace.ts";

/**
 * What a handler sees while it carries out one command. One object for all of them: nothing of it may
 * be kept. A handler checks everything first, then changes, then writes exactly one reply; what it
 * answers and changes depends on the arguments, the keys and `now` alone, and never on where a keyspace has put
 * them. (Alone among reads, RANDOMKEY outside a transaction may answer otherwise on another member.)
 */
export interface Execution {
  readonly engine: Engine;
  readonly command: Command;
  readonly args: Arguments;
  readonly out: ReplyWriter;
  /** The selected database. */
  readonly keyspace: Keyspace;
  readonly db: number;
  /** Time of the entry, or of the read, in ms since 1970. */
  readonly now: number;
  /** For what a handler collects before it can say how many there are. Whoever uses it empties it first. */
  readonly scratch: ReplyWriter;
  /** Whether it may answer in slices: false inside a transaction. */
  readonly maySlice: boolean;
  /**
   * Where chance stands, which a handler that asks for it counts up. Inside a transaction it follows from the
   * revision: then every member draws the same, whatever was asked of it alone.
   */
  draws: number;
  /** Set by a handler that changed something: the revision is used up. */
  changed: boolean;
  /**
   * Set by a long read instead of a reply: called once a turn until it returns true, which says that the
   * reply is written. Other commands run in between.
   */
  slice: Slice | undefined;
}

export type Slice = () => boolean;
export type Handler = (x: Execution) => void;

/** Handlers by the full name of their row. */
export type Handlers = Readonly<Record<string, Handler>>;
