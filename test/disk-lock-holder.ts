import { systemDisk } from "../src/platform/disk-system.ts";

/** A process that takes the lock of a directory, says how that went, and keeps it until its input ends. */
try {
  const lock = await systemDisk.lock(process.argv[2]!);
  console.log("locked");
  process.stdin.resume().once("end", () => lock.release());
} catch (error) {
  console.log((error as Error).message);
}
