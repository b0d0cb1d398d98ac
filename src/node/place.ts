import { type Address, formatAddress } from "../base/address.ts";
import { KvorumError } from "../base/errors.ts";
import type { DataDirectory } from "../log/data-directory.ts";
import type { Binding } from "../log/identity.ts";
import type { PeerBoots } from "../log/peer-boots.ts";
import type { MemberAbout } from "../peers/about.ts";
import { type NetworkParts, PeerNetwork } from "../peers/network.ts";
import type { Clock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Random } from "../platform/random.ts";
import type { NodeId } from "../raft/types.ts";
import type { Member } from "../replica/member.ts";
import { AlreadyThere, found, listText, type Who } from "./founding.ts";
import { join } from "./joining.ts";
import { Membership } from "./membership.ts";

/** How a node comes to its cluster. */
export interface PlaceConfig {
  /** Members of a static cluster, this node among them; at a later start, where they are now; empty: none. */
  readonly listed: ReadonlyMap<NodeId, Address>;
  /** A node of the cluster to be joined. */
  readonly join: Address | undefined;
  /** It joins to become a voter; else it stays a learner. */
  readonly wantsVote: boolean;
  /** Its log is synced now and then only: others do not let it vote. */
  readonly syncsLate: boolean;
  readonly secret: string;
}

export interface PlaceParts extends Omit<NetworkParts, "secret" | "boots" | "hints"> {
  readonly directory: DataDirectory;
  readonly boots: PeerBoots;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** This directory has no part in its cluster any more: why. */
  readonly removed: (reason: string) => void;
}

/** A node's place among others: its network, its way into a cluster, and what it answers there. */
export class Place {
  readonly network: PeerNetwork;
  readonly #config: PlaceConfig;
  readonly #parts: PlaceParts;
  #membership: Membership | undefined;
  #addresses = { peer: "0.0.0.0:0", client: "0.0.0.0:0" };
  #isWanted = true;

  constructor(config: PlaceConfig, parts: PlaceParts) {
    this.#config = config;
    this.#parts = parts;
    const { directory } = parts;
    this.network = new PeerNetwork(
      () => {
        const { nodeId, clusterId, incarnation, boot, isUnbound } = directory.identity;
        const place = { cluster: isUnbound ? "" : clusterId, ...this.#addresses };
        return { id: nodeId, incarnation, boot, ...place, ...(config.syncsLate && { syncsLate: true }) };
      },
      { ...parts, secret: config.secret, hints: config.listed },
    );
    this.network.answer(async (question, from) => {
      if (question.type === "who") return { ...this.#who() };
      if (this.#membership !== undefined) return this.#membership.answer(question, from);
      throw new KvorumError("LOADING", `${directory.identity.nodeId} is starting`);
    });
  }

  #who(): Who {
    const { isUnbound, hashKey, founders = [] } = this.#parts.directory.identity;
    if (isUnbound) return { listed: listText(this.#config.listed) };
    return { hashKey, founders, ...this.#membership?.members };
  }

  /** Where others reach this node, now that its ports are known. */
  reachedAt(addresses: { readonly peer: Address; readonly client: Address }): void {
    this.#addresses = { peer: formatAddress(addresses.peer), client: formatAddress(addresses.client) };
  }

  /** Finds the cluster, however long that takes: founds it with others, or joins it. For Durable. */
  async bind(): Promise<Binding> {
    const { listed, join: address } = this.#config;
    if (address !== undefined) return this.#join(address);
    try {
      const { nodeId, incarnation } = this.#parts.directory.identity;
      return await found({
        ...this.#parts,
        ...{ id: nodeId, incarnation, listed },
        addresses: () => this.#addresses,
        ask: (at, question) => this.network.ask(at, question),
        isWanted: () => this.#isWanted,
      });
    } catch (error) {
      if (error instanceof AlreadyThere) return this.#join(error.address);
      throw error;
    }
  }

  /** The node serves: from now on it answers for its cluster. */
  serve(member: Member): void {
    this.#membership = new Membership({ ...this.#parts, member, network: this.network });
  }

  async close(): Promise<void> {
    this.#isWanted = false;
    this.#membership?.close();
    await this.network.close();
  }

  #join(address: Address): Promise<Binding> {
    return join({
      ...this.#parts,
      address,
      about: () => this.#about(),
      ask: (at, question) => this.network.ask(at, question),
      isWanted: () => this.#isWanted,
    });
  }

  #about(): MemberAbout {
    const { incarnation } = this.#parts.directory.identity;
    const wantsVote = this.#config.wantsVote ? { wantsVote: true as const } : {};
    return { ...this.#addresses, incarnation, ...wantsVote };
  }
}
