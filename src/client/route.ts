import type { ClientCluster } from "./cluster.ts";
import type { Freshness } from "./freshness.ts";
import type { ClientNode } from "./node.ts";
import type { Operation } from "./operation.ts";
import type { ReadPolicy } from "./options.ts";

/** Says which node an operation goes to. Any node takes any operation: the right one is only quicker. */
export class Router {
  readonly #cluster: ClientCluster;
  readonly #freshness: Freshness;
  readonly #policy: ReadPolicy;
  readonly #chance: () => number;
  #turn = 0;

  constructor(cluster: ClientCluster, freshness: Freshness, policy: ReadPolicy, chance: () => number) {
    this.#cluster = cluster;
    this.#freshness = freshness;
    this.#policy = policy;
    this.#chance = chance;
  }

  /** Undefined where every node is resting. `operation.node` failed it the last time. */
  pick(operation: Operation): ClientNode | undefined {
    const { healthy } = this.#cluster;
    return this.#pickOf(healthy.length > 0 ? healthy : this.#cluster.triable, operation);
  }

  /** For a stale read: of those that are known to have all that its client has written; undefined where there is none. */
  pickFresh(operation: Operation): ClientNode | undefined {
    const fresh = this.#cluster.healthy.filter((node) => this.#freshness.has(node));
    return this.#pickOf(fresh, operation);
  }

  #pickOf(nodes: readonly ClientNode[], { kind, node: avoided }: Operation): ClientNode | undefined {
    const { leader } = this.#cluster;
    if (leader !== undefined && (kind !== "read" || this.#policy === "leader")) {
      if (leader.breaker.isClosed && leader !== avoided && nodes.includes(leader)) return leader;
    }
    return this.#choose(nodes, avoided);
  }

  #choose(nodes: readonly ClientNode[], avoided: ClientNode | undefined): ClientNode | undefined {
    if (nodes.length <= 1) return nodes[0];
    const others = avoided === undefined ? nodes : nodes.filter((node) => node !== avoided);
    const first = this.#first(others.length);
    if (this.#policy === "random" || this.#policy === "round-robin") return others[first];
    const weight = this.#policy === "nearest" ? latencyOf : inFlightOf;
    let best = others[first]!;
    for (let i = 1; i < others.length; i++) {
      const node = others[(first + i) % others.length]!;
      if (weight(node) < weight(best)) best = node;
    }
    return best;
  }

  /** Where to begin: in turns, so that equals are used alike. */
  #first(count: number): number {
    this.#turn = (this.#turn + 1) | 0;
    return this.#policy === "random" ? Math.floor(this.#chance() * count) : (this.#turn >>> 0) % count;
  }
}

function inFlightOf({ inFlight }: ClientNode): number {
  return inFlight;
}

function latencyOf({ latencyMs }: ClientNode): number {
  return latencyMs;
}
