import { type Address, formatAddress, parseAddress } from "../base/address.ts";
import { isRead } from "../client/call.ts";
import type { KvClient } from "../client/client.ts";
import type { Connection } from "../client/connection.ts";
import { ConnectionError } from "../client/errors.ts";
import type { Reply } from "../protocol/reply.ts";
import { clusterClient } from "./cluster-client.ts";
import { dial, type Target } from "./dial.ts";
import { refuseStreams } from "./streams.ts";
import { upper } from "./words.ts";

/** What happens without being asked for. */
export interface SessionEvents {
  notice(text: string): void;
}

/**
 * The shell's side of a server: one connection at a time, for what is said on it is about it (MULTI, WAIT, CLIENT). When it is
 * lost another one is opened, to any member of the cluster, with the database and the user that were chosen before.
 */
export class Session {
  #target: Target;
  readonly #events: SessionEvents;
  #connection: Connection | undefined;
  /** Whether MULTI has begun a transaction on this connection. */
  #inTransaction = false;
  #isWaiting = false;
  #isInterrupted = false;
  /** Knows who the members are, also those that nobody has named to us. */
  #cluster: KvClient | undefined;

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
    if (this.#connection === undefined) {
      const target = { ...this.#target, addresses: this.#addresses };
      this.#connection = await dial(target, { callMs: 0, onClosed: (error) => this.#lost(error) });
      this.#cluster ??= clusterClient({ ...this.#target, db: 0 }, { timeoutMs: 0 });
    }
    return this.#connection.address;
  }

  /** Sends a command and gives its reply; connects first where the connection was lost. */
  async run(words: readonly Buffer[]): Promise<Reply> {
    refuseStreams(words);
    this.#isInterrupted = false;
    const isInTransaction = this.#inTransaction;
    try {
      return await this.#send(words);
    } catch (error) {
      if (isInTransaction || this.#isInterrupted || !isHarmlessLoss(error, words))
        throw outcomeInWords(error);
    }
    return this.#send(words).catch((error: unknown) => {
      throw outcomeInWords(error);
    });
  }

  /** Stops waiting for a reply, where one is waited for: that ends the connection. */
  interrupt(): void {
    this.#isInterrupted = true;
    if (this.#isWaiting) this.#connection?.destroy(new ConnectionError("CLOSED", "interrupted"));
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#cluster?.destroy();
    await connection?.close();
  }

  /** Those that were named, in their order, and the members that are known besides. */
  get #addresses(): readonly Address[] {
    const { addresses } = this.#target;
    const named = new Set(addresses.map(formatAddress));
    const others = this.#cluster?.nodes.filter((name) => !named.has(name)) ?? [];
    return [...addresses, ...others.map((name) => parseAddress(name)!)];
  }

  async #send(words: readonly Buffer[]): Promise<Reply> {
    if (this.#connection === undefined) this.#events.notice(`connected to ${await this.connect()} again`);
    this.#isWaiting = true;
    try {
      const reply = await this.#connection!.call(words);
      this.#follow(words, reply);
      return reply;
    } catch (error) {
      // It may have been lost before it was ours, and #lost told nobody.
      if (error instanceof ConnectionError && error.code === "CLOSED") this.#connection = undefined;
      throw error;
    } finally {
      this.#isWaiting = false;
    }
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

/** The connection is gone, and to send the command on another one does no harm: it was not sent, or only reads. */
function isHarmlessLoss(error: unknown, words: readonly Buffer[]): boolean {
  if (!(error instanceof ConnectionError) || error.code !== "CLOSED") return false;
  return error.applied === "no" || isRead(words);
}

function outcomeInWords(error: unknown): unknown {
  if (!(error instanceof ConnectionError) || error.applied !== "maybe") return error;
  const message = `${error.message}; the command may have been carried out`;
  return new ConnectionError(error.code, message, "maybe", { cause: error });
}
