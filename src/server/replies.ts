import { type OutputPool, ReplyWriter } from "../protocol/reply-writer.ts";
import type { Stats } from "./stats.ts";

/** The replies to a client. Errors among them are counted, wherever they come from. */
export class ClientReplies extends ReplyWriter {
  readonly #stats: Stats;

  constructor(pool: OutputPool, stats: Stats) {
    super(pool);
    this.#stats = stats;
  }

  override error(text: string): void {
    super.error(text);
    this.#stats.noteError(text);
  }
}
