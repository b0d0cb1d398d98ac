import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { floorBreaks, importsOf, pureRooms } from "./floors.ts";

const root = join(import.meta.dirname, "../..");
const doors = publicDoors();

/** The sources behind the package's exports. */
function publicDoors(): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, { default: string }>;
  };
  return Object.values(exports).map((door) => door.default.replace("./dist/", "").replace(/\.js$/, ".ts"));
}

function sourceFiles(): string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `src/${name.replaceAll("\\", "/")}`);
}

test("every file of src keeps to its floor", () => {
  const files = sourceFiles();
  assert.ok(files.length > 10, "the sources were found");
  const breaks = files.flatMap((file) =>
    floorBreaks(file, readFileSync(join(root, file), "utf8"), doors).map((broken) => `${file}: ${broken}`),
  );
  assert.deepEqual(breaks, []);
});

test("bin imports nothing of src but the command line", () => {
  const imports = importsOf(readFileSync(join(root, "bin/kvorum.js"), "utf8"));
  assert.deepEqual(
    imports.filter((target) => !target.startsWith("node:")),
    ["../dist/src/cli/main.js"],
  );
});

test("every form of import is seen, and none in a comment or a text", () => {
  const source = `
    import one from "./one.ts";
    import { a,
      b } from './two.ts';
    import type { C } from "./three.ts";
    import "./four.ts";
    export { d } from "./five.ts";
    export * from "./six.ts";
    const seven = await import("./seven.ts");
    // import no from "./no.ts";
    /* import no from "./no.ts"; */
    const text = 'see // import'; import eight from "./eight.ts";
    const quote = /["']/; // import no from "./no.ts";
  `;
  assert.deepEqual(
    importsOf(source).sort(),
    ["eight", "five", "four", "one", "seven", "six", "three", "two"].map((name) => `./${name}.ts`),
  );
});

/** Made-up sources, each with the one thing that the checker must say about it. */
const violations: readonly (readonly [file: string, source: string, broken: string])[] = [
  [
    "src/engine/x.ts",
    'import { a } from "../platform/clock.ts";',
    "engine imports src/platform/clock.ts, which is not on a lower floor",
  ],
  [
    "src/raft/x.ts",
    'export * from "../protocol/y.ts";',
    "raft imports src/protocol/y.ts, which is not on a lower floor",
  ],
  [
    "src/base/x.ts",
    'import type { A } from "../engine/a.ts";',
    "base imports src/engine/a.ts, which is not on a lower floor",
  ],
  [
    "src/engine/x.test.ts",
    'import { a } from "../server/a.ts";',
    "engine imports src/server/a.ts, which is not on a lower floor",
  ],
  ["src/client/x.ts", 'import { a } from "../replica/a.ts";', "client imports src/replica/a.ts"],
  ["src/client/x.ts", 'import { a } from "../engine/a.ts";', "client imports src/engine/a.ts"],
  ["src/client/x.ts", 'import { a } from "../server/a.ts";', "client imports src/server/a.ts"],
  ["src/adapters/x.ts", 'import { a } from "../protocol/a.ts";', "adapters imports src/protocol/a.ts"],
  ["src/server/x.ts", 'import net from "node:net";', "only platform imports node:net"],
  ["src/cli/x.ts", 'import { open } from "node:fs/promises";', "only platform imports node:fs/promises"],
  ["src/cli/x.ts", 'const fs = await import("node:fs");', "only platform imports node:fs"],
  ["src/log/x.ts", 'import fs from "fs";', "imports fs without node:"],
  [
    "src/cli/x.ts",
    'import { a } from "../node/index.ts";',
    "imports through the public door src/node/index.ts",
  ],
  ["src/cli/x.ts", 'import { a } from "kvorum/server";', "imports through the public door kvorum/server"],
  ["src/cli/x.ts", 'import { a } from "../../scripts/a.ts";', "imports scripts/a.ts, which is not in src"],
  ["src/engine/x.ts", 'import { a } from "node:crypto";', "a pure room imports node:crypto"],
  ["src/protocol/x.ts", 'import slot from "cluster-key-slot";', "a pure room imports cluster-key-slot"],
  ["src/attic/x.ts", "", "lies in no room that has a floor: give it one in test/floors.ts"],
  ["src/x.ts", "", "lies in no room that has a floor: give it one in test/floors.ts"],
  ["src/engine/x.ts", "const now = Date.now();", "a pure room uses Date"],
  ["src/engine/x.ts", "const now = `at $" + "{Date.now()}`;", "a pure room uses Date"],
  ["src/base/x.ts", "const chance = Math.random();", "a pure room uses Math.random"],
  ["src/raft/x.ts", "async function f() {}", "a pure room uses async"],
  ["src/raft/x.ts", "let done: Promise<void>;", "a pure room uses Promise"],
  ["src/protocol/x.ts", "setTimeout(f, 1);", "a pure room uses setTimeout"],
  ["src/protocol/x.ts", "if (a.localeCompare(b) < 0) f();", "a pure room uses .localeCompare"],
];

test("the checker catches each kind of violation", () => {
  for (const [file, source, broken] of violations) {
    assert.deepEqual(floorBreaks(file, source, ["src/node/index.ts"]), [broken], `${file}: ${source}`);
  }
});

test("the checker lets pass what is right", () => {
  const right = [
    [
      "src/server/x.ts",
      'import type { Replica } from "../replica/contract.ts"; import { readFile } from "./y.ts";',
    ],
    ["src/platform/net-system.ts", 'import net from "node:net"; const now = Date.now();'],
    [
      "src/engine/x.ts",
      'import { assert } from "../base/assert.ts"; // not a Date\nconst f = { flag: "async" };',
    ],
    ["src/engine/x.ts", "this.process = a.performance; const slashed = /\"Date'/; const updatedDate = 1;"],
    ["src/base/x.test.ts", 'import { test } from "node:test"; import fs from "node:fs"; await test("x");'],
  ] as const;
  for (const [file, source] of right) assert.deepEqual(floorBreaks(file, source, []), [], source);
});

test("the pure tsconfig holds all pure rooms", () => {
  const text = readFileSync(join(root, "tsconfig.pure.json"), "utf8");
  for (const room of pureRooms) assert.ok(text.includes(`"src/${room}"`), room);
});

test("the pure tsconfig sees nothing of Node.js but Buffer", () => {
  const folder = mkdtempSync(join(tmpdir(), "kvorum-pure-"));
  try {
    const source = `
      import { readFileSync } from "node:fs";
      export const seen = [readFileSync, setTimeout, process, performance, console, Buffer.alloc(1)];
    `;
    writeFileSync(join(folder, "x.ts"), source);
    const config = {
      extends: join(root, "tsconfig.pure.json"),
      compilerOptions: { rootDir: "/" },
      files: ["x.ts", join(root, "types/pure.d.ts")],
      include: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "-p", folder],
      { encoding: "utf8" },
    );
    const unknown = [...stdout.matchAll(/Cannot find (?:name|module) '([^']+)'/g)].map((match) => match[1]);
    assert.deepEqual(unknown, ["node:fs", "setTimeout", "process", "performance", "console"], stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
