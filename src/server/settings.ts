import { limits } from "../base/limits.ts";
import type { ReadMode } from "../replica/contract.ts";

/** What the server is started with, and what CONFIG SET may change. */
export interface ServerSettings {
  /** What a node that does not lead does with commands of keys: brings them to the leader, or says where it is. */
  readonly redirect: "forward" | "moved";
  /** How reads are answered where a connection does not say. */
  readonly readMode: ReadMode;
  /** Voters that a read of the mode "quorum" asks; 0: a majority. */
  readonly readQuorum: number;
  /** "": no password. */
  requirepass: string;
  maxclients: number;
  /** Clients that say nothing for so long are closed; 0: never. */
  idleMsMax: number;
  tcpKeepAliveMs: number;
  /** Growth is refused beyond this; 0: no limit. */
  maxmemoryBytes: number;
  /** What all clients may hold together; negative: in percent of the memory there is; 0: no limit. */
  maxmemoryClients: number;
  /** Commands that take so long are in the slow log; negative: none. */
  slowlogMicros: number;
  slowlogEntries: number;
  /** Events that take so long are in LATENCY; 0: none. */
  latencyThresholdMs: number;
}

/** A command that is fast by its row and small in its request takes less, but for a reply that is as long as a
 * large value, and for pauses of the machine itself. */
const quickMicros = 1000;

export class Settings implements ServerSettings {
  readonly redirect: "forward" | "moved";
  readonly readMode: ReadMode;
  readonly readQuorum: number;
  requirepass: string;
  maxclients: number;
  idleMsMax: number;
  tcpKeepAliveMs: number;
  maxmemoryBytes: number;
  slowlogMicros: number;
  slowlogEntries: number;
  latencyThresholdMs: number;
  /** maxmemoryClients in bytes; Infinity where there is no limit. */
  clientBytesMax: number = Number.POSITIVE_INFINITY;
  readonly #memoryBytes: number;
  #maxmemoryClients = 0;

  /** `memoryBytes` is what there is. */
  constructor(initial: ServerSettings, memoryBytes: number) {
    this.#memoryBytes = memoryBytes;
    this.maxmemoryClients = initial.maxmemoryClients;
    this.redirect = initial.redirect;
    this.readMode = initial.readMode;
    this.readQuorum = initial.readQuorum;
    this.requirepass = initial.requirepass;
    this.maxclients = initial.maxclients;
    this.idleMsMax = initial.idleMsMax;
    this.tcpKeepAliveMs = initial.tcpKeepAliveMs;
    this.maxmemoryBytes = initial.maxmemoryBytes;
    this.slowlogMicros = initial.slowlogMicros;
    this.slowlogEntries = initial.slowlogEntries;
    this.latencyThresholdMs = initial.latencyThresholdMs;
  }

  get maxmemoryClients(): number {
    return this.#maxmemoryClients;
  }

  set maxmemoryClients(value: number) {
    this.#maxmemoryClients = value;
    const bytes = value < 0 ? (this.#memoryBytes * -value) / 100 : value;
    this.clientBytesMax = value === 0 ? Number.POSITIVE_INFINITY : Math.max(bytes, limits.clientsBytesMin);
  }

  /** Whether the slow log or LATENCY wants to know of small fast commands too. */
  get timesFastCommands(): boolean {
    const wantsQuick = this.slowlogMicros >= 0 && this.slowlogMicros < quickMicros;
    return wantsQuick || this.latencyThresholdMs > 0;
  }
}
