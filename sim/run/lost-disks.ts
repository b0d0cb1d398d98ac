import type { Configuration } from "../../src/raft/configuration.ts";
import type { Member } from "../../src/replica/member.ts";
import { drawMs } from "../chance.ts";
import { crashKinds } from "../crash.ts";
import type { SimDisk } from "../disk.ts";
import type { SimMachine } from "../machine.ts";
import type { Prng } from "../prng.ts";
import type { SimWorld } from "../world.ts";
import { flipBits } from "./flip-bits.ts";
import { type Copy, type SimNode, votePath } from "./node.ts";
import type { Orders } from "./orders.ts";

/** Between two orders by which a node comes to be a member again. */
const everyMs = 150;

/**
 * Disks that are not the node's own any more: an empty one under the same id, or by mistake another node's.
 *
 * What a quorum promises is lost with the disks of a quorum. So one disk is lost at a time, of members that can do without
 * it, and while it is known everywhere who the members are: a change that only a dead node knows of could want just this
 * one. Until the node is a member again, as a new incarnation, nobody else leaves.
 */
export class LostDisks {
  readonly #world: SimWorld;
  readonly #nodes: readonly SimNode[];
  readonly #random: Prng;
  readonly #orders: Orders;
  #lost: SimNode | undefined;
  #wasMember = false;
  #wasVoter = false;
  #isOver = false;

  constructor(world: SimWorld, nodes: readonly SimNode[], orders: Orders) {
    this.#world = world;
    this.#nodes = nodes;
    this.#random = world.fork();
    this.#orders = orders;
  }

  /** A node that lost its disk is not yet what it was: members still change. */
  get isBusy(): boolean {
    return this.#lost !== undefined;
  }

