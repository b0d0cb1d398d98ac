import type { PeerMessage } from "../src/peers/message.ts";
import { messageText } from "../src/raft/message-text.ts";

/** What one member says to another, as people read it: `FORWARD session=7 sequence=3 bytes=40`. */
export function peerText(message: PeerMessage): string {
  switch (message.type) {
    case "consensus":
      return messageText(message.message);
    case "snapshotPiece": {
      const { transfer, offset, totalBytes, bytes, install } = message;
      const { index, term } = install.snapshot;
      return `SNAPSHOT_PIECE last=${index}/${term} transfer=${transfer} offset=${offset} bytes=${bytes.length}/${totalBytes}`;
    }
    case "snapshotProgress":
      return `SNAPSHOT_PROGRESS transfer=${message.transfer} received=${message.received}${message.hasFailed ? " failed" : ""}`;
    case "forward":
      return `FORWARD session=${message.session} sequence=${message.sequence} bytes=${message.payload.length}${message.voters > 0 ? ` voters=${message.voters}` : ""}`;
    case "forwardReply":
      return `FORWARD_RESPONSE session=${message.session} sequence=${message.sequence} ${message.refusal ?? "taken"}`;
    case "logEndRequest":
      return `LOG_END_REQUEST round=${message.boot}.${message.round}`;
    case "logEnd":
      return `LOG_END round=${message.boot}.${message.round} last=${message.lastIndex} configuration=${message.configurationIndex}`;
    case "alive":
      return "ALIVE";
  }
}
