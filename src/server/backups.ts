import { limits } from "../base/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { HeldSnapshot, Persistence } from "../replica/contract.ts";
import type { Connection } from "./connection.ts";

/** A snapshot that a connection reads. */
interface Backup {
  readonly id: number;
  readonly snapshot: HeldSnapshot;
  /** Ends it when nothing is read for too long. */
  timer: Timer;
}

/** The snapshots that clients read with BACKUP: one for a connection, and few at once. */
export class Backups {
  readonly #clock: Clock;
  /** By their connections; undefined while the snapshot is being taken. */
  readonly #byConnection = new Map<Connection, Backup | undefined>();
  /** What is under way: snapshots being taken, and files being closed. */
  readonly #work = new Set<Promise<unknown>>();
  #nextId = 1;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why a connection cannot begin one now, "" where it can. */
  refusal(connection: Connection): string {
    if (this.#byConnection.has(connection))
      return "ERR a backup is under way on this connection: end it with BACKUP END first";
    return this.#byConnection.size < limits.backupsMax
      ? ""
      : `BUSY ${limits.backupsMax} backups are under way: try again when one has ended`;
  }

  /** Takes a snapshot for a connection. Rejects where that fails. */
  begin(connection: Connection, persistence: Persistence): Promise<Backup> {
    this.#byConnection.set(connection, undefined);
    return this.#tracked(this.#begin(connection, persistence));
  }

  async #begin(connection: Connection, persistence: Persistence): Promise<Backup> {
    try {
      const snapshot = await persistence.takeBackup();
      const backup = { id: this.#nextId++, snapshot, timer: this.#timer(connection) };
      this.#byConnection.set(connection, backup);
      if (connection.isGone || this.#isClosed) this.end(connection);
      return backup;
    } catch (error) {
      this.#byConnection.delete(connection);
      throw error;
    }
  }

  /** The backup with this id, where it is the connection's and has not ended. */
  find(connection: Connection, id: number): Backup | undefined {
    const backup = this.#byConnection.get(connection);
    return backup?.id === id ? backup : undefined;
  }

  /** Bytes of a backup; it lives on. */
  read(connection: Connection, backup: Backup, offset: number, length: number): Promise<Buffer> {
    backup.timer.cancel();
    backup.timer = this.#timer(connection);
    return backup.snapshot.read(offset, length);
  }

  /** Lets go of a connection's snapshot, where it has one. */
  end(connection: Connection): void {
    const backup = this.#byConnection.get(connection);
    if (backup === undefined) return;
    this.#byConnection.delete(connection);
    backup.timer.cancel();
    // What cannot be removed now, the next start removes.
    this.#tracked(backup.snapshot.release()).catch(() => {});
  }

  /** Resolves when no file is open any more; the connections are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#byConnection.keys()) this.end(connection);
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }

  #timer(connection: Connection): Timer {
    return this.#clock.after(limits.backupIdleMsMax, () => this.end(connection));
  }

  #tracked<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
    return tracked;
  }
}
