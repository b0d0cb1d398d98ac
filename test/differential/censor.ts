import { commandNamed } from "../../src/protocol/spec/table.ts";
import { Book, speakAgain } from "./book.ts";
import { type Conversation, lower, type Step, step, type Turn } from "./conversation.ts";
import { setsExpired } from "./deadlines.ts";
import { isOmitted } from "./exceptions.ts";
import type { Probe } from "./probes.ts";

/**
 * Keeps out of conversations what is known to differ or depends on chance (exceptions.ts). Follows each
 * connection to know which command means what.
 */
export class Censor {
  readonly #books = new Map<number, Book>();

  /** Whether the command may be said next over this connection; if so, notes that it was. */
  admits(connection: number, said: Step): boolean {
    const book = this.#bookOf(connection);
    // What follows QUIT may make the system throw its reply away together with the connection.
    if (book.isClosed) return false;
    const isExec = book.isInTransaction && said.args.length === 1 && lower(said.args[0]) === "exec";
    const writes = isExec ? book.queuedWrites : book.isInTransaction ? 0 : writesOf(said);
    const watching = this.#watching().filter((b) => !(isExec && b === book));
    const seen = writes === 0 ? 0 : Math.max(0, ...watching.map((b) => b.writesWatched + writes));
    if (isOmitted(said, book, seen)) return false;
    for (const one of watching) one.writesWatched += writes;
    book.send(said);
    if (book.isInTransaction) book.queuedWrites += writesOf(said);
    return true;
  }

  /** Whether a turn that is more than a pipeline may come next; if so, notes what it does to connections. */
  admitsProbe(turn: Probe): boolean {
    if (turn.kind === "expiry" && this.#watching().length > 0) return false;
    this.#bookOf(turn.connection).send(step("DISCARD"));
    if (turn.kind === "kill") this.#books.delete(turn.connection);
    return true;
  }

  /** A turn is over: whoever was not heard speaks again, and who was closed is new. */
  endTurn(connection: number): void {
    const book = this.#bookOf(connection);
    if (book.isClosed) this.#books.delete(connection);
    else if (book.isUnheard) for (const said of speakAgain) book.send(said);
  }

  #watching(): Book[] {
    return [...this.#books.values()].filter((book) => book.isWatching);
  }

  #bookOf(connection: number): Book {
    const book = this.#books.get(connection) ?? new Book();
    this.#books.set(connection, book);
    return book;
  }
}

/** Whether a whole conversation could have been made under the censor's eyes. */
export function isAdmitted(conversation: Conversation): boolean {
  const censor = new Censor();
  return conversation.every((turn) => admitsTurn(censor, turn));
}

function admitsTurn(censor: Censor, turn: Turn): boolean {
  if (turn.kind !== "pipeline") return censor.admitsProbe(turn);
  const admitted = turn.steps.every((said) => censor.admits(turn.connection, said));
  censor.endTurn(turn.connection);
  return admitted;
}

function writesOf({ args }: Step): number {
  if (!commandNamed(lower(args[0]))?.isWrite) return 0;
  return setsExpired(args) ? 2 : 1;
}
