import type { Reply } from "../protocol/reply.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import type { Lane } from "./lane.ts";
import { Call } from "./waiter.ts";

/** One command of the client's own, on a shared connection. Rejects with ConnectionError; nothing is tried again. */
export function ask(lane: Lane, words: readonly RequestArgument[]): Promise<Reply> {
  return new Promise((resolve, reject) => lane.send(new Call(words, "text", resolve, reject)));
}
