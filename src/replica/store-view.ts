import { ValueCost } from "../engine/cost.ts";
import type { Engine } from "../engine/engine.ts";
import { stateHash } from "../engine/state-hash.ts";
import { forEachQueued } from "../engine/transaction.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { KeyspaceView, StoreView } from "./contract.ts";

/** What INFO and MEMORY see of an engine. */
export class EngineView implements StoreView {
  readonly #engine: Engine;
  readonly #learnTime: () => void;

  constructor(engine: Engine, learnTime: () => void) {
    this.#engine = engine;
    this.#learnTime = learnTime;
  }

  keyspace(db: number): KeyspaceView {
    this.#learnTime();
    const keyspace = this.#engine.keyspaces[db]!;
    const { earliestDeadline } = keyspace;
    return {
      keys: keyspace.count(),
      expires: keyspace.recordsWithDeadline,
      earliestMs: earliestDeadline === Number.POSITIVE_INFINITY ? 0 : earliestDeadline,
    };
  }

  valueMicros(item: Arguments): number {
    this.#learnTime();
    const cost = new ValueCost(this.#engine);
    forEachQueued(item, (command, args, db) => cost.add(command, args, db));
    return cost.micros;
  }

  get residentBytes(): number {
    return this.#engine.residentBytes;
  }

  get revision(): number {
    return this.#engine.revision;
  }

  get expiredKeys(): number {
    return this.#engine.expiredKeys;
  }

  stateHash(): string {
    return stateHash(this.#engine);
  }
}
