import { KvorumError } from "../base/errors.ts";

/** Refuses the bytes of a chunk: KvorumError. */
export function refuseChunk(at: number, what: string): never {
  throw new KvorumError("ERR", `malformed chunk of a snapshot: at byte ${at}: ${what}`);
}
