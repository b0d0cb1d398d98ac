import assert from "node:assert/strict";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import type { RawClient } from "./raw-client.ts";

/** Keys that one MSET sets here. */
const batch = 5_000;

/** Sets key:0, key:1 and so on, so many of them. */
export async function fill(client: RawClient, keys: number): Promise<void> {
  for (let from = 0; from < keys; from += batch) {
    const pairs = Array.from({ length: Math.min(batch, keys - from) }, (_, i) => [`key:${from + i}`, "x"]);
    client.send(encodeRequest(["MSET", ...pairs.flat()]));
  }
  for (const reply of await client.replies(Math.ceil(keys / batch))) assert.equal(reply, "OK");
}
