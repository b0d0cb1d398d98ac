#!/usr/bin/env node
import { existsSync } from "node:fs";

if (existsSync(new URL("../dist/src/cli/main.js", import.meta.url))) {
  await import("../dist/src/cli/main.js");
} else {
  console.error("kvorum is not built yet: run `npm ci` (or `npm run build`) in its folder first");
  process.exitCode = 1;
}
