import { parseAddress } from "../base/address.ts";

/** Where a node hears members if nothing else is said: so far above where it hears clients. */
export const peerPortAbove = 10_000;

/** What a configuration says of a member, for the hosts of all others. */
export interface MemberAbout {
  /** HOST:PORT where it hears other members. */
  readonly peer: string;
  /** HOST:PORT where it hears clients. */
  readonly client: string;
  /**
   * Of its data directory, 16 hexadecimal digits: another one is another member, which has promised nothing. Empty:
   * the node has still to come.
   */
  readonly incarnation: string;
  /** A learner that is to become a voter once it has caught up. */
  readonly wantsVote?: true;
}

/** As it stands in the configuration: JSON, so that people can read it in a log. */
export function encodeAbout({ peer, client, incarnation, wantsVote }: MemberAbout): string {
  return JSON.stringify({ peer, client, incarnation, ...(wantsVote && { wantsVote }) });
}

/** Undefined where nothing is known: a node that began alone and never had others. */
export function decodeAbout(text: string): MemberAbout | undefined {
  if (text === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isAbout(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isAbout(value: unknown): value is MemberAbout {
  if (typeof value !== "object" || value === null) return false;
  const { peer, client, incarnation, wantsVote } = value as Record<string, unknown>;
  return (
    isAddress(peer) &&
    isAddress(client) &&
    typeof incarnation === "string" &&
    /^([0-9a-f]{16})?$/.test(incarnation) &&
    (wantsVote === undefined || wantsVote === true)
  );
}

export function isAddress(value: unknown): value is string {
  return typeof value === "string" && value.length <= 300 && parseAddress(value) !== undefined;
}
