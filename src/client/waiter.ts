import type { Reply } from "../protocol/reply.ts";
import type { BulkForm } from "../protocol/reply-decoder.ts";
import type { RequestArgument, RequestWriter } from "../protocol/request-encoder.ts";
import { type Deadlines, Mortal } from "./deadlines.ts";
import type { ConnectionError } from "./errors.ts";

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
  readonly #reject: (error: ConnectionError) => void;
  #deadlines: Deadlines | undefined;
  #late: (() => ConnectionError) | undefined;

  constructor(
    args: readonly RequestArgument[],
    bulkForm: BulkForm,
    resolve: (reply: Reply) => void,
    reject: (error: ConnectionError) => void,
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

  encode(writer: RequestWriter): number {
    writer.command(this.#args);
    return 1;
  }

  answered(reply: Reply): void {
    this.#deadlines?.remove(this);
    this.#resolve(reply);
  }

  failed(error: ConnectionError): void {
    this.#deadlines?.remove(this);
    this.#reject(error);
  }

  override expire(): void {
    this.isOver = true;
    this.#reject(this.#late!());
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