  end(): void {
    this.#isOver = true;
    // A damaged disk is replaced in any case.
    for (const node of this.#nodes) this.#putBack(node);
  }

  /** Amnesia. */
  lose(machine: SimMachine): void {
    const node = this.#nodeOf(machine);
    if (!this.#mayLose(node)) return;
    this.#world.faults.count("amnesia");
    this.#world.trace.note(`${node.id} loses its disk`);
    machine.crash(this.#random.pick(crashKinds), { isMachineOn: this.#random.chance(0.5) });
    this.#forget(node);
    this.#lost = node;
    this.#startLater(machine);
    this.#bringBack(node);
  }

  /** Somebody mounts another node's disk; it is found out, and the right one put back. */
  mistake(machine: SimMachine): void {
    const node = this.#nodeOf(machine);
    // A disk with another's directory on it: the own one would come back as a copy.
    const others = this.#nodes
      .filter(
        (other) => other !== node && other.ownDisk === undefined && other.alive?.directory !== undefined,
      )
      .map((other) => other.machine);
    if (node.alive === undefined || node.alive.isClosing || others.length === 0 || node.ownDisk !== undefined)
      return;
    // A disk that fails is mended where it is.
    if (node.isDamaged || machine.isSpoilt) return;
    machine.crash(this.#random.pick(crashKinds), { isMachineOn: true });
    const other = this.#random.pick(others);
    this.#world.faults.count("foreign directory");
    this.#world.trace.note(`${node.id} gets the disk of ${other.id}`);
    node.ownDisk = machine.disk;
    machine.disk = machine.copyOf(other);
    node.isForeign = true;
    this.#startLater(machine);
    this.#later(() => this.#later(() => this.#putBack(node)));
  }

  /**
   * An old copy of the node's own directory. Its boot number is no higher than one that the others remember, so they refuse
   * it, and it can neither lead nor vote; somebody notices, and puts the right one back. What cannot be noticed is left out, as
   * the semantics do: a copy that is started more often than the original, one of the time when the node was alone, and
   * others that have not met its later starts.
   */
  goBack(machine: SimMachine): void {
    const node = this.#nodeOf(machine);
    if (node.alive?.member?.inForce === undefined || node.alive.isClosing || node.ownDisk !== undefined)
      return;
    if (machine.isSpoilt) return;
    const { copy } = node;
    if (copy === undefined || copy.incarnation !== node.incarnation) this.#copy(node);
    else if (this.#random.chance(0.3)) this.#takeOldVote(node, copy);
    else if (this.#isKnownToAll(node, copy)) {
      this.#world.faults.count("old directory");
      this.#world.trace.note(`${node.id} gets its directory of boot ${copy.boot}`);
      machine.crash(this.#random.pick(crashKinds), { isMachineOn: true });
      node.ownDisk = machine.disk;
      machine.disk = copy.disk;
      node.copy = undefined;
      node.isStray = true;
      // A second start of the copy could have a number that is new to the others.
      let starts = 0;
      machine.beforeStart = () => {
        if (++starts > 1) this.#swapBack(node);
      };
      this.#startLater(machine);
      this.#later(() => this.#later(() => this.#putBack(node)));
    }
  }

  #copy(node: SimNode): void {
    const { directory, member } = node.alive!;
    const { boot } = directory!.identity;
    const { members } = member!.inForce!.configuration;
    if (members.filter(({ isVoter }) => isVoter).length < 2) return;
    this.#world.trace.note(`${node.id} is copied`);
    node.machine.crash(this.#random.pick(crashKinds), { isMachineOn: true });
    const ids = members.map(({ id }) => id);
    node.copy = { disk: node.machine.disk.fork(), boot, incarnation: node.incarnation, ids };
    this.#startLater(node.machine);
  }

  /**
   * Somebody has restored a part of the copy: the vote, and not the log. What the log itself shows to be too old is refused;
   * the rest nobody can notice, and is left out.
   */
  #takeOldVote(node: SimNode, { disk }: Copy): void {
    const { machine } = node;
    const { log } = node.alive!;
    const bytes = disk.snapshotFiles().get(votePath);
    const [, term] = /"term": (\d+)/.exec(bytes?.toString("latin1") ?? "") ?? [];
    if (term === undefined || (log?.termOf(log.stableIndex) ?? 0) <= Number(term)) return;
    this.#world.faults.count("old vote");
    this.#world.trace.note(`${node.id} gets its vote of term ${term}`);
    machine.crash(this.#random.pick(crashKinds), { isMachineOn: true });
    node.ownDisk = machine.disk;
    machine.disk = machine.disk.fork();
    machine.disk.put(votePath, bytes!);
    node.hasOldVote = true;
    this.#startLater(machine);
    this.#later(() => this.#later(() => this.#putBack(node)));
  }

  /** Everybody whom the copy or the cluster knows has met a later start of the node. */
  #isKnownToAll({ id, incarnation }: SimNode, { boot, ids }: Copy): boolean {
    const now = this.#orders.leader?.member?.inForce?.configuration.members.map((member) => member.id);
    if (now === undefined) return false;
    return this.#nodes.every((other) => {
      if (other.id === id || !(ids.includes(other.id) || now.includes(other.id))) return true;
      const met = other.met.get(id);
      return met !== undefined && met.incarnation === incarnation && met.boot > boot;
    });
  }

  /**
   * Bits of a stopped node's files change. Either it refuses to start, and gets its disk mended or an empty one; or it found
   * no need of them, and its disk is replaced later. As the data may be lost, the rules of a lost disk hold meanwhile.
   */
  flip(machine: SimMachine): void {
    const node = this.#nodeOf(machine);
    if (node.ownDisk !== undefined || !this.#mayLose(node)) return;
    machine.crash(this.#random.pick(crashKinds), { isMachineOn: true });
    const intact = machine.disk.fork();
    const what = flipBits(machine.disk, this.#random);
    if (what !== undefined) {
      this.#world.faults.count(`bit flip in ${what}`);
      this.#world.trace.note(`${node.id} has a bit flip in ${what}`);
      this.#lost = node;
      node.isDamaged = true;
      node.hasTakenPart = false;
      this.#world.scheduler.after(2 * drawMs(this.#random, this.#world.knobs.faultFor), () => {
        this.#replace(node, intact);
      });
    }
    this.#startLater(machine);
  }

  /** What refused to start may get its own data back: nothing has happened since. */
  #replace(node: SimNode, intact: SimDisk): void {
    const { machine } = node;
    const hasStarted = node.hasTakenPart || !node.wasRefused;
    if (machine.isUp) machine.crash("process", { isMachineOn: true });
    node.isDamaged = false;
    if (!hasStarted && this.#random.chance(0.5)) {
      machine.disk = intact;
      this.#lost = undefined;
    } else {
      this.#forget(node);
      this.#bringBack(node);
    }
    node.wasRefused = false;
    machine.start();
  }

  /** An empty disk. */
  #forget(node: SimNode): void {
    node.machine.wipe();
    node.machine.isSpoilt = false;
    node.incarnation++;
    node.first = { members: [] };
    // What is under way from its lives before was sent by somebody who knew.
    node.met = new Map();
    node.copy = undefined;
  }

  #nodeOf({ id }: SimMachine): SimNode {
    return this.#nodes.find((node) => node.id === id)!;
  }

  #putBack(node: SimNode): void {
    const { machine } = node;
    if (node.ownDisk === undefined) return;
    if (machine.isUp) machine.crash("process", { isMachineOn: true });
    this.#swapBack(node);
    if (!this.#isOver) machine.start();
  }

  #swapBack(node: SimNode): void {
    const { machine } = node;
    machine.beforeStart = () => {};
    machine.disk = node.ownDisk!;
    node.ownDisk = undefined;
    node.isForeign = false;
    node.hasOldVote = false;
    node.isStray = false;
  }

