import { entryKinds, type LogEntry } from "../src/log/entry.ts";
import { entry } from "./log-harness.ts";

/** A payload of zeros with a byte here and there. */
export function sparse(length: number, ...bytes: readonly (readonly [at: number, byte: number])[]): Buffer {
  const payload = Buffer.alloc(length);
  for (const [at, byte] of bytes) payload[at] = byte;
  return payload;
}

/**
 * Payloads that are hard to tell from what a crash or a flipped bit leaves: none at all, zeros, a single bit, the
 * mark alone, and lengths around those at which a record takes another sector.
 */
export const hardPayloads: readonly Buffer[] = [
  sparse(0),
  sparse(1),
  sparse(63),
  sparse(64),
  Buffer.from([0xa7]),
  sparse(447),
  sparse(448),
  sparse(600),
  sparse(600, [300, 1]),
  sparse(1100, [600, 128], [700, 1]),
  Buffer.alloc(700, 0xa7),
  Buffer.alloc(900, "text"),
];

/** One entry for each payload, from this index on. */
export function entriesOf(payloads: readonly Buffer[], index = 1, term = 1): LogEntry[] {
  return payloads.map((payload, i) => {
    const kind = payload.length === 0 ? entryKinds.noop : entryKinds.commands;
    return entry(index + i, term, payload, kind);
  });
}
