import type { Reply } from "../protocol/reply.ts";
import type { RequestArgument, RequestWriter } from "../protocol/request-encoder.ts";
import type { Waiter } from "./connection.ts";
import type { ConnectionError } from "./errors.ts";
import type { Lane } from "./lane.ts";

/** One command of the client's own, on a shared connection. Rejects with ConnectionError; nothing is tried again. */
export function ask(lane: Lane, words: readonly RequestArgument[]): Promise<Reply> {
  return new Promise((resolve, reject) => lane.send(new Question(words, resolve, reject)));
}

class Question implements Waiter {
  readonly bulkForm = "text";
  readonly isOver = false;
  readonly #words: readonly RequestArgument[];
  readonly answered: (reply: Reply) => void;
  readonly failed: (error: ConnectionError) => void;

  constructor(
    words: readonly RequestArgument[],
    answered: (reply: Reply) => void,
    failed: (error: ConnectionError) => void,
  ) {
    this.#words = words;
    this.answered = answered;
    this.failed = failed;
  }

  encode(writer: RequestWriter): number {
    writer.command(this.#words);
    return 1;
  }
}
