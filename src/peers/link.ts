import type { Logger } from "../platform/logger.ts";
import type { NodeId } from "../raft/types.ts";
import { type Channel, channelOf, channels } from "./channel.ts";
import { encodeFrame } from "./codec.ts";
import { Lane, type LaneParts } from "./lane.ts";
import type { PeerMessage } from "./message.ts";

export interface LinkParts
  extends Pick<LaneParts, "ends" | "secret" | "dialer" | "clock" | "random" | "address" | "judge"> {
  readonly logger: Logger;
  readonly hello: (channel: Channel) => ReturnType<LaneParts["hello"]>;
  unreachable(id: NodeId): void;
  refused(id: NodeId): void;
}

/** All that goes from this member to another one: a connection for each channel. */
export class Link {
  readonly #id: NodeId;
  readonly #parts: LinkParts;
  readonly #lanes: Readonly<Record<Channel, Lane>>;
  /** Why it cannot be reached, as far as that was logged. */
  #trouble = "";

  constructor(parts: LinkParts) {
    this.#id = parts.ends.to;
    this.#parts = parts;
    this.#lanes = Object.fromEntries(channels.map((channel) => [channel, this.#lane(channel)])) as Record<
      Channel,
      Lane
    >;
  }

  send(message: PeerMessage): void {
    const lane = this.#lanes[channelOf(message)];
    if (!lane.isOpen) {
      // Each channel is open in its own time: others may get through meanwhile.
      if (this.isUp) this.#parts.unreachable(this.#id);
      return;
    }
    const frame = encodeFrame(message);
    let bytes = 0;
    for (const part of frame) bytes += part.length;
    if (!lane.send(frame, bytes)) this.#parts.unreachable(this.#id);
  }

  /** What must not wait gets through. */
  get isUp(): boolean {
    return this.#lanes.urgent.isOpen;
  }

  tick(): void {
    for (const channel of channels) this.#lanes[channel].tick();
  }

  hurry(): void {
    for (const channel of channels) this.#lanes[channel].hurry();
  }

  close(): void {
    for (const channel of channels) this.#lanes[channel].close();
  }

  #lane(channel: Channel): Lane {
    const { hello, unreachable, refused } = this.#parts;
    return new Lane({
      ...this.#parts,
      channel,
      hello: () => hello(channel),
      opened: () => this.#opened(channel),
      lost: (_channel, reason) => {
        unreachable(this.#id);
        this.#failed(channel, reason);
      },
      failed: (_channel, { reason, isRefusal }) => {
        if (isRefusal && channel === "urgent") refused(this.#id);
        this.#failed(channel, reason);
      },
    });
  }

  #opened(channel: Channel): void {
    if (channel !== "urgent") return;
    const { logger, address } = this.#parts;
    logger.info(`connected to ${this.#id} (${address()})`);
    this.#trouble = "";
  }

  #failed(channel: Channel, reason: string): void {
    if (channel !== "urgent" || reason === this.#trouble) return;
    this.#trouble = reason;
    const { logger, address } = this.#parts;
    logger.info(`no connection to ${this.#id} (${address() ?? "address unknown"}): ${reason}`);
  }
}
