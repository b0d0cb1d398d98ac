import { batchHeaderBytes } from "../engine/batch.ts";

/**
 * The payload of an entry that opens a session for a node:
 *
 *     0   f64   cluster time of the entry, as in one of commands
 *     8   u32   how long the session lasts without use, in ms
 *     12  …     for whom: which start of which node, in UTF-8
 */
export interface SessionEntry {
  readonly ttlMs: number;
  readonly label: string;
}

const labelAt = batchHeaderBytes + 4;

/** The time is written when it is proposed. */
export function encodeSessionEntry({ ttlMs, label }: SessionEntry): Buffer {
  const payload = Buffer.alloc(labelAt + Buffer.byteLength(label));
  payload.writeUInt32LE(ttlMs, batchHeaderBytes);
  payload.write(label, labelAt);
  return payload;
}

export function decodeSessionEntry(payload: Buffer): SessionEntry {
  return { ttlMs: payload.readUInt32LE(batchHeaderBytes), label: payload.toString("utf8", labelAt) };
}