  #startLater(machine: SimMachine): void {
    this.#later(() => {
      if (!machine.isUp) machine.start();
    });
  }

  #later(task: () => void): void {
    this.#world.scheduler.after(drawMs(this.#random, this.#world.knobs.faultFor), () => {
      if (!this.#isOver) task();
    });
  }

  /** All members are up and have applied the same members, and these can do without the node. */
  #mayLose(node: SimNode): boolean {
    const placed = this.#orders.leader?.member?.placed;
    if (this.#lost !== undefined || placed === undefined) return false;
    if (node.alive === undefined || node.alive.isClosing || node.ownDisk !== undefined) return false;
    if (node.machine.isSpoilt) return false;
    const { members } = placed.configuration;
    const isEven = this.#nodes
      .filter(({ id }) => members.some((member) => member.id === id))
      .every(({ alive }) => alive?.member !== undefined && goesBy(alive.member, placed.configuration));
    const voters = members.filter(({ isVoter }) => isVoter);
    this.#wasMember = members.some(({ id }) => id === node.id);
    this.#wasVoter = voters.some(({ id }) => id === node.id);
    if (!isEven) return false;
    return !this.#wasVoter || (voters.length >= 3 && voters.length > this.#world.knobs.writeQuorum);
  }

  /** As an operator does it: the voter becomes a learner of another incarnation, and votes again when it has all. */
  #bringBack(node: SimNode): void {
    this.#world.scheduler.after(everyMs, () => {
      if (this.#step(node)) this.#lost = undefined;
      else this.#bringBack(node);
    });
  }

  /** True: it is what it was. */
  #step(node: SimNode): boolean {
    const { id } = node;
    const about = String(node.incarnation);
    const life = this.#orders.leader;
    if (life === undefined) return false;
    const { configuration, index } = life.member!.inForce!;
    const member = configuration.members.find((one) => one.id === id);
    // By the index: of members that came with a snapshot, consensus knows that one, and not their entry.
    const isCommitted = index <= life.member!.appliedIndex;
    if (member?.about === about && member.isVoter === this.#wasVoter) return isCommitted;
    if (member?.about === about) this.#orders.change(life, { type: "promote", id });
    else if (member?.isVoter) this.#orders.change(life, { type: "demote", id, about });
    else if (member !== undefined) this.#orders.change(life, { type: "remove", id });
    else if (this.#wasMember) this.#orders.change(life, { type: "addLearner", id, about });
    else return true;
    return false;
  }
}

/** It has applied these members, and knows of no others. */
function goesBy({ placed, inForce }: Member, configuration: Configuration): boolean {
  const text = JSON.stringify(configuration);
  return JSON.stringify(placed.configuration) === text && JSON.stringify(inForce?.configuration) === text;
}
