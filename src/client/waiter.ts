import type { Reply } from "../protocol/reply.ts";
import type { BulkForm } from "../protocol/reply-decoder.ts";
import type { RequestArgument, RequestWriter } from "../protocol/request-encoder.ts";
import { type Deadlines, Mortal } from "./deadlines.ts";
import { type ConnectionError, KvClientError } from "./errors.ts";

/** Who waits for replies on a connection. */
export interface Waiter {
  /** How bulk strings of its replies are given out. */
  readonly bulkForm: BulkForm;
  /** It does not wait any more: its replies are dropped. */
  readonly isOver: boolean;
  /** Writes its commands, and says how many replies they will have. Throws KvorumError where it cannot. */
  encode(writer: RequestWriter): number;
  /** The next of its replies. */
  answered(reply: Reply): void;
  /** There will be no reply, or no more. Once, however many are missing; `applied` tells whether anything was sent. */
  failed(error: ConnectionError): void;
}

/** One command with a promise. Past its deadline it keeps its place in the line, for the reply that may still come. */
export class Call extends Mortal implements Waiter {
  readonly bulkForm: BulkForm;
  isOver = false;
  readonly #args: readonly RequestArgument[];
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: ConnectionError | KvClientError) => void;
  #deadlines: Deadlines | undefined;
  #late: (() => ConnectionError) | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    args: readonly RequestArgument[],
    bulkForm: BulkForm,
    resolve: (reply: Reply) => void,
    reject: (error: ConnectionError | KvClientError) => void,
  ) {
    super();
    this.#args = args;
    this.bulkForm = bulkForm;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Where it has not been answered by then, it rejects with what `late` says. */
  expiresAfter(ms: number, deadlines: Deadlines, late: () => ConnectionError): void {
    this.#deadlines = deadlines;
    this.#late = late;
    deadlines.add(this, ms);
  }

  /** It ends where the signal says so. */
  heeds(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener("abort", this, { once: true });
  }

  /** The signal was given. */
  handleEvent(): void {
    this.#end();
    this.isOver = true;
    const { reason: cause } = this.#signal!;
    this.#reject(new KvClientError("ABORTED", "the call was aborted", "maybe", { cause }));
  }

  encode(writer: RequestWriter): number {
    writer.command(this.#args);
    return 1;
  }

  answered(reply: Reply): void {
    this.#end();
    this.#resolve(reply);
  }

  failed(error: ConnectionError): void {
    this.#end();
    this.#reject(error);
  }

  override expire(): void {
    this.#end();
    this.isOver = true;
    this.#reject(this.#late!());
  }

  #end(): void {
    this.#deadlines?.remove(this);
    this.#signal?.removeEventListener("abort", this);
  }
}

/** Any answer to it will do. */
export const heartbeat: Waiter = {
  bulkForm: "text",
  isOver: true,
  encode(writer) {
    writer.command(["PING"]);
    return 1;
  },
  answered() {},
  failed() {},
};
