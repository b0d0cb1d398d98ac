import { systemDisk } from "../src/platform/disk-system.ts";

/** Writes more than its files may hold, as `ulimit -f` set it, and says how that went. */
const file = await systemDisk.open(process.argv[2]!, { mode: "create" });
const parts = ["a", "b", "c"].map((letter) => Buffer.alloc(3000, letter));
file.write(parts, 100, (error) => console.log(String(error)));
