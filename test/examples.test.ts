import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Cluster } from "./cluster/cluster.ts";
import { Running } from "./command-line.ts";

const root = join(import.meta.dirname, "../..");
const names = readdirSync(join(root, "examples"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.replace(".ts", ""));

/** What each prints. */
const printed: Readonly<Record<string, readonly string[]>> = {
  "cache-aside": [
    "first: 40, reads of the database: 1",
    "a hundred more: reads of the database: 1",
    "after the change: 35",
  ],
  sessions: ["logged in: alice", "whoever comes back stays: true", "logged out: undefined"],
  configuration: [
    "the slower editor needed 2 tries",
    'nothing was lost: {"workers":8,"retries":3}',
    "who has seen an old revision changes nothing: null",
  ],
  "feature-flags": [
    "a flag that nobody has set is off: false",
    "20 percent: about 200 of 1000 users: true",
    "100 percent: 1000 of 1000 users",
  ],
  "service-registry": [
    "both are there: 10.0.0.1:25,10.0.0.2:25",
    "one has died: 10.0.0.1:25",
    "one has left: 0 instances",
  ],
  "metadata-catalogue": [
    "alice has /a.txt,/b.txt",
    "alice has /a.txt, bob has /b.txt",
    '/b.txt: {"owner":"bob","bytes":20}',
  ],
  "rate-limiter": ["alice: 5 of 12 pass", "bob: 3 of 3 pass", "alice may come again within a minute: true"],
};

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.start("n1", "n2", "n3");
});
after(() => cluster[Symbol.asyncDispose]());

for (const name of names) {
  test(`examples/${name} does what it says, twice, and leaves nothing behind`, async () => {
    const environment = { KVORUM_CONNECT: ["n1", "n2", "n3"].map((id) => cluster.clientsOf(id)).join(",") };
    for (let i = 0; i < 2; i++) {
      const example = new Running(process.execPath, [join(root, `dist/examples/${name}.js`)], {
        environment,
      });
      const { code, stdout, stderr } = await example.ended;
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(stdout.trimEnd().split("\n"), printed[name]);
    }
    assert.deepEqual(await cluster.call("n1", "KEYS", "example:*"), []);
  });
}

test("examples are short, import the package as its users do, and stand in the list", () => {
  const list = readFileSync(join(root, "examples/README.md"), "utf8");
  for (const name of names) {
    const source = readFileSync(join(root, `examples/${name}.ts`), "utf8");
    assert.ok(source.split("\n").length < 80, name);
    assert.match(source, /^import \{.*\} from "kvorum";$/m);
    assert.doesNotMatch(source, /from "\.\.?\//);
    assert.ok(list.includes(`(${name}.ts)`), name);
  }
});
