import { lower, nameOf, type Step, step } from "./conversation.ts";

/** Ends CLIENT REPLY OFF and SKIP wherever a connection stands; in a transaction it would only be queued. */
export const speakAgain: readonly Step[] = [step("DISCARD"), step("CLIENT", "REPLY", "ON")];

/**
 * What a client can know of its connection without reading: whether a reply will come, and whether it
 * stands between MULTI and EXEC. Only what the protocol itself fixes is in here; what servers answer is not.
 */
export class Book {
  /** Nothing was sent yet: the next command may not be a line, which would mean another protocol. */
  isFresh = true;
  isInTransaction = false;
  isWatching = false;
  /** CLIENT REPLY OFF. */
  isSilent = false;
  isClosed = false;
  /** Writes queued by MULTI. The censor counts them, and the next ones. */
  queuedWrites = 0;
  /** Writes by anybody since WATCH. */
  writesWatched = 0;
  #skipsNext = false;
  #wasAnswered = true;

  /** Whether the next command would go unanswered. */
  get isMute(): boolean {
    return this.isSilent || this.#skipsNext;
  }

  /** Whether nothing tells that the last command has been carried out. */
  get isUnheard(): boolean {
    return !this.isClosed && (this.isMute || !this.#wasAnswered);
  }

  /** Notes a command that is sent, and tells whether it is answered. */
  send(said: Step): boolean {
    if (this.isClosed) return false;
    this.#wasAnswered = this.#note(said);
    return this.#wasAnswered;
  }

  #note({ args }: Step): boolean {
    this.isFresh = false;
    const skipped = this.#skipsNext;
    this.#skipsNext = false;
    const mode = replyMode(args);
    if (mode !== undefined) return this.#turnReplies(mode);
    const name = lower(args[0]);
    if (args.length === 1) changes.get(name)?.(this);
    if (name === "quit") this.isClosed = true;
    if (name === "watch" && args.length > 1 && !this.isInTransaction) this.isWatching = true;
    return !this.isSilent && !skipped;
  }

  /** Only ON is answered. */
  #turnReplies(mode: string): boolean {
    if (mode === "skip") this.#skipsNext = !this.isSilent;
    else this.isSilent = mode === "off";
    return mode === "on";
  }
}

/** The word of a well-formed CLIENT REPLY. */
function replyMode(args: readonly Buffer[]): string | undefined {
  const mode = lower(args[2]);
  if (args.length !== 3 || nameOf(args) !== "client|reply") return undefined;
  return mode === "on" || mode === "off" || mode === "skip" ? mode : undefined;
}

function leave(book: Book): void {
  if (!book.isInTransaction) return;
  book.isInTransaction = false;
  book.queuedWrites = 0;
  forgetWatched(book);
}

function forgetWatched(book: Book): void {
  book.isWatching = false;
  book.writesWatched = 0;
}

function enter(book: Book): void {
  book.isInTransaction = true;
}

function unwatch(book: Book): void {
  if (!book.isInTransaction) forgetWatched(book);
}

function reset(book: Book): void {
  leave(book);
  forgetWatched(book);
  book.isSilent = false;
}

/** Commands that stand alone and change what a connection is in. */
const changes: ReadonlyMap<string, (book: Book) => void> = new Map([
  ["multi", enter],
  ["exec", leave],
  ["discard", leave],
  ["unwatch", unwatch],
  ["reset", reset],
]);
