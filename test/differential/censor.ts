import { commandNamed } from "../../src/protocol/spec/table.ts";
import { Book, speakAgain } from "./book.ts";
import { type Conversation, lower, type Step, type Turn } from "./conversation.ts";
import { isOmitted } from "./exceptions.ts";

/**
 * Keeps out of conversations what is known to differ or depends on chance (exceptions.ts). Follows each
 * connection to know which command means what.
 *
 * Between WATCH and EXEC it admits one write at most: a key that comes and goes again, or two databases
 * that are swapped and swapped back, make Redis refuse an EXEC whose keys are as they were.
 */
export class Censor {
  readonly #books = new Map<number, Book>();

  /** Whether the command may be said next over this connection; if so, notes that it was. */
  admits(connection: number, said: Step): boolean {
    const book = this.#bookOf(connection);
    // What follows QUIT may make the system throw its reply away together with the connection.
    if (book.isClosed || isOmitted(said, book)) return false;
    const isExec = book.isInTransaction && said.args.length === 1 && lower(said.args[0]) === "exec";
    const writes = isExec ? book.queuedWrites : isWrite(said) && !book.isInTransaction ? 1 : 0;
    const watching = [...this.#books.values()].filter((b) => b.isWatching && !(isExec && b === book));
    if (writes > 0 && watching.some((b) => b.writesWatched + writes > 1)) return false;
    for (const one of watching) one.writesWatched += writes;
    book.send(said);
    if (book.isInTransaction && isWrite(said)) book.queuedWrites++;
    return true;
  }

  /** A turn is over: whoever was mute speaks again, and who was closed is new. */
  endTurn(connection: number): void {
    const book = this.#bookOf(connection);
    if (book.isClosed) this.forget(connection);
    else if (book.isMute) for (const said of speakAgain) book.send(said);
  }

  forget(connection: number): void {
    this.#books.delete(connection);
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
  if (turn.kind !== "pipeline") {
    censor.forget(turn.connection);
    if (turn.kind === "kill") censor.forget(turn.victim);
    return true;
  }
  const admitted = turn.steps.every((said) => censor.admits(turn.connection, said));
  censor.endTurn(turn.connection);
  return admitted;
}

function isWrite({ args }: Step): boolean {
  return commandNamed(lower(args[0]))?.isWrite ?? false;
}
