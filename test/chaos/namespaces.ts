import { execFileSync } from "node:child_process";
import type { NodeId } from "../../src/raft/types.ts";

/** Of this process, so that no two have a name in common. */
let count = 0;

/**
 * A network namespace for each node, with two cables: one to where clients are, and one to the other members, which can be
 * pulled. Then nothing of the kernel's network is left between a node and the others: no answer, no refusal, no proxy.
 *
 *     this process ── bridge ──┬── clients │ n1 │ peers ──┬── bridge
 *        198.18.K.254          └── clients │ n2 │ peers ──┘
 *                                198.18.K.2       198.19.K.2      (addresses that are nobody's: RFC 2544)
 */
export class Namespaces {
  readonly #net: number = 1 + ((process.pid + 97 * ++count) % 250);
  readonly #names: Map<NodeId, string> = new Map();

  constructor() {
    for (const bridge of [this.#bridge("clients"), this.#bridge("peers")]) {
      ip("link", "add", bridge, "type", "bridge");
      ip("link", "set", bridge, "up");
    }
    ip("addr", "add", `198.18.${this.#net}.254/24`, "dev", this.#bridge("clients"));
  }

  /** Why there can be none here; undefined: there can. */
  static get whyNot(): string | undefined {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs Linux, and root";
    try {
      using probe = new Namespaces();
      probe.launcher("n1");
      return undefined;
    } catch {
      return "needs the program ip (iproute2), and the right to make network namespaces";
    }
  }

  /** Where clients reach the node. */
  clientHost(id: NodeId): string {
    return `198.18.${this.#net}.${numberOf(id)}`;
  }

  /** Where other members do. */
  peerHost(id: NodeId): string {
    return `198.19.${this.#net}.${numberOf(id)}`;
  }

  /** What a program's own command line follows, so that it runs in the namespace of the node. */
  launcher(id: NodeId): readonly [program: string, ...args: string[]] {
    return ["ip", "netns", "exec", this.#names.get(id) ?? this.#add(id)];
  }

  unplug(id: NodeId): void {
    ip("link", "set", this.#cable("peers", id), "down");
  }

  plug(id: NodeId): void {
    ip("link", "set", this.#cable("peers", id), "up");
  }

  [Symbol.dispose](): void {
    for (const [id, name] of this.#names) {
      for (const end of ["clients", "peers"] as const) ip("link", "del", this.#cable(end, id));
      ip("netns", "del", name);
    }
    for (const bridge of [this.#bridge("clients"), this.#bridge("peers")]) ip("link", "del", bridge);
  }

  #add(id: NodeId): string {
    const name = `kvorum-${process.pid}-${this.#net}-${id}`;
    ip("netns", "add", name);
    this.#names.set(id, name);
    ip("-n", name, "link", "set", "lo", "up");
    for (const [end, host] of [
      ["clients", this.clientHost(id)],
      ["peers", this.peerHost(id)],
    ] as const) {
      const cable = this.#cable(end, id);
      ip("link", "add", cable, "type", "veth", "peer", "name", end, "netns", name);
      ip("link", "set", cable, "master", this.#bridge(end), "up");
      ip("-n", name, "addr", "add", `${host}/24`, "dev", end);
      ip("-n", name, "link", "set", end, "up");
    }
    return name;
  }

  #bridge(end: "clients" | "peers"): string {
    return `kv${end[0]}${this.#net}`;
  }

  #cable(end: "clients" | "peers", id: NodeId): string {
    return `${this.#bridge(end)}${id}`;
  }
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

function numberOf(id: NodeId): number {
  return Number(id.slice(1));
}
