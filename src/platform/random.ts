import { randomBytes, randomFillSync } from "node:crypto";

/** Chance that comes from outside: seeds, identities, jitter. */
export interface Random {
  bytes(count: number): Buffer;
  /** A whole number in [0, 2^32). */
  uint32(): number;
}

/** Words are drawn with every message of a leader: one call of the system brings many. */
const pool: Buffer = Buffer.alloc(4096);
let drawn = pool.length;

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  uint32() {
    if (drawn === pool.length) {
      randomFillSync(pool);
      drawn = 0;
    }
    drawn += 4;
    return pool.readUInt32LE(drawn - 4);
  },
};
