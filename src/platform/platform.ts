import { type Clock, systemClock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import { systemDisk } from "./disk-system.ts";
import type { Net } from "./net.ts";
import { type Dialer, systemDialer } from "./net-connect.ts";
import { systemNet } from "./net-system.ts";
import { type HostProcess, systemProcess } from "./process.ts";
import { type Random, systemRandom } from "./random.ts";

/** All that a node has of its machine. Whoever embeds a node may give it another one, in part or whole. */
export interface Platform {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly net: Net;
  readonly dialer: Dialer;
  readonly process: HostProcess;
  readonly random: Random;
}

export const systemPlatform: Platform = {
  clock: systemClock,
  disk: systemDisk,
  net: systemNet,
  dialer: systemDialer,
  process: systemProcess,
  random: systemRandom,
};
