import { Engine } from "../../src/engine/engine.ts";
import type { Slice } from "../../src/engine/execution.ts";
import type { PagePool } from "../../src/engine/pages.ts";
import type { Arguments } from "../../src/protocol/arguments.ts";
import type { ReplyWriter } from "../../src/protocol/reply-writer.ts";
import type { Command } from "../../src/protocol/spec/row.ts";
import { commandNamed } from "../../src/protocol/spec/table.ts";

/** A command that was carried out on a node. */
export interface Execution {
  /** RESP bytes. */
  readonly wire: string;
  readonly out: ReplyWriter;
  /** The store's revision afterwards. */
  readonly revision: number;
  /** It is this command's own. */
  readonly hasChanged: boolean;
  /** The cluster time that it saw. */
  readonly time: number;
}

/** A write of a session that was carried out. */
export interface CarriedOut {
  readonly session: string;
  readonly sequence: number;
  readonly low: number;
  readonly revision: number;
  readonly hasChanged: boolean;
  readonly time: number;
}

export interface EngineObserver {
  executed(execution: Execution): void;
  /** The same of a part of a transaction. */
  partExecuted(execution: Execution): void;
  /** A session's write was carried out, and not answered from memory. */
  carriedOut(write: CarriedOut): void;
  /** The next entry begins: all before it is applied in whole. */
  between(): void;
}

const numbered = commandNamed("session|id")!;

/** The production engine, and somebody who is told what it does. */
export class ObservedEngine extends Engine {
  observer: EngineObserver | undefined;
  /** The session's write that is being carried out. */
  #outer: Arguments | undefined;

  constructor(hashKey: readonly [number, number], pages?: PagePool) {
    super(hashKey, pages);
  }

  override advance(now: number, most: number): number {
    this.observer?.between();
    return super.advance(now, most);
  }

  override execute(command: Command, args: Arguments, db: number, out: ReplyWriter): Slice | undefined {
    if (command === numbered) this.#outer = args;
    const before = this.revision;
    const slice = super.execute(command, args, db, out);
    if (command === numbered) this.#outer = undefined;
    if (this.#outer === undefined) this.#tell(args, out, this.now, before);
    return slice;
  }

  override executeWithin(command: Command, args: Arguments, out: ReplyWriter): void {
    const outer = this.#outer!;
    const before = this.revision;
    super.executeWithin(command, args, out);
    const { revision, now: time } = this;
    const session = outer.text(2);
    const [sequence, low] = [Number(outer.text(3)), Number(outer.text(4))];
    this.observer?.carriedOut({ session, sequence, low, revision, hasChanged: revision > before, time });
  }

  override transaction(
    out: ReplyWriter,
    run: (step: (command: Command, args: Arguments, db: number) => void) => void,
  ): void {
    const before = this.revision;
    const parts: string[] = [];
    super.transaction(out, (step) =>
      run((command, args, db) => {
        parts.push(wireOf(args));
        step(command, args, db);
      }),
    );
    const { revision, now: time } = this;
    for (const wire of parts)
      this.observer?.partExecuted({ wire, out, revision, hasChanged: revision > before, time });
  }

  override read(command: Command, args: Arguments, db: number, out: ReplyWriter, estimate: number): boolean {
    const isSure = super.read(command, args, db, out, estimate);
    if (isSure) this.#tell(args, out, Math.max(0, this.now, estimate), this.revision);
    return isSure;
  }

  #tell(args: Arguments, out: ReplyWriter, time: number, before: number): void {
    const { revision } = this;
    this.observer?.executed({ wire: wireOf(args), out, revision, hasChanged: revision > before, time });
  }
}

function wireOf({ bytes, from, to }: Arguments): string {
  return bytes.toString("latin1", from, to);
}
