import type { Logger } from "../platform/logger.ts";
import type { NodeId } from "../raft/types.ts";
import { type Channel, channelOf, channels } from "./channel.ts";
import { encodeFrame } from "./codec.ts";
import { Lane, type LaneParts } from "./lane.ts";
import type { PeerMessage } from "./message.ts";

export interface LinkParts
  extends Pick<LaneParts, "ends" | "secret" | "dialer" | "clock" | "random" | "addresses" | "judge"> {
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
  /** Why it cannot be reached, and where, as far as that was logged. */
  readonly #troubles = new Set<string>();

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
      opened: (_channel, address) => this.#opened(channel, address),
      lost: (_channel, reason) => {
        unreachable(this.#id);
        this.#failed(channel, reason, this.#likeliest);
      },
      failed: (_channel, { reason, isRefusal }, address) => {
        // Where it may be as well, it may never have been.
        if (isRefusal && channel === "urgent" && address === this.#likeliest) refused(this.#id);
        this.#failed(channel, reason, address);
      },
    });
  }

  get #likeliest(): string | undefined {
    return this.#parts.addresses()[0];
  }

  #opened(channel: Channel, address: string): void {
    if (channel !== "urgent") return;
    this.#parts.logger.info(`connected to ${this.#id} (${address})`);
    this.#troubles.clear();
  }

  #failed(channel: Channel, reason: string, address = "address unknown"): void {
    const trouble = `(${address}): ${reason}`;
    if (channel !== "urgent" || this.#troubles.has(trouble)) return;
    if (this.#troubles.size >= troublesMax) this.#troubles.clear();
    this.#troubles.add(trouble);
    this.#parts.logger.info(`no connection to ${this.#id} ${trouble}`);
  }
}

/** Reasons are few, but a member may move. */
const troublesMax = 16;
