import { pinned, sharedCores, shown } from "../programs.ts";
import { lastingPort, Program } from "./program.ts";

/** Where a member of a cluster is. */
export interface Seat {
  /** "n1" */
  readonly id: string;
  /** Of its clients. */
  readonly port: number;
  readonly peerPort: number;
  readonly folder: string;
}

/** What tells the members of one cluster from those of another product's. */
export interface ClusterKind {
  readonly name: string;
  command(seat: Seat, seats: readonly Seat[]): string[];
  /** What has to be there before the members start. */
  prepare?(seats: readonly Seat[]): Promise<void>;
  /** Rejects until the member there serves its clients and has what the others have. */
  serves(port: number): Promise<unknown>;
  leads(port: number): Promise<boolean>;
}

/** Servers that replicate to each other, on the cores that they share with the load. Dispose of it to end them all. */
export class Cluster implements AsyncDisposable {
  readonly seats: readonly Seat[];
  readonly #kind: ClusterKind;
  readonly #programs: Map<Seat, Program> = new Map();

  private constructor(kind: ClusterKind, seats: readonly Seat[]) {
    this.#kind = kind;
    this.seats = seats;
  }

  /** All members of a new cluster, serving. */
  static async start(kind: ClusterKind, size: number, dataFolder: () => string): Promise<Cluster> {
    const seats: Seat[] = [];
    for (let i = 1; i <= size; i++) {
      const [port, peerPort] = [await lastingPort(), await lastingPort()];
      seats.push({ id: `n${i}`, port, peerPort, folder: dataFolder() });
    }
    await kind.prepare?.(seats);
    const cluster = new Cluster(kind, seats);
    for (const seat of seats) cluster.start(seat);
    for (const seat of seats) await cluster.serves(seat);
    return cluster;
  }

  /** How its members were started; PORT stands for a port, and DATA for a folder. */
  get commands(): string[] {
    const placeless = (word: string): string =>
      this.seats.reduce(
        (text, { port, peerPort, folder }) =>
          text.replace(folder, "DATA").replaceAll(new RegExp(`\\b(${port}|${peerPort})\\b`, "g"), "PORT"),
        word,
      );
    return this.seats.map((seat) =>
      shown(pinned(sharedCores, this.#kind.command(seat, this.seats).map(placeless))),
    );
  }

  get pids(): number[] {
    return [...this.#programs.values()].map(({ pid }) => pid);
  }

  start(seat: Seat): void {
    this.#programs.set(seat, new Program(sharedCores, this.#kind.command(seat, this.seats)));
  }

  async serves(seat: Seat): Promise<void> {
    await this.#programs
      .get(seat)!
      .answers(`${this.#kind.name} ${seat.id}`, () => this.#kind.serves(seat.port));
  }

  async kill(seat: Seat): Promise<void> {
    await this.#programs.get(seat)!.end("SIGKILL");
    this.#programs.delete(seat);
  }

  /** Who leads now. Rejects where nobody does. */
  async leader(): Promise<Seat> {
    for (const seat of this.#programs.keys()) {
      if (await this.#kind.leads(seat.port)) return seat;
    }
    throw new Error(`${this.#kind.name} has no leader`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // As in a crash: what they would still write on their way out is of no use to anybody.
    await Promise.all([...this.#programs.values()].map((program) => program.end("SIGKILL")));
  }
}
