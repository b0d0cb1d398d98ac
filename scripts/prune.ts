import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Removes from dist what is left of deleted sources, so that no deleted test runs and nothing stale is
 * packed. It runs behind the compiler instead of emptying dist before it: a running node and `npm start`
 * keep their files all the time, also when the build fails.
 */
const output = join(import.meta.dirname, "..");
const root = join(output, "..");
const emitted = /\.(?:d\.ts|js|js\.map)$/;

for (const folder of ["src", "test", "bench", "scripts", "sim", "examples"]) {
  const from = join(output, folder);
  if (!existsSync(from)) continue;
  for (const entry of readdirSync(from, { recursive: true, encoding: "utf8" })) {
    const source = join(root, folder, entry.replace(emitted, ".ts"));
    if (emitted.test(entry) && !existsSync(source)) rmSync(join(from, entry));
  }
}
