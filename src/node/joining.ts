import { type Address, formatAddress, parseAddress } from "../base/address.ts";
import type { Binding } from "../log/identity.ts";
import { type MemberAbout, peerPortAbove } from "../peers/about.ts";
import type { Answered, Question } from "../peers/asks.ts";
import { type Clock, pause } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";

export interface JoiningParts {
  /** A node of the cluster: where it hears members, or its clients. */
  readonly address: Address;
  /** What this node says of itself. */
  readonly about: () => MemberAbout;
  readonly ask: (address: Address, question: Question) => Promise<Answered>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** False: the node stops. */
  readonly isWanted: () => boolean;
}

/** The answer of the leader, or who that is. */
export interface Joined {
  readonly hashKey?: readonly [number, number];
  /** The entry that says so. */
  readonly joinedAt?: number;
  /** HOST:PORT where the leader hears members. */
  readonly leader?: string;
}

const askEveryMs = 500;

/**
 * Asks a running cluster to take this node in, until it does: it is a learner then, and its log comes from the
 * leader. Whoever is asked names the leader, which alone can change the members.
 */
export async function join(parts: JoiningParts): Promise<Binding> {
  const { clock, logger, isWanted } = parts;
  let told = "";
  let addresses = placesOf(parts.address);
  while (isWanted()) {
    const problems: string[] = [];
    for (const address of addresses) {
      const outcome = await tryAt(parts, address);
      if (typeof outcome !== "string" && "clusterId" in outcome) return outcome;
      if (typeof outcome !== "string") addresses = [outcome, ...placesOf(parts.address)];
      else problems.push(outcome);
    }
    const text = problems.join("; ");
    if (text !== told && text !== "") logger.info(`not a member yet: ${text}`);
    told = text;
    await pause(clock, askEveryMs);
  }
  throw new Error("the start was given up");
}

/** People know where clients connect; members are heard 10,000 ports above. */
function placesOf(address: Address): Address[] {
  const port = address.port + peerPortAbove;
  return port <= 65_535 ? [address, { ...address, port }] : [address];
}

/** A binding, the leader's address, or why neither. */
async function tryAt({ ask, about }: JoiningParts, address: Address): Promise<Binding | Address | string> {
  try {
    const { from, answer } = await ask(address, { type: "join", about: about() });
    const { hashKey, joinedAt = 0, leader } = answer as Joined;
    if (hashKey !== undefined) return { clusterId: from.cluster, hashKey, founders: [], joinedAt };
    return parseAddress(leader ?? "") ?? `${formatAddress(address)}: it knows no leader`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
