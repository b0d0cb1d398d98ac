import { randomBytes } from "node:crypto";

/** Chance that comes from outside: seeds, identities, jitter. */
export interface Random {
  bytes(count: number): Buffer;
  /** A whole number in [0, 2^32). */
  uint32(): number;
}

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  uint32: () => randomBytes(4).readUInt32LE(0),
};
