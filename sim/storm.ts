import type { DiskCall } from "../src/platform/disk.ts";
import { drawMs } from "./chance.ts";
import { crashKinds } from "./crash.ts";
import { isOperatorFault, type MachineFault, type OperatorFault, type StormFault } from "./knobs.ts";
import type { SimMachine } from "./machine.ts";
import { calmNetwork } from "./network.ts";
import { cutsOf, partitionShapes } from "./partition.ts";
import type { Prng } from "./prng.ts";
import type { SimWorld } from "./world.ts";

/** A disk that hangs does so for up to … */
const hangMsMax = 30_000;

/** Such calls are counted, up to so many … */
const changesNames: ReadonlySet<DiskCall> = new Set(["rename", "remove", "syncDirectory"]);
const nameCallsMax = 6;
/** … and are done by then, on a disk that is not slow. */
const callMsMax = 0.2;

/** A snapshot that is complete gets its name: the leader's, behind which the log is to begin anew, or an own one. */
const snapshotFiles = ["/received.partial", "/received.partial", "/new.partial"] as const;
/** Syncs from then on, until the log is as it should be. */
const syncsBehindSnapshot = 4;

/** A process that is started again after a crash may crash again, so often at most, and so soon. */
const shortLivesMax = 4;
const shortLifeMsMax = 300;

/** Who knows what runs on the machines, and gives it orders at the worst moments. */
export interface Operator {
  /** Does it and counts it, where it can be done now; ends it, too. */
  strike(fault: OperatorFault, machine: SimMachine): void;
  /** The storm is over: no orders any more, and what was taken away is given back. */
  end(): void;
}

/**
 * Faults at random times, each of which ends by itself. While it lasts anything may happen to anybody; afterwards
 * everything works, and the cluster has to as well.
 */
export class Storm {
  readonly #world: SimWorld;
  readonly #random: Prng;
  readonly #operator: Operator | undefined;
  readonly #faults: readonly StormFault[];
  #isOver = false;

  /** Without an operator, machines and the network alone suffer. */
  constructor(world: SimWorld, operator?: Operator) {
    this.#world = world;
    this.#random = world.fork();
    this.#operator = operator;
    const { faults } = world.knobs;
    this.#faults = operator === undefined ? faults.filter((fault) => !isOperatorFault(fault)) : faults;
  }

