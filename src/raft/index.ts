/** The door `kvorum/raft`: the pure core. README.md beside this file is its manual. */
export { type Config, defaultConfig } from "./config.ts";
export {
  type Change,
  type Configuration,
  decodeConfiguration,
  emptyConfiguration,
  encodeConfiguration,
  type Member,
} from "./configuration.ts";
export type * from "./message.ts";
export { messageText } from "./message-text.ts";
export type { Load } from "./raft.ts";
export { type NodeStatus, type PeerStatus, RawNode } from "./raw-node.ts";
export type { Ready, Status, Write } from "./ready.ts";
export * from "./types.ts";
