import type { Change } from "../../src/raft/configuration.ts";
import { drawMs } from "../chance.ts";
import type { OperatorFault } from "../knobs.ts";
import type { SimMachine } from "../machine.ts";
import type { Cut } from "../partition.ts";
import type { Prng } from "../prng.ts";
import type { Operator } from "../storm.ts";
import type { SimWorld } from "../world.ts";
import { drawChanges } from "./draw-changes.ts";
import type { NodeLife, SimNode } from "./node.ts";

/** A process that has not ended by itself after so long is killed. */
const patienceMs = 2_000;
/** Transfers one after the other, and the time between two of them. */
const transfersMax = 8;
const transferEveryMs = 300;
/** Between two orders of a series, and how often each is given. */
const seriesEveryMs = 200;
const triesMax = 8;

/**
 * People and their scripts: they hand over the lead, change the members and restart nodes, at the worst moments. What they are answered is
 * not relied on: an order may be refused, or its outcome unknown.
 */
export class ClusterOperator implements Operator {
  readonly #world: SimWorld;
  readonly #nodes: readonly SimNode[];
  readonly #random: Prng;
  #isOver = false;

  constructor(world: SimWorld, nodes: readonly SimNode[]) {
    this.#world = world;
    this.#nodes = nodes;
    this.#random = world.fork();
  }

  end(): void {
    this.#isOver = true;
    for (const { alive, machine } of this.#nodes) if (alive?.isClosing) this.#end(alive, machine);
  }

  strike(fault: OperatorFault, machine: SimMachine): void {
    switch (fault) {
      case "transfer":
        this.#transfers(this.#random.chance(0.2) ? 1 + this.#random.below(transfersMax) : 1);
        break;
      case "clean restart":
        this.#restart(machine);
        break;
      case "members":
        this.#changes();
    }
  }

  // The lead

  #transfers(left: number): void {
    this.#transfer();
    if (left > 1)
      this.#world.scheduler.after(this.#random.below(transferEveryMs), () => {
        if (!this.#isOver) this.#transfers(left - 1);
      });
  }

  /** Asks who leads, or who believes so, or sometimes anybody; for a node of the asker's choice, or for any. */
  #transfer(): void {
    const life = this.#leaderOrAnybody();
    if (life === undefined) return;
    const to = this.#random.chance(0.6) ? this.#random.pick(this.#nodes).id : undefined;
    this.#order(life, "transfer", to ?? "anybody", () => life.member!.transferLeadership(to));
  }

  // The members

  /** One change, also of a leader that is cut off; or one after the other, until all are carried out. */
  #changes(): void {
    const life = this.#leaderOrAnybody();
    if (life === undefined) return;
    if (this.#random.chance(0.25)) this.#cutOff(life);
    const { configuration } = life.member!.status!;
    const [first, ...others] = drawChanges(configuration, this.#nodes, this.#random);
    if (first === undefined) return;
    this.#change(life, first, () => this.#goOn(others, triesMax));
  }

  #change(life: NodeLife, change: Change, then: () => void): void {
    const { type, id } = change;
    this.#order(life, type, id, async () => {
      await life.member!.changeMembers(change);
      then();
    });
  }

  /** The rest of a series: asks whoever leads, again and again, until the next one is done. */
  #goOn(changes: readonly Change[], tries: number): void {
    const [next, ...others] = changes;
    if (next === undefined || tries === 0) return;
    let isDone = false;
    this.#world.scheduler.after(this.#random.below(seriesEveryMs), () => {
      if (this.#isOver) return;
      const life = this.#leaderOrAnybody();
      if (life !== undefined)
        this.#change(life, next, () => {
          isDone = true;
          this.#goOn(others, triesMax);
        });
      this.#world.scheduler.after(seriesEveryMs, () => {
        if (!isDone) this.#goOn(changes, tries - 1);
      });
    });
  }

  #cutOff({ id }: NodeLife): void {
    const { network, scheduler, faults, knobs } = this.#world;
    const others = this.#nodes.filter((node) => node.id !== id);
    const cuts = others.flatMap((node): Cut[] => [
      [id, node.id],
      [node.id, id],
    ]);
    faults.count("asked while cut off");
    network.cut(cuts);
    scheduler.after(drawMs(this.#random, knobs.faultFor), () => {
      if (!this.#isOver) network.heal(cuts);
    });
  }

  /** Gives an order to a node, which hears of it when its process runs. */
  #order(life: NodeLife, kind: string, what: string, give: () => Promise<void>): void {
    const { faults, trace } = this.#world;
    faults.count(kind);
    trace.note(`${life.id} is told: ${kind} ${what}`);
    const done = (): void => {
      faults.count(`${kind} done`);
      trace.note(`${life.id} has done: ${kind} ${what}`);
    };
    life.reach(() => {
      give().then(done, () => {});
    });
  }

  #leaderOrAnybody(): NodeLife | undefined {
    const lives = this.#nodes.flatMap(({ alive }) => (alive?.member?.status === undefined ? [] : [alive]));
    const leaders = lives.filter(({ member }) => member!.status!.role === "leader");
    const some = leaders.length > 0 && this.#random.chance(0.9) ? leaders : lives;
    return some.length > 0 ? this.#random.pick(some) : undefined;
  }

  // Processes

  /** The process ends as it should: with what it has taken finished, maybe after a hand-over and with a last snapshot. */
  #restart(machine: SimMachine): void {
    const life = this.#nodes.find(({ id }) => id === machine.id)?.alive;
    if (life === undefined || life.process.isPaused || life.isClosing) return;
    const { faults, trace, scheduler } = this.#world;
    faults.count("clean restart");
    trace.note(`${life.id} is told to end`);
    const [handsOver, saves] = [this.#random.chance(0.5), this.#random.chance(0.5)];
    const end = (): void => this.#end(life, machine);
    life.reach(() => {
      life.close(handsOver, saves).then(() => {
        faults.count("clean restart done");
        scheduler.after(0, end);
      }, end);
    });
    scheduler.after(patienceMs, end);
  }

  #end(life: NodeLife, machine: SimMachine): void {
    if (!life.process.isAlive) return;
    machine.crash("process", { isMachineOn: true });
    const { scheduler, knobs } = this.#world;
    scheduler.after(drawMs(this.#random, knobs.faultFor), () => {
      if (!this.#isOver && !machine.isUp) machine.start();
    });
  }
}
