import { type Address, formatAddress } from "../base/address.ts";
import type { Binding, Founder } from "../log/identity.ts";
import { decodeAbout, encodeAbout } from "../peers/about.ts";
import type { Answered, Question } from "../peers/asks.ts";
import type { Hello } from "../peers/hello.ts";
import { type Clock, pause } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Random } from "../platform/random.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { NodeId } from "../raft/types.ts";

export interface FoundingParts {
  readonly id: NodeId;
  readonly incarnation: string;
  /** As others reach this node. */
  readonly addresses: () => { readonly peer: string; readonly client: string };
  /** All members of the first hour, this node among them, and where they hear each other. */
  readonly listed: ReadonlyMap<NodeId, Address>;
  readonly ask: (address: Address, question: Question) => Promise<Answered>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** False: the node stops. */
  readonly isWanted: () => boolean;
}

/** What a node says when it is asked who it is. */
export interface Who {
  /** Whom it waits for, as long as it belongs to no cluster. */
  readonly listed?: string;
  /** Of a node that belongs to one: its key, and who founded it. */
  readonly hashKey?: readonly [number, number];
  readonly founders?: readonly Founder[];
  /** The members as of the last entry that it has applied, and the entry that said so. */
  readonly members?: Configuration["members"];
  readonly membersIndex?: number;
}

/** Told of a cluster that this node cannot found, since it is already there. */
export class AlreadyThere extends Error {
  readonly address: Address;

  constructor(address: Address) {
    super("the cluster is already there");
    this.address = address;
  }
}

/** How often those who are missing are asked again. */
const askEveryMs = 200;

/**
 * The first hour of a cluster (semantics, membership and identity). Each member asks all others who they are, until
 *
 *     all are heard, and this one has the lowest id      it composes who the founders are, incarnations included
 *     another one is bound, and this one is a founder    it adopts what that one is bound to
 *     another one is bound to founders without this one  AlreadyThere: it has come anew, and has to join
 *
 * Only the member with the lowest id composes, and only from what all have said of themselves; whoever is bound is so
 * durably and for ever. So there is one list of founders.
 */
export async function found(parts: FoundingParts): Promise<Binding> {
  const { listed, clock, logger, isWanted } = parts;
  let told = "";
  while (isWanted()) {
    const others = [...listed].filter(([id]) => id !== parts.id);
    const heard = await Promise.all(others.map(([id, address]) => hear(parts, id, address)));
    for (const one of heard) {
      const binding = bindingOf(parts, one);
      if (binding !== undefined) return binding;
    }
    const missing = heard.flatMap(({ problem }) => problem ?? []);
    if (missing.length === 0 && isLowest(parts)) return compose(parts, heard);
    const text = missing.join("; ");
    if (text !== told && text !== "") logger.info(`waiting for the first members: ${text}`);
    told = text;
    await pause(clock, askEveryMs);
  }
  throw new Error("the start was given up");
}

/** The list in words that are the same for everybody who was given the same. */
export function listText(listed: ReadonlyMap<NodeId, Address>): string {
  return [...listed]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, address]) => `${id}=${formatAddress(address)}`)
    .join(",");
}

interface Heard {
  readonly id: NodeId;
  readonly address: Address;
  readonly hello?: Hello;
  readonly who?: Who;
  /** Why it does not count yet. */
  readonly problem?: string;
}

async function hear(parts: FoundingParts, id: NodeId, address: Address): Promise<Heard> {
  try {
    const { from, answer } = await parts.ask(address, { type: "who" });
    const who = answer as Who;
    const own = listText(parts.listed);
    if (from.id !== id)
      return { id, address, problem: `${from.id} lives at ${formatAddress(address)}, not ${id}` };
    if (who.founders === undefined && who.listed !== own)
      return {
        id,
        address,
        problem: `${id} was started with --cluster ${who.listed ?? "(none)"}, this one with ${own}`,
      };
    return { id, address, hello: from, who };
  } catch (error) {
    return { id, address, problem: `${id} (${error instanceof Error ? error.message : String(error)})` };
  }
}

function bindingOf(parts: FoundingParts, { address, hello, who }: Heard): Binding | undefined {
  if (hello === undefined || who?.founders === undefined || hello.cluster === "") return undefined;
  const own = who.founders.find(({ id }) => id === parts.id);
  if (own === undefined || decodeAbout(own.about)?.incarnation !== parts.incarnation)
    throw new AlreadyThere(address);
  return { clusterId: hello.cluster, hashKey: who.hashKey!, founders: who.founders };
}

function isLowest({ id, listed }: FoundingParts): boolean {
  return [...listed.keys()].every((other) => id <= other);
}

function compose({ id, incarnation, addresses, random }: FoundingParts, heard: readonly Heard[]): Binding {
  const abouts = heard.map(({ hello }) => ({ ...hello! }));
  const founders = [{ id, incarnation, ...addresses() }, ...abouts]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((one) => ({ id: one.id, about: encodeAbout(one) }));
  const hashKey = [random.uint32() | 0, random.uint32() | 0] as const;
  return { clusterId: random.bytes(16).toString("hex"), hashKey, founders };
}
