import type { Change } from "../../src/raft/configuration.ts";
import { drawMs } from "../chance.ts";
import { type DiskFaultKind, makeRoom, mend, spoil } from "../disk-faults.ts";
import type { OperatorFault } from "../knobs.ts";
import type { SimMachine } from "../machine.ts";
import type { Cut } from "../partition.ts";
import type { Prng } from "../prng.ts";
import type { Operator } from "../storm.ts";
import type { SimWorld } from "../world.ts";
import { drawChanges } from "./draw-changes.ts";
import { LostDisks } from "./lost-disks.ts";
import type { NodeLife, SimNode } from "./node.ts";
import { Orders } from "./orders.ts";

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
  readonly #orders: Orders;
  readonly #disks: LostDisks;
  #isOver = false;

  constructor(world: SimWorld, nodes: readonly SimNode[]) {
    this.#world = world;
    this.#nodes = nodes;
    this.#random = world.fork();
    this.#orders = new Orders(world, nodes);
    this.#disks = new LostDisks(world, nodes, this.#orders);
  }

  /** A node is on its way to become a member again. */
  get isBusy(): boolean {
    return this.#disks.isBusy;
  }

  end(): void {
    this.#isOver = true;
    this.#disks.end();
    for (const { machine } of this.#nodes) mend(machine);
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
        if (this.#disks.isBusy) break;
        this.#changes();
        // Two people at a time do not know of each other.
        if (this.#random.chance(0.4)) this.#changes();
        break;
      case "amnesia":
        this.#disks.lose(machine);
        break;
      case "foreign directory":
        this.#disks.mistake(machine);
        break;
      case "old directory":
        this.#disks.goBack(machine);
        break;
      case "bit flip":
        this.#disks.flip(machine);
        break;
      default:
        this.#spoil(fault, machine);
    }
  }

  /** Until the disk is mended and the process started anew, as whoever runs a node has to. */
  #spoil(kind: DiskFaultKind, machine: SimMachine): void {
    if (!machine.isUp || machine.isSpoilt || machine.process!.isPaused) return;
    this.#world.faults.count(kind);
    this.#world.trace.note(`${machine.id} has a ${kind}`);
    spoil(kind, machine, this.#random);
    const { scheduler, knobs } = this.#world;
    const forMs = drawMs(this.#random, knobs.faultFor);
    // A log that was only short of room goes on where there is some again.
    if (this.#random.chance(0.5)) scheduler.after(forMs / 2, () => makeRoom(machine));
    scheduler.after(forMs, () => {
      if (!this.#isOver) mend(machine);
    });
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
    const life = this.#orders.leaderOrAnybody;
    if (life === undefined) return;
    const to = this.#random.chance(0.6) ? this.#random.pick(this.#nodes).id : undefined;
    // Whoever is to lead next is not reached.
    if (to !== undefined && to !== life.id && this.#random.chance(0.25))
      this.#cutOff(to, "successor cut off");
    this.#orders.give(life, "transfer", to ?? "anybody", () => life.member!.transferLeadership(to));
  }

  // The members

  /** One change, also of a leader that is cut off; or one after the other, until all are carried out. */
  #changes(): void {
    const life = this.#orders.leaderOrAnybody;
    if (life === undefined) return;
    if (this.#random.chance(0.25)) this.#cutOff(life.id, "asked while cut off");
    const { configuration } = life.member!.status!;
    const [first, ...others] = drawChanges(configuration, this.#nodes, this.#random);
    if (first === undefined) return;
    this.#change(life, first, () => this.#goOn(others, triesMax));
  }

  #change(life: NodeLife, change: Change, then: () => void): void {
    const { type, id } = change;
    this.#orders.give(life, type, id, async () => {
      // It may be heard of late: see lost-disks.ts.
      if (this.#disks.isBusy) throw new Error("too late");
      await life.member!.changeMembers(change);
      then();
      if (type === "remove") this.#endRemoved(id);
    });
  }

  /** Who is no member any more is mostly stopped at once. */
  #endRemoved(id: string): void {
    const { alive, machine } = this.#nodes.find((node) => node.id === id)!;
    if (this.#isOver || alive === undefined || !this.#random.chance(0.7)) return;
    this.#world.scheduler.after(this.#random.below(5), () => {
      if (!this.#isOver) this.#end(alive, machine);
    });
  }

  /** The rest of a series: asks whoever leads, again and again, until the next one is done. */
  #goOn(changes: readonly Change[], tries: number): void {
    const [next, ...others] = changes;
    if (next === undefined || tries === 0) return;
    let isDone = false;
    this.#world.scheduler.after(this.#random.below(seriesEveryMs), () => {
      if (this.#isOver) return;
      const life = this.#orders.leaderOrAnybody;
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

  #cutOff(id: string, what: string): void {
    const { network, scheduler, faults, knobs } = this.#world;
    const others = this.#nodes.filter((node) => node.id !== id);
    const cuts = others.flatMap((node): Cut[] => [
      [id, node.id],
      [node.id, id],
    ]);
    faults.count(what);
    network.cut(cuts);
    scheduler.after(drawMs(this.#random, knobs.faultFor), () => {
      if (!this.#isOver) network.heal(cuts);
    });
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
