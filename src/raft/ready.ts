import type { Message } from "./message.ts";
import type { Load, Raft } from "./raft.ts";
import type {
  Entry,
  HardState,
  LogIndex,
  NodeId,
  ReadState,
  ReadToken,
  Role,
  Snapshot,
  Term,
} from "./types.ts";

/** What has to become durable. `RawNode.persisted` takes this very object, when it is. */
export interface Write {
  /** Writes are numbered from 1 and stay in order. */
  readonly number: number;
  readonly hardState: HardState | undefined;
  /** Takes the place of log and engine, before the entries. */
  readonly snapshot: Snapshot | undefined;
  /** The first one may stand at an index that the log has: it replaces that entry and all behind it. */
  readonly entries: readonly Entry[];
}

export interface Status {
  readonly role: Role;
  readonly term: Term;
  readonly leaderId: NodeId | undefined;
  /** The log here contradicts the leader's where it was committed: throw the data away and join anew. */
  readonly divergedAt: LogIndex | undefined;
}

/** The effects of everything that was put in since the last bundle. All of it belongs to the host. */
export interface Ready {
  readonly write: Write | undefined;
  /** May leave at once: what rests on a write is held back until that is reported. */
  readonly messages: readonly Message[];
  /** Entries up to here are committed and durable: the engine may have them, in order. */
  readonly applyIndex: LogIndex;
  readonly reads: readonly ReadState[];
  /** Reads that have no answer, since the leader is unknown or has changed. */
  readonly failedReads: readonly ReadToken[];
  readonly loads: readonly Load[];
  /** What changed of it, if anything did. */
  readonly status: Status | undefined;
}

/** Collects the effects, and remembers what was told. */
export class Bundler {
  readonly #raft: Raft;
  #applyIndex: LogIndex = 0;
  #status: Status;

  constructor(raft: Raft) {
    this.#raft = raft;
    this.#status = this.#statusNow();
  }

  take(): Ready | undefined {
    const raft = this.#raft;
    raft.flush();
    const write = this.#takeWrite();
    const { applyIndex } = raft.log;
    const status = this.#takeStatus();
    const hasNews =
      write !== undefined || !raft.outbox.isEmpty || applyIndex > this.#applyIndex || status !== undefined;
    if (!hasNews && raft.reads.length + raft.failedReads.length + raft.loads.length === 0) return undefined;
    this.#applyIndex = applyIndex;
    return { write, messages: raft.outbox.take(), applyIndex, status, ...this.#takeLists() };
  }

  #takeWrite(): Write | undefined {
    const raft = this.#raft;
    const given = raft.giveWrite();
    if (given === undefined) return undefined;
    const { number, isHardStateNew } = given;
    const hardState = isHardStateNew ? { term: raft.term, vote: raft.vote } : undefined;
    const { snapshot, entries } = raft.log.give(number);
    return { number, hardState, snapshot, entries };
  }

  #takeStatus(): Status | undefined {
    const { role, term, leaderId, divergedAt } = this.#status;
    const raft = this.#raft;
    if (
      raft.role === role &&
      raft.term === term &&
      raft.leaderId === leaderId &&
      raft.divergedAt === divergedAt
    )
      return undefined;
    this.#status = this.#statusNow();
    return this.#status;
  }

  #statusNow(): Status {
    const { role, term, leaderId, divergedAt } = this.#raft;
    return { role, term, leaderId, divergedAt };
  }

  #takeLists(): Pick<Ready, "reads" | "failedReads" | "loads"> {
    const { reads, failedReads, loads } = this.#raft;
    if (reads.length > 0) this.#raft.reads = [];
    if (failedReads.length > 0) this.#raft.failedReads = [];
    if (loads.length > 0) this.#raft.loads = [];
    return {
      reads: reads.length > 0 ? reads : none,
      failedReads: failedReads.length > 0 ? failedReads : none,
      loads: loads.length > 0 ? loads : none,
    };
  }
}

const none: readonly never[] = [];
