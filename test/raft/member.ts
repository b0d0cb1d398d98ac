import assert from "node:assert/strict";
import {
  CONFIGURATION,
  type Config,
  type Configuration,
  decodeConfiguration,
  type Entry,
  type LogIndex,
  type NodeId,
  type RawNode,
  type Ready,
  type Write,
} from "../../src/raft/index.ts";
import type { MemoryDisk } from "./memory-disk.ts";

/** What is tested: the core, or a copy of it with a planted bug. */
export interface Core {
  readonly RawNode: typeof RawNode;
}

/** What happens at a member, for whoever watches. */
export interface Witness {
  ready(member: Member, ready: Ready): void;
  written(member: Member, write: Write): void;
  applied(member: Member, entry: Entry): void;
  restored(member: Member, index: LogIndex): void;
}

/** A node with its disk and its engine: the host's loop of src/raft/README.md, without a network. */
export class Member {
  readonly id: NodeId;
  readonly disk: MemoryDisk;
  node: RawNode;
  isDown = false;
  /** Writes stay under way until `finishWrite`. */
  isDiskSlow = false;
  /** Loads stay under way until `finishLoads`. */
  isLoadSlow = false;
  appliedIndex: LogIndex = 0;
  /** As of what was applied: what a snapshot has to hold. */
  appliedConfiguration: Configuration;
  readonly #core: Core;
  readonly #config: Omit<Config, "boot">;
  readonly #witness: Witness;
  readonly #loads: NodeId[] = [];
  #boot = 1;

  constructor(core: Core, config: Omit<Config, "boot">, disk: MemoryDisk, witness: Witness) {
    this.#core = core;
    this.#config = config;
    this.#witness = witness;
    this.id = config.id;
    this.disk = disk;
    this.node = this.#start();
    this.appliedIndex = disk.snapshot.index;
    this.appliedConfiguration = disk.snapshot.configuration;
  }

  /** Takes all bundles that there are. */
  turn(): void {
    for (let ready = this.node.ready(); ready !== undefined; ready = this.node.ready()) this.#carryOut(ready);
  }

  finishWrite(): boolean {
    const write = this.disk.finishOne();
    if (write === undefined) return false;
    if (write.snapshot !== undefined) this.#restored();
    this.#witness.written(this, write);
    this.node.persisted(write);
    this.turn();
    return true;
  }

  finishLoads(): void {
    this.disk.inMemoryFrom = 0;
    for (const id of this.#loads.splice(0)) this.node.loaded(id);
    this.turn();
  }

  /** The process is gone; its disk keeps what was finished, and what the caller lets a crash leave. */
  stop(): void {
    this.isDown = true;
    this.#loads.length = 0;
  }

  start(): void {
    assert.ok(this.isDown);
    this.isDown = false;
    this.#boot++;
    this.appliedIndex = this.disk.snapshot.index;
    this.appliedConfiguration = this.disk.snapshot.configuration;
    this.node = this.#start();
    this.turn();
  }

  compact(firstIndex: LogIndex): void {
    const index = this.appliedIndex;
    const term = this.disk.termOf(index);
    assert.ok(term !== undefined);
    this.disk.compact({ index, term, configuration: this.appliedConfiguration }, firstIndex);
  }

  #start(): RawNode {
    return new this.#core.RawNode({ ...this.#config, boot: this.#boot }, this.disk.restored());
  }

  #carryOut(ready: Ready): void {
    if (ready.write !== undefined) this.disk.pending.push(ready.write);
    this.#witness.ready(this, ready);
    for (const { to, from } of ready.loads) {
      this.#loads.push(to);
      assert.ok(from >= this.disk.firstIndex);
    }
    if (!this.isLoadSlow && ready.loads.length > 0) this.finishLoads();
    this.#apply(ready.applyIndex);
    while (!this.isDiskSlow && this.finishWrite());
  }

  #apply(index: LogIndex): void {
    while (this.appliedIndex < index) {
      const entry = this.disk.at(this.appliedIndex + 1);
      assert.ok(entry !== undefined, `${this.id} was told to apply ${index} and does not hold it`);
      this.appliedIndex = entry.index;
      if (entry.kind === CONFIGURATION) this.appliedConfiguration = decodeConfiguration(entry.payload);
      this.#witness.applied(this, entry);
    }
  }

  #restored(): void {
    const { index, configuration } = this.disk.snapshot;
    this.appliedIndex = index;
    this.appliedConfiguration = configuration;
    this.#witness.restored(this, index);
  }
}
