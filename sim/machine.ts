import { assert } from "../src/base/assert.ts";
import type { Peers } from "../src/peers/contract.ts";
import type { Clock } from "../src/platform/clock.ts";
import type { Disk } from "../src/platform/disk.ts";
import { SimClock } from "./clock.ts";
import { type CrashKind, stopKinds } from "./crash.ts";
import { SimDisk } from "./disk.ts";
import { DiskPace } from "./disk-pace.ts";
import { MachineTime } from "./machine-time.ts";
import { Prng } from "./prng.ts";
import { SimProcess } from "./process.ts";
import type { SimWorld } from "./world.ts";

/** The production contracts, as one process sees them. */
export interface Platform {
  readonly process: SimProcess;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly peers: Peers;
  readonly random: Prng;
}

/**
 * What runs on a machine: called at each start of its process. What it returns is called when that process has died,
 * for whoever watches; no code of the process itself runs then.
 */
export type Program = (platform: Platform) => () => void;

/** Wall time at which runs begin. */
const epochMs = Date.UTC(2030, 0, 1);

/** A node's machine: its clocks and its disk, which outlive the processes on it. */
export class SimMachine {
  readonly id: string;
  readonly time: MachineTime;
  readonly pace: DiskPace;
  disk: SimDisk;
  process: SimProcess | undefined;
  /** The last moment to put another disk in. */
  beforeStart: () => void = () => {};
  /** Its disk fails, or has failed since the process started: neither is relied on before both are mended. */
  isSpoilt = false;
  readonly #world: SimWorld;
  readonly #random: Prng;
  readonly #program: Program;
  #died: () => void = () => {};

  constructor(world: SimWorld, id: string, program: Program) {
    const { skewMsMax, driftMax, disk } = world.knobs;
    this.id = id;
    this.#world = world;
    this.#program = program;
    this.#random = world.fork();
    const wallMs = epochMs + this.#upTo(skewMsMax);
    this.time = new MachineTime(world.scheduler, { wallMs, rate: 1 + this.#upTo(driftMax) });
    this.pace = new DiskPace(world.fork(), disk);
    this.disk = new SimDisk({ seed: this.#random.uint32(), turns: this.pace });
  }

  get isUp(): boolean {
    return this.process?.isAlive === true;
  }

  /** A new process. */
  start(): void {
    assert(!this.isUp, "one process a node");
    this.beforeStart();
    const { scheduler, network, knobs, trace } = this.#world;
    const process = new SimProcess(this.id, scheduler, this.#fork());
    const clock = new SimClock(process, this.time, this.#fork(), knobs.clock);
    this.process = process;
    this.pace.process = process;
    trace.note(`${this.id} starts`);
    const peers = network.join(process);
    this.#died = this.#program({ process, clock, disk: this.disk, peers, random: this.#fork() });
  }

  /**
   * The process ends, and the disk keeps what such a crash leaves. Who mends a disk mounts it anew: after a failed sync the
   * system shows what no later sync brings to the disk, and a process that began on that could not know.
   */
  crash(kind: CrashKind, { isMachineOn }: { isMachineOn: boolean }): void {
    assert(this.process?.isAlive === true, "who is dead does not die");
    this.#world.trace.note(`${this.id} crashes: ${kind}${isMachineOn ? "" : ", machine off"}`);
    if (this.process.isPaused) this.resume();
    this.process.kill();
    const isMountedAnew = this.isSpoilt && kind === "process";
    this.disk = this.disk.crash(isMountedAnew ? this.#random.pick(stopKinds) : kind);
    this.#world.network.left(this.id, { isMachineOn });
    this.#died();
  }

  /** Its disk is another one, with nothing on it. */
  wipe(): void {
    assert(!this.isUp, "a disk that is in use is not taken away");
    this.disk = new SimDisk({ seed: this.#random.uint32(), turns: this.pace });
  }

  /** A copy of another machine's disk, to be put into this one. */
  copyOf(other: SimMachine): SimDisk {
    return other.disk.fork(this.pace);
  }

  pause(): void {
    this.#world.trace.note(`${this.id} is paused`);
    this.process!.pause();
  }

  /** Its clocks stand still meanwhile, as those of a virtual machine. */
  suspend(): void {
    this.#world.trace.note(`${this.id} is suspended`);
    this.process!.pause();
    this.time.stop();
  }

  resume(): void {
    this.#world.trace.note(`${this.id} goes on`);
    this.time.goOn();
    this.process!.resume();
  }

  #fork(): Prng {
    return new Prng(this.#random.uint32());
  }

  /** To either side. */
  #upTo(max: number): number {
    return (2 * (this.#random.uint32() / 2 ** 32) - 1) * max;
  }
}
