import type { Change } from "../../src/raft/configuration.ts";
import type { Prng } from "../prng.ts";
import type { SimWorld } from "../world.ts";
import type { NodeLife, SimNode } from "./node.ts";

/** Orders to nodes, and whom to give them to. */
export class Orders {
  readonly #world: SimWorld;
  readonly #nodes: readonly SimNode[];
  readonly #random: Prng;

  constructor(world: SimWorld, nodes: readonly SimNode[]) {
    this.#world = world;
    this.#nodes = nodes;
    this.#random = world.fork();
  }

  /** The node hears of it when its process runs. What it answers is not relied on. */
  give(life: NodeLife, kind: string, what: string, order: () => Promise<void>): void {
    const { faults, trace } = this.#world;
    faults.count(kind);
    trace.note(`${life.id} is told: ${kind} ${what}`);
    const done = (): void => {
      faults.count(`${kind} done`);
      trace.note(`${life.id} has done: ${kind} ${what}`);
    };
    life.reach(() => {
      order().then(done, () => {});
    });
  }

  change(life: NodeLife, change: Change): void {
    this.give(life, change.type, change.id, () => life.member!.changeMembers(change));
  }

  /** Who leads the latest term. */
  get leader(): NodeLife | undefined {
    return this.#leaders.sort((a, b) => b.member!.status!.term - a.member!.status!.term)[0];
  }

  /** Somebody who leads, or believes so; seldom anybody. */
  get leaderOrAnybody(): NodeLife | undefined {
    const leaders = this.#leaders;
    const some = leaders.length > 0 && this.#random.chance(0.9) ? leaders : this.#lives;
    return some.length > 0 ? this.#random.pick(some) : undefined;
  }

  get #lives(): NodeLife[] {
    return this.#nodes.flatMap(({ alive }) =>
      alive?.member?.status === undefined || alive.isStray ? [] : [alive],
    );
  }

  get #leaders(): NodeLife[] {
    return this.#lives.filter(({ member }) => member!.status!.role === "leader");
  }
}
