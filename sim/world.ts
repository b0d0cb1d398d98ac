import { FaultCounts } from "./fault-counts.ts";
import type { Knobs } from "./knobs.ts";
import { type Program, SimMachine } from "./machine.ts";
import { SimNetwork } from "./network.ts";
import { Prng } from "./prng.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";

/** Everything around the nodes of one run, made from its seed: time, network, machines, and what is noted of it. */
export class SimWorld {
  readonly random: Prng;
  readonly knobs: Knobs;
  readonly trace: Trace = new Trace();
  readonly faults: FaultCounts = new FaultCounts();
  readonly scheduler: Scheduler = new Scheduler(this.trace);
  readonly network: SimNetwork;
  /** In the order in which they came. */
  readonly machines: SimMachine[] = [];
  /** Those whose nodes lead at the moment, as far as somebody here knows that: faults strike them more often than others. */
  leading: () => readonly SimMachine[] = () => [];

  constructor(random: Prng, knobs: Knobs) {
    this.random = random;
    this.knobs = knobs;
    const { scheduler, trace, faults } = this;
    this.network = new SimNetwork(scheduler, this.fork(), trace, faults, knobs.network);
  }

  /** A machine with an empty disk, on which nothing runs yet. */
  add(id: string, program: Program): SimMachine {
    const machine = new SimMachine(this, id, program);
    this.machines.push(machine);
    return machine;
  }

  /** Chance of its own for a part of the run: what one part draws changes nothing for the others. */
  fork(): Prng {
    return new Prng(this.random.uint32());
  }
}
