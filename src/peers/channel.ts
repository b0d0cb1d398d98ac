import type { PeerMessage } from "./message.ts";

/**
 * The connections from one member to another: what must not wait, what is large, and snapshots, which take longest.
 * Nothing of one stands behind anything of another.
 */
export const channels = ["urgent", "bulk", "snapshot"] as const;

export type Channel = (typeof channels)[number];

export function channelOf(message: PeerMessage): Channel {
  switch (message.type) {
    case "consensus":
      return message.message.type === "appendEntries" && message.message.entries.length > 0
        ? "bulk"
        : "urgent";
    case "forward":
      return "bulk";
    case "snapshotPiece":
      return "snapshot";
    default:
      return "urgent";
  }
}
