import type { SimDisk } from "./disk.ts";
import type { SimMachine } from "./machine.ts";
import type { Prng } from "./prng.ts";

export const diskFaults = ["sync error", "short write", "read error", "full disk", "read-only disk"] as const;

export type DiskFaultKind = (typeof diskFaults)[number];

/** What fits on a disk that is almost full, at most. */
const roomBytesMax = 300_000;

/** From now on the disk fails, at once or soon; once, or for good. */
export function spoil(kind: DiskFaultKind, machine: SimMachine, random: Prng): void {
  const { disk } = machine;
  machine.isSpoilt = true;
  const nth = 1 + random.below(6);
  switch (kind) {
    case "sync error": {
      // Once, and then all syncs succeed: what the failed one should have written is lost nevertheless.
      const times = random.pick([1, 1, Number.POSITIVE_INFINITY]);
      disk.inject({ call: random.pick(["sync", "sync", "syncDirectory"]), nth, times, code: "EIO" });
      break;
    }
    case "short write":
      disk.inject({
        call: "write",
        nth,
        afterBytes: random.below(5_000),
        code: random.pick(["EIO", "ENOSPC"]),
      });
      break;
    case "read error":
      spoilReads(disk, nth, random);
      break;
    case "full disk":
      disk.capacityBytes = disk.usedBytes + random.below(roomBytesMax);
      break;
    case "read-only disk":
      disk.isReadOnly = true;
  }
}

/** Of anything; or of snapshots alone, which are read when they are sent. */
function spoilReads(disk: SimDisk, nth: number, random: Prng): void {
  const times = random.pick([1, 1, Number.POSITIVE_INFINITY]);
  if (random.chance(0.5)) disk.inject({ call: "read", nth, times, code: "EIO" });
  else
    disk.inject({
      call: random.pick(["open", "read"]),
      path: ".snapshot",
      times: Number.POSITIVE_INFINITY,
      code: "EIO",
    });
}

/** Somebody removes other files. */
export function makeRoom(machine: SimMachine): void {
  machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
}

/** The disk is mended and the process started anew, as whoever runs a node has to: a failed write is not tried again. */
export function mend(machine: SimMachine): void {
  if (!machine.isSpoilt) return;
  if (machine.isUp) machine.crash("process", { isMachineOn: true });
  machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
  machine.disk.isReadOnly = false;
  machine.isSpoilt = false;
  machine.start();
}
