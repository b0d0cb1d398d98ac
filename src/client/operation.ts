import { type Reply, ReplyError } from "../protocol/reply.ts";
import type { BulkForm } from "../protocol/reply-decoder.ts";
import type { RequestArgument, RequestWriter } from "../protocol/request-encoder.ts";
import type { Command } from "./commands.ts";
import type { Consistency } from "./consistency.ts";
import { Mortal } from "./deadlines.ts";
import { type ConnectionError, KvClientError } from "./errors.ts";
import type { ClientNode } from "./node.ts";
import type { WriteNumber, Writer } from "./session.ts";
import type { Waiter } from "./waiter.ts";

/**
 * "read": any node; "write": the leader, with a number; "plain": the leader, without one; "harmless": the same, and it does
 * not matter how often.
 */
export type OperationKind = "read" | "write" | "plain" | "harmless";

/** Who carries operations out. */
export interface Owner {
  answered(operation: Operation, reply: Reply): void;
  failed(operation: Operation, error: ConnectionError): void;
  expired(operation: Operation): void;
  over(operation: Operation): void;
}

/**
 * What a caller waits for: one command, sent as often as it takes. It is in one place at a time (the line for a number, a
 * connection, the line of those that are tried again later), and ends exactly once, in `#end`.
 */
export class Operation extends Mortal implements Waiter, Writer {
  readonly consistency: Consistency;
  isOver = false;
  number: WriteNumber | undefined;
  isInLine = false;
  /** Where it was sent, or is about to be. */
  node: ClientNode | undefined;
  /** Own writes that were acknowledged before it began: a stale read sees at least these. */
  writesBefore = 0;
  /** Which life of its node has what it is to see. */
  life = 0;
  /** What the last try promised: `consistency`, or more. */
  sentUnder: Consistency;
  /** How often it was tried. */
  attempts = 0;
  /** Some copy of it was sent, and nobody said what became of it. */
  isInDoubt = false;
  /** It counts as in flight at its node. */
  isAssigned = false;
  /** It is on its way: a copy was given to a connection, and has not been answered. */
  isSent = false;
  /** Why the last try came to nothing. */
  lastError: KvClientError | undefined;
  /** What it ended with; undefined where it succeeded. */
  error: KvClientError | undefined;
  /** What it takes of the bound on bytes. */
  bytes = 0;
  /** When it began, where somebody wants to know. */
  startMs = 0;
  signal: AbortSignal | undefined;
  readonly #owner: Owner;
  readonly #command: Command<unknown>;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: KvClientError) => void;

  constructor(
    owner: Owner,
    command: Command<unknown>,
    consistency: Consistency,
    resolve: (value: unknown) => void,
    reject: (error: KvClientError) => void,
  ) {
    super();
    this.#owner = owner;
    this.#command = command;
    this.consistency = consistency;
    this.sentUnder = consistency;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** The revision that the reply tells; 0: none. */
  revisionIn(reply: Reply): number {
    return this.#command.revisionIn?.(reply) ?? 0;
  }

  get kind(): OperationKind {
    return this.#command.kind;
  }

  /** The command with its arguments; of a transaction, those of all its commands one behind the other. */
  get words(): readonly RequestArgument[] {
    return this.#command.words;
  }

  get bulkForm(): BulkForm {
    return this.#command.bulkForm ?? "text";
  }

  /** It may be sent again, whatever became of the copies before. */
  get isRepeatable(): boolean {
    return this.changesNothing || this.number !== undefined;
  }

  get changesNothing(): boolean {
    return this.kind === "read" || this.kind === "harmless";
  }

  /** "SET" */
  get name(): string {
    return String(this.words[0]).toUpperCase();
  }

  encode(writer: RequestWriter): number {
    const { words } = this;
    if (this.number === undefined) writer.begin(words.length);
    else this.beginNumbered(writer, words.length);
    for (let i = 0; i < words.length; i++) writer.argument(words[i]!, i);
    this.isSent = true;
    return 1;
  }

  answered(reply: Reply): void {
    this.#owner.answered(this, reply);
  }

  failed(error: ConnectionError): void {
    this.#owner.failed(this, error);
  }

  override expire(): void {
    this.#owner.expired(this);
  }

  /** Its signal ends it. */
  abort(): void {
    const applied = this.isInDoubt || this.isSent ? "maybe" : "no";
    this.fail(
      new KvClientError("ABORTED", "the operation was aborted", applied, { cause: this.signal?.reason }),
    );
  }

  succeed(reply: Reply): void {
    if (this.isOver) return;
    let value: unknown;
    try {
      value = this.#command.convert(reply);
    } catch (error) {
      this.fail(error as KvClientError);
      return;
    }
    this.#end(undefined);
    this.#resolve(value);
  }

  fail(error: KvClientError): void {
    if (this.isOver) return;
    this.#end(error);
    const isHarmless = this.changesNothing && error.applied === "maybe";
    this.#reject(
      isHarmless ? new KvClientError(error.code, error.message, "no", { cause: error.cause }) : error,
    );
  }

  /** `SESSION ID id sequence low` in front of so many words. */
  protected beginNumbered(writer: RequestWriter, count: number): void {
    const { session, sequence } = this.number!;
    writer.begin(5 + count);
    writer.raw(session.words);
    writer.integer(sequence);
    writer.integer(session.low);
  }

  #end(error: KvClientError | undefined): void {
    this.isOver = true;
    this.error = error;
    this.#owner.over(this);
  }
}

/** Commands that are carried out at once: MULTI, each of them, EXEC. The reply is EXEC's, an array of theirs. */
export class TransactionOperation extends Operation {
  readonly #commands: readonly (readonly RequestArgument[])[];
  #missing = 0;
  /** Why a command was not queued: EXEC only says that one was not. */
  #refusal: ReplyError | undefined;

  constructor(
    owner: Owner,
    command: Command<unknown>,
    consistency: Consistency,
    resolve: (value: unknown) => void,
    reject: (error: KvClientError) => void,
    commands: readonly (readonly RequestArgument[])[],
  ) {
    super(owner, command, consistency, resolve, reject);
    this.#commands = commands;
  }

  override encode(writer: RequestWriter): number {
    writer.command(["MULTI"]);
    for (const command of this.#commands) writer.command(command);
    if (this.number === undefined) writer.begin(1);
    else this.beginNumbered(writer, 1);
    writer.text("EXEC");
    this.isSent = true;
    this.#refusal = undefined;
    this.#missing = this.#commands.length + 2;
    return this.#missing;
  }

  override answered(reply: Reply): void {
    this.#missing--;
    if (this.#missing === 0) super.answered(this.#verdict(reply));
    else if (reply instanceof ReplyError) this.#refusal ??= reply;
  }

  #verdict(reply: Reply): Reply {
    const isAborted = reply instanceof ReplyError && reply.code === "EXECABORT";
    return isAborted ? (this.#refusal ?? reply) : reply;
  }
}
