import { nodeIdPattern } from "../base/node-id.ts";
import { isAddress } from "./about.ts";
import { type Channel, channels } from "./channel.ts";

/** Of the handshake and of all that follows. */
export const protocolVersion = 1;

/** What a connection is for: a channel of messages, or questions with their answers. */
export type Purpose = Channel | "ask";

/** What each side says of itself at the beginning of a connection. */
export interface Hello {
  readonly protocol: number;
  /** 32 hexadecimal digits; empty: of no cluster yet. */
  readonly cluster: string;
  readonly id: string;
  /** 16 hexadecimal digits: names the data directory. */
  readonly incarnation: string;
  /** Counts the starts of this incarnation. */
  readonly boot: number;
  /** Names the process: two with one boot are copies of one directory. */
  readonly run: string;
  readonly purpose: Purpose;
  /** HOST:PORT where it hears members. */
  readonly peer: string;
  /** HOST:PORT where it hears clients. */
  readonly client: string;
  /** Its log is synced now and then only. */
  readonly syncsLate?: true;
  /** Never used before, so that nobody can repeat a proof. */
  readonly nonce: string;
}

/** Undefined where it is none. Of another protocol, only the number is looked at. */
export function parseHello(json: string): Hello | { readonly protocol: number } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const hello = value as Record<string, unknown>;
  if (!Number.isSafeInteger(hello.protocol)) return undefined;
  if (hello.protocol !== protocolVersion) return { protocol: hello.protocol as number };
  return isHello(hello) ? hello : undefined;
}

function isHello(value: Record<string, unknown>): value is Record<string, unknown> & Hello {
  const { cluster, id, incarnation, boot, run, purpose, peer, client, nonce, syncsLate } = value;
  return (
    (cluster === "" || isHex(cluster, 32)) &&
    typeof id === "string" &&
    nodeIdPattern.test(id) &&
    isHex(incarnation, 16) &&
    Number.isSafeInteger(boot) &&
    isHex(run, 16) &&
    (purpose === "ask" || channels.includes(purpose as Channel)) &&
    isAddress(peer) &&
    isAddress(client) &&
    (syncsLate === undefined || syncsLate === true) &&
    isHex(nonce, 32)
  );
}

function isHex(value: unknown, digits: number): boolean {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]*$/.test(value);
}
