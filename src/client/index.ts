/** The door `kvorum`: the client, and nothing of the server. */
export type { Applied } from "../base/errors.ts";
export type { TlsOptions } from "../platform/net-connect.ts";
export { type Reply, ReplyError, Verbatim } from "../protocol/reply.ts";
export { KvClient } from "./client.ts";
export type { Conditions, Key, Revised, SetConditions, Value } from "./commands.ts";
export type { ConsistencyOptions } from "./consistency.ts";
export { KvClientError, type KvClientErrorCode } from "./errors.ts";
export type { KvClientEvent, KvClientEvents, Listener } from "./events.ts";
export type {
  As,
  AsBytes,
  DeleteOptions,
  Keyspace,
  OperationOptions,
  ReadOptions,
  ScanOptions,
  SetOptions,
} from "./keyspace.ts";
export type { AcquireOptions, Lease } from "./lease.ts";
export type { KvClientOptions, ReadPolicy } from "./options.ts";
export type { PoolOptions } from "./pool.ts";
export type { KvClientStats, OperationMessage } from "./telemetry.ts";
export type { Transaction } from "./transaction.ts";
