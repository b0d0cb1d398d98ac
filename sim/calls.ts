import { type DiskCall, DiskError } from "../src/platform/disk.ts";
import type { Change, FileState } from "./file-state.ts";
import type { NameChange } from "./names.ts";

/** What goes wrong with a call, or how long it takes. */
export interface DiskFault {
  /** Only such calls count; all by default. */
  readonly call?: DiskCall;
  /** Only calls whose path holds this count. */
  readonly path?: string;
  /** Which of the calls from now on that count: 1, the default, is the next. */
  readonly nth?: number;
  /** How many of them in a row; 1 by default, Infinity for a disk that is broken for good. */
  readonly times?: number;
  /** The call fails with it: "EIO", "ENOSPC" … Without it the call is only slow. */
  readonly code?: string;
  /** A write fails after so many bytes were written; 0 by default. */
  readonly afterBytes?: number;
  /** Simulated time that the call takes. */
  readonly delayMs?: number;
}

/** A call on its way. */
export interface Flight<T = unknown> {
  readonly call: DiskCall;
  readonly path: string;
  /** Carries the call out. Throws DiskError where that cannot be done. */
  land(): T;
  /** Leaves what the call leaves where a fault makes it fail. */
  fail?(fault: DiskFault): void;
  /** What a crash may find of it, if it is a change of a file … */
  readonly write?: { readonly file: FileState; readonly change: Change };
  /** … or of names. */
  names?(): NameChange[];
}

/** Where time comes from: a call is done in a later turn. */
export interface Turns {
  /** Runs `task` when a call that nothing delays is done. */
  nextTurn(task: () => void, call: DiskCall): void;
  after(delayMs: number, task: () => void): void;
}

/** Called as a call begins, with its number, from 1. */
export type CallHook = (number: number, call: DiskCall, path: string) => void;

/** The calls of one process: numbers them, spoils them, and lets none return when the process is dead. */
export class Calls {
  count = 0;
  onCall: CallHook | undefined;
  readonly #turns: Turns;
  readonly #flights: Set<Flight> = new Set();
  readonly #faults: Set<PlannedFault> = new Set();
  #isDead = false;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  get inFlight(): readonly Flight[] {
    return [...this.#flights];
  }

  inject(fault: DiskFault): void {
    this.#faults.add({ ...fault, seen: 0 });
  }

  kill(): void {
    this.#isDead = true;
  }

  promise<T>(flight: Flight<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.begin(flight, (error, value) => (error === undefined ? resolve(value as T) : reject(error)));
    });
  }

  /** `settle` is called in a later turn, or never if the process dies before. */
  begin<T>(flight: Flight<T>, settle: (error: DiskError | undefined, value?: T) => void): void {
    if (this.#isDead) return;
    this.#flights.add(flight);
    this.count++;
    this.onCall?.(this.count, flight.call, flight.path);
    const fault = this.#faultOf(flight);
    const finish = () => this.#finish(flight, fault, settle);
    if (fault.delayMs === undefined) this.#turns.nextTurn(finish, flight.call);
    else this.#turns.after(fault.delayMs, finish);
  }

  #finish<T>(
    flight: Flight<T>,
    fault: DiskFault,
    settle: (error: DiskError | undefined, value?: T) => void,
  ): void {
    if (this.#isDead) return;
    this.#flights.delete(flight);
    const outcome = landing(flight, fault);
    if (outcome instanceof DiskError) settle(outcome);
    else settle(undefined, outcome);
  }

  /** All that is planned for this call, in one. */
  #faultOf({ call, path }: Flight): DiskFault {
    let hit: DiskFault = {};
    for (const fault of this.#faults) {
      if (fault.call !== undefined && fault.call !== call) continue;
      if (fault.path !== undefined && !path.includes(fault.path)) continue;
      const { nth = 1, times = 1 } = fault;
      fault.seen++;
      if (fault.seen >= nth) hit = { ...hit, ...fault };
      if (fault.seen >= nth + times - 1) this.#faults.delete(fault);
    }
    return hit;
  }
}

type PlannedFault = DiskFault & { seen: number };

function landing<T>(flight: Flight<T>, fault: DiskFault): T | DiskError {
  if (fault.code !== undefined) {
    flight.fail?.(fault);
    return new DiskError(fault.code, flight.call, flight.path);
  }
  try {
    return flight.land();
  } catch (error) {
    if (error instanceof DiskError) return error;
    throw error;
  }
}
