import { type Address, formatAddress, parseAddress } from "../base/address.ts";
import { isRead } from "../client/call.ts";
import { KvClientError } from "../client/errors.ts";
import type { Reply } from "../protocol/reply.ts";
import { dial, type Line } from "./line.ts";
import { refuseStreams } from "./streams.ts";
import type { Target } from "./target.ts";
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
  #line: Line | undefined;
  #connecting = new AbortController();
  /** Whether MULTI has begun a transaction on this connection. */
  #inTransaction = false;
  #isWaiting = false;
  #isInterrupted = false;
  /** "HOST:PORT" of the members that the last connection's client knew, also of those that nobody has named to us. */
  #members: readonly string[] = [];

  constructor(target: Target, events: SessionEvents) {
    this.#target = target;
    this.#events = events;
  }

  /** "127.0.0.1:6379[3](TX)> " */
  get prompt(): string {
    if (this.#line === undefined) return "not connected> ";
    const db = this.#target.db === 0 ? "" : `[${this.#target.db}]`;
    return `${this.#line.address}${db}${this.#inTransaction ? "(TX)" : ""}> `;
  }

  usePassword(password: string): void {
    this.#target = { ...this.#target, password };
  }

  /** Connects, unless it is. Rejects with ConnectionError, or KvClientError ABORTED. Resolves with the server's address. */
  async connect(): Promise<string> {
    this.#line ??= await this.#dial();
    return this.#line.address;
  }

  async #dial(): Promise<Line> {
    this.#connecting = new AbortController();
    const { signal } = this.#connecting;
    const target = { ...this.#target, addresses: this.#addresses };
    const line = await dial(target, { callMs: 0, onLost: (error) => this.#lost(error), signal });
    if (signal.aborted) {
      line.destroy("interrupted");
      throw new KvClientError("ABORTED", "interrupted");
    }
    // Where to go when this one is gone; as long as nobody says it, to those that were named.
    void line.client.connect().catch(() => {});
    return line;
  }

  /** Sends a command and gives its reply; connects first where the connection was lost. */
  async run(words: readonly Buffer[]): Promise<Reply> {
    refuseStreams(words);
    this.#isInterrupted = false;
    const isInTransaction = this.#inTransaction;
    try {
      return await this.#send(words);
    } catch (error) {
      if (isInTransaction || this.#isInterrupted || !isHarmlessLoss(error, words)) throw error;
    }
    return this.#send(words);
  }

  /** Stops waiting for a reply, where one is waited for: that ends the connection. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#connecting.abort();
    if (this.#isWaiting) this.#leave("interrupted");
  }

  async close(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    await line?.close();
  }

  /** Those that were named, in their order, and the members that are known besides. */
  get #addresses(): readonly Address[] {
    const { addresses } = this.#target;
    const named = new Set(addresses.map((address) => formatAddress(address).toLowerCase()));
    const others = this.#members.filter((name) => !named.has(name));
    return [...addresses, ...others.map((name) => parseAddress(name)!)];
  }

  async #send(words: readonly Buffer[]): Promise<Reply> {
    if (this.#line === undefined) this.#events.notice(`connected to ${await this.connect()} again`);
    this.#isWaiting = true;
    try {
      const reply = await this.#line!.call(words);
      this.#follow(words, reply);
      return reply;
    } finally {
      this.#isWaiting = false;
    }
  }

  #lost({ message }: Error): void {
    this.#leave(message);
    if (!this.#isWaiting) this.#events.notice(`${message}; the next command connects again`);
  }

  #leave(reason: string): void {
    this.#members = this.#line?.client.nodes ?? this.#members;
    this.#line?.destroy(reason);
    this.#line = undefined;
    if (this.#inTransaction) this.#events.notice("the transaction is lost with the connection");
    this.#inTransaction = false;
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
  if (!(error instanceof KvClientError) || error.code !== "CLOSED") return false;
  return error.applied === "no" || isRead(words);
}
