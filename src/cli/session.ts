import type { Connection } from "../client/connection.ts";
import { ConnectionError } from "../client/errors.ts";
import type { Reply } from "../protocol/reply.ts";
import { dial, type Target } from "./dial.ts";
import { refuseStreams } from "./streams.ts";
import { upper } from "./words.ts";

/** What happens without being asked for. */
export interface SessionEvents {
  notice(text: string): void;
}

/**
 * The shell's side of a server: one connection at a time, opened again when it is lost, with the
 * database and the user that were chosen before.
 */
export class Session {
  #target: Target;
  readonly #events: SessionEvents;
  #connection: Connection | undefined;
  /** Whether MULTI has begun a transaction on this connection. */
  #inTransaction = false;
  #isWaiting = false;

  constructor(target: Target, events: SessionEvents) {
    this.#target = target;
    this.#events = events;
  }

  /** "127.0.0.1:6379[3](TX)> " */
  get prompt(): string {
    if (this.#connection === undefined) return "not connected> ";
    const db = this.#target.db === 0 ? "" : `[${this.#target.db}]`;
    return `${this.#connection.address}${db}${this.#inTransaction ? "(TX)" : ""}> `;
  }

  usePassword(password: string): void {
    this.#target = { ...this.#target, password };
  }

  /** Connects, unless it is. Rejects with ConnectionError. Resolves with the server's address. */
  async connect(): Promise<string> {
    this.#connection ??= await dial(this.#target, { callMs: 0, onClosed: (error) => this.#lost(error) });
    return this.#connection.address;
  }

  /** Sends a command and gives its reply; connects first where the connection was lost. */
  async run(words: readonly Buffer[]): Promise<Reply> {
    refuseStreams(words);
    if (this.#connection === undefined) this.#events.notice(`connected to ${await this.connect()} again`);
    this.#isWaiting = true;
    try {
      const reply = await this.#connection!.call(words);
      this.#follow(words, reply);
      return reply;
    } catch (error) {
      // It may have been lost before it was ours, and #lost told nobody.
      if (error instanceof ConnectionError && error.code === "CLOSED") this.#connection = undefined;
      throw outcomeInWords(error);
    } finally {
      this.#isWaiting = false;
    }
  }

  /** Stops waiting for a reply, where one is waited for: that ends the connection. */
  interrupt(): void {
    if (this.#isWaiting) this.#connection?.destroy(new ConnectionError("CLOSED", "interrupted"));
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  #lost(error: ConnectionError | undefined): void {
    // Before it is ours, dial tells; after close() there is nothing to tell.
    if (this.#connection === undefined || error === undefined) return;
    this.#connection = undefined;
    if (this.#inTransaction) this.#events.notice("the transaction is lost with the connection");
    this.#inTransaction = false;
    if (!this.#isWaiting) this.#events.notice(`${error.message}; the next command connects again`);
  }

  /** Remembers what a new connection must be told, and what the prompt shows. */
  #follow(words: readonly Buffer[], reply: Reply): void {
    const name = upper(words[0]);
    if (name === "EXEC" || name === "DISCARD") this.#inTransaction = false;
    if (name === "RESET" && reply === "RESET") this.#reset();
    if (reply !== "OK") return;
    if (name === "MULTI") this.#inTransaction = true;
    if (name === "SELECT") this.#target = { ...this.#target, db: Number(words[1]) };
    if (name === "AUTH") this.#target = { ...this.#target, ...credentialsOf(words) };
  }

  #reset(): void {
    this.#inTransaction = false;
    this.#target = { ...this.#target, db: 0 };
  }
}

/** AUTH password, AUTH user password */
function credentialsOf(words: readonly Buffer[]): Pick<Target, "username" | "password"> {
  const [first, second] = [words[1]!.toString(), words[2]?.toString()];
  return second === undefined
    ? { username: undefined, password: first }
    : { username: first, password: second };
}

function outcomeInWords(error: unknown): unknown {
  if (!(error instanceof ConnectionError) || error.applied !== "maybe") return error;
  const message = `${error.message}; the command may have been carried out`;
  return new ConnectionError(error.code, message, "maybe", { cause: error });
}