  begin(): void {
    if (this.#faults.length > 0) this.#next();
  }

  /** Heals everything, and starts whoever is down. */
  end(): void {
    this.#isOver = true;
    const { network, machines, trace } = this.#world;
    trace.note("the storm is over");
    network.weather = calmNetwork;
    network.healAll();
    for (const machine of machines) {
      machine.pace.extraSyncMs = 0;
      machine.pace.extraCallMs = 0;
      machine.time.thawWall();
      machine.time.rate = 1;
    }
    this.#operator?.end();
    for (const machine of machines) {
      if (!machine.isUp) machine.start();
      else if (machine.process!.isPaused) machine.resume();
    }
  }

  #next(): void {
    const { scheduler, knobs } = this.#world;
    scheduler.after(drawMs(this.#random, knobs.faultEvery), () => {
      if (this.#isOver) return;
      this.#strike(this.#random.pick(this.#faults));
      this.#next();
    });
  }

  #strike(fault: StormFault): void {
    const machine = this.#victim();
    if (isOperatorFault(fault)) {
      this.#operator!.strike(fault, machine);
      return;
    }
    const end = this.#strikeMachine(fault, machine);
    if (end === undefined) return;
    this.#world.scheduler.after(drawMs(this.#random, this.#world.knobs.faultFor), () => {
      if (!this.#isOver) end();
    });
  }

  #strikeMachine(fault: MachineFault, machine: SimMachine): (() => void) | undefined {
    const { process } = machine;
    if (needsProcess.has(fault) && (process?.isAlive !== true || process.isPaused)) return undefined;
    this.#world.faults.count(fault);
    return this.#begin(fault, machine);
  }

  /** Whoever leads is struck as often as all others together: what goes wrong with the others changes less. */
  #victim(): SimMachine {
    const leading = this.#world.leading();
    const isLeader = leading.length > 0 && this.#random.chance(0.5);
    return this.#random.pick(isLeader ? leading : this.#world.machines);
  }

  /** Returns what ends it. */
  #begin(fault: MachineFault, machine: SimMachine): (() => void) | undefined {
    switch (fault) {
      case "crash":
      case "machine off":
        return this.#crash(machine, fault === "crash");
      case "pause":
        machine.pause();
        return goOnWith(machine);
      case "block":
        return this.#block(machine);
      case "suspend":
        machine.suspend();
        return goOnWith(machine);
      case "partition":
        return this.#part(machine);
      case "slow link":
        return this.#slowLink();
      case "half-open":
        this.#halfOpen(machine);
        return undefined;
      case "slow disk":
        machine.pace.extraSyncMs = this.#random.below(this.#random.pick([50, 1_000, hangMsMax]));
        machine.pace.extraCallMs = this.#random.below(this.#random.pick([1, 10, 100]));
        return () => {
          machine.pace.extraSyncMs = 0;
          machine.pace.extraCallMs = 0;
        };
      case "clock jump":
        machine.time.jumpWall(
          this.#random.pick([-1, 1]) * this.#random.below(this.#random.pick([100, 86_400_000])),
        );
        return undefined;
      case "clock freeze":
        machine.time.freezeWall();
        return () => machine.time.thawWall();
      case "clock rate":
        machine.time.rate = this.#random.pick([0.9, 1, 1.1]);
        return undefined;
    }
  }

  /**
   * At once; or at the next moment at which names change on the disk, where what belongs together is only half done; or at
   * the next one at which anybody has a new snapshot. Such moments are short, and chance alone would hardly ever meet them.
   */
  #crash(machine: SimMachine, isMachineOn: boolean): (() => void) | undefined {
    const { process, disk } = machine;
    const crash = (): void => {
      if (machine.process === process && process!.isAlive)
        machine.crash(this.#random.pick(crashKinds), { isMachineOn });
    };
    const when = this.#random.pick(["now", "now", "names", "snapshot"]);
    if (when === "snapshot") {
      const file = this.#random.pick(snapshotFiles);
      for (const one of this.#world.machines) this.#crashAtSnapshot(one, file, isMachineOn);
      return undefined;
    }
    if (when === "now") crash();
    else {
      let left = 1 + this.#random.below(nameCallsMax);
      disk.onCall = (_number, call) => {
        if (!changesNames.has(call) || --left > 0 || this.#isOver) return;
        disk.onCall = undefined;
        // While it is on its way, or just done.
        this.#world.scheduler.after(this.#random.pick([0, callMsMax]), crash);
      };
    }
    return () => {
      disk.onCall = undefined;
      crash();
      this.#startAgain(
        machine,
        this.#random.pick([0, 0, 0, 1 + this.#random.below(shortLivesMax)]),
        isMachineOn,
      );
    };
  }

  /** What runs from then on may live shortly, and what comes after it: others have hardly noticed that it was another one. */
  #startAgain(machine: SimMachine, shortLives: number, isMachineOn: boolean): void {
    startAgain(machine);
    if (shortLives === 0) return;
    const { process } = machine;
    this.#world.scheduler.after(this.#random.below(shortLifeMsMax), () => {
      if (this.#isOver || machine.process !== process || process?.isAlive !== true) return;
      this.#world.faults.count("crash again");
      machine.crash(this.#random.pick(crashKinds), { isMachineOn });
      this.#startAgain(machine, shortLives - 1, isMachineOn);
    });
  }

  #crashAtSnapshot(machine: SimMachine, file: string, isMachineOn: boolean): void {
    const { process, disk } = machine;
    const { scheduler, knobs, faults } = this.#world;
    if (process?.isAlive !== true) return;
    disk.onCall = (_number, call, path) => {
      if (call !== "rename" || !path.endsWith(file)) return;
      disk.onCall = undefined;
      const delayMs = drawMs(this.#random, {
        minMs: 0,
        meanMs: syncsBehindSnapshot * knobs.disk.sync.meanMs,
      });
      scheduler.after(delayMs, () => {
        if (this.#isOver || machine.process !== process || !process.isAlive) return;
        faults.count("crash at a snapshot");
        machine.crash(this.#random.pick(crashKinds), { isMachineOn });
        scheduler.after(drawMs(this.#random, knobs.faultFor), () => {
          if (!this.#isOver) startAgain(machine);
        });
      });
    };
  }

  /** One turn of the event loop takes long, and then others do, with a little work in between. */
  #block(machine: SimMachine): () => void {
    const { process } = machine;
    const { scheduler } = this.#world;
    let isOver = false;
    const blocked = (): void => {
      // With the storm this ends too, although nobody calls what is returned here.
      if (isOver || this.#isOver || machine.process !== process || !process!.isAlive || process!.isPaused)
        return;
      machine.pause();
      scheduler.after(this.#random.below(this.#random.pick([30, 200, 600])), () => {
        if (machine.process !== process || !process!.isPaused) return;
        machine.resume();
        scheduler.after(this.#random.below(20), blocked);
      });
    };
    blocked();
    return () => {
      isOver = true;
    };
  }

  #part(machine: SimMachine): (() => void) | undefined {
    const { network, machines } = this.#world;
    if (machines.length < 2) return undefined;
    const ids = machines.map(({ id }) => id);
    const cuts = cutsOf(this.#random.pick(partitionShapes), ids, this.#random, machine.id);
    network.cut(cuts);
    return () => network.heal(cuts);
  }

  #halfOpen(machine: SimMachine): void {
    const to = this.#other(machine);
    if (to !== undefined) this.#world.network.halfOpen(machine.id, to);
  }

  #slowLink(): (() => void) | undefined {
    const { network, machines } = this.#world;
    const from = this.#random.pick(machines);
    const to = this.#other(from);
    if (to === undefined) return undefined;
    network.slow(from.id, to, this.#random.below(500), this.#random.pick([1, 100, 10_000]));
    return () => network.heal([[from.id, to]]);
  }

  #other(machine: SimMachine): string | undefined {
    const others = this.#world.machines.filter((other) => other !== machine);
    return others.length > 0 ? this.#random.pick(others).id : undefined;
  }
}

const needsProcess: ReadonlySet<MachineFault> = new Set([
  "crash",
  "machine off",
  "pause",
  "suspend",
  "block",
]);

function startAgain(machine: SimMachine): void {
  if (!machine.isUp) machine.start();
}

/** Of the process that was paused, and no other. */
function goOnWith(machine: SimMachine): () => void {
  const { process } = machine;
  return () => {
    if (machine.process === process && process!.isPaused) machine.resume();
  };
}
