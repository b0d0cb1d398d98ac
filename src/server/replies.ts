import { encodeArguments } from "../engine/transaction.ts";
import type { Arguments } from "../protocol/arguments.ts";
import { ReplyWriter } from "../protocol/reply-writer.ts";
import type { Command } from "../protocol/spec/row.ts";
import { commandNamed } from "../protocol/spec/table.ts";
import type { Connection } from "./connection.ts";
import type { Server } from "./server.ts";

/**
 * The replies to a client, and the account of the commands that they answer: how often each was carried out and
 * failed, and how long it took where that is worth a look at the clock. Kept here, a command counts when and where
 * it is carried out: at once or later, alone or in a transaction.
 */
export class ClientReplies extends ReplyWriter {
  readonly #server: Server;
  readonly #connection: Connection;
  /** Of the command that is carried out. */
  #isTimed = false;
  #startMs = 0;
  #errorsBefore = 0;
  #transactionStartMs = 0;

  constructor(connection: Connection) {
    super(connection.server.outputPool);
    this.#server = connection.server;
    this.#connection = connection;
  }

  override error(text: string): void {
    super.error(text);
    this.#server.stats.noteError(text);
  }

  override begins(command: Command, args: Arguments): void {
    this.#errorsBefore = this.errors;
    this.#isTimed = this.#server.isTimed(command, args);
    if (this.#isTimed) this.#startMs = this.#server.clock.monotonicMs();
  }

  override ends(command: Command, args: Arguments): void {
    this.#count(command);
    if (this.#isTimed) this.#note(command, args, this.#server.clock.monotonicMs() - this.#startMs);
  }

  override goesOn(command: Command, args: Arguments, slice: () => boolean): () => boolean {
    const { clock } = this.#server;
    const kept = copyOf(args);
    let spentMs = clock.monotonicMs() - this.#startMs;
    return () => {
      const startMs = clock.monotonicMs();
      this.#errorsBefore = this.errors;
      const isDone = slice();
      spentMs += clock.monotonicMs() - startMs;
      if (isDone) {
        this.#count(command);
        this.#note(command, kept, spentMs);
      }
      return isDone;
    };
  }

  /** What a command of the connection's own is called that answers later, with its arguments, which go away now. */
  endsLater(command: Command, args: Arguments): () => void {
    const kept = copyOf(args);
    return () => this.ends(command, kept);
  }

  override beginsTransaction(): void {
    this.#transactionStartMs = this.#server.clock.monotonicMs();
  }

  override endsTransaction(item: Arguments): void {
    this.#server.stats.calls[exec.id]!++;
    this.#note(exec, item, this.#server.clock.monotonicMs() - this.#transactionStartMs);
  }

  #count({ id }: Command): void {
    const { stats } = this.#server;
    stats.calls[id]!++;
    if (this.errors !== this.#errorsBefore) stats.failed[id]!++;
  }

  #note(command: Command, args: Arguments, spentMs: number): void {
    this.#server.noteTime(this.#connection, command, args, spentMs);
  }
}

const exec = commandNamed("exec")!;

function copyOf(args: Arguments): Arguments {
  return encodeArguments(Array.from({ length: args.count }, (_, i) => args.copyOf(i)));
}
