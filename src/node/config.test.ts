import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ConfigInput, type ConfigReading, readConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { settings } from "./config-schema.ts";

test("clients may hold a tenth of the memory, unless something else is said", () => {
  const held = (given?: string): number =>
    read({ environment: given === undefined ? {} : { KVORUM_MAXMEMORY_CLIENTS: given } }).config.server
      .maxmemoryClients;
  assert.deepEqual(
    [undefined, "25%", "100%", "0%", "0", "64mb"].map(held),
    [-10, -25, -100, 0, 0, 67_108_864],
  );
});

test("without anything given, every setting has its default", () => {
  const { config, settings: inForce } = read({});
  assert.equal(config.host, "127.0.0.1");
  assert.equal(config.port, 6379);
  assert.equal(config.id, "n1");
  assert.equal(config.server.tcpKeepAliveMs, 300_000);
  assert.ok(inForce.every(({ source }) => source === "default"));
  assert.deepEqual(
    inForce.map(({ name }) => name),
    settings.map(({ name }) => name),
  );
});

test("flags go over the environment, and that over the file", () => {
  const file = { path: "kvorum.yaml", text: "# a node\nid: f\ntimeout: 1\nmaxclients: 11\nmemory: true\n" };
  const environment = { KVORUM_TIMEOUT: "2", KVORUM_MAXCLIENTS: "22", KVORUM_TCP_KEEPALIVE: "5", OTHER: "x" };
  const { config } = read({ file, environment, flags: { maxclients: "33" } });
  assert.equal(config.id, "f");
  assert.equal(config.server.idleMsMax, 2_000);
  assert.equal(config.server.maxclients, 33);
  assert.equal(config.server.tcpKeepAliveMs, 5_000);
  assert.equal(config.memory, true);
  const { id, timeout, maxclients, maxmemory } = config.sources;
  assert.deepEqual(
    [id, timeout, maxclients, maxmemory],
    ["kvorum.yaml:2", "KVORUM_TIMEOUT", "--maxclients", "default"],
  );
  assert.equal(config.sources["tcp-keepalive"], "KVORUM_TCP_KEEPALIVE");
});

test("an empty variable is one that is not set", () => {
  assert.equal(read({ environment: { KVORUM_LISTEN: "" } }).config.port, 6379);
});

test("every kind of value is read from text and from YAML's own types", () => {
  const text = `listen: "[::1]:7000"\nmaxmemory: 1048576\ninsecure: on\nslowlog-log-slower-than: -1\nloglevel: debug\n`;
  const { config } = read({ file: { path: "f", text }, flags: { memory: true } });
  assert.deepEqual([config.host, config.port], ["::1", 7000]);
  assert.deepEqual([config.server.maxmemoryBytes, config.server.slowlogMicros], [1_048_576, -1]);
  assert.deepEqual([config.insecure, config.memory, config.loglevel], [true, true, "debug"]);
  for (const [bytes, count] of [
    ["7", 7],
    ["2b", 2],
    ["1k", 1000],
    ["1kb", 1024],
    ["3M", 3e6],
    ["100 mb", 104_857_600],
    ["2gb", 2 ** 31],
    ["1g", 1e9],
  ] as const) {
    assert.equal(
      read({ environment: { KVORUM_MAXMEMORY: bytes } }).config.server.maxmemoryBytes,
      count,
      bytes,
    );
  }
  for (const [word, value] of [
    ["yes", true],
    ["1", true],
    ["TRUE", true],
    ["off", false],
    ["0", false],
    ["no", false],
  ] as const) {
    assert.equal(read({ environment: { KVORUM_INSECURE: word } }).config.insecure, value, word);
  }
});

test("every wrong value is refused with its source and what was expected", () => {
  const share = "a number of bytes, such as 500mb, or a share, such as 10%, or 0";
  const cases: readonly (readonly [string, string, string])[] = [
    ["id", "a b", "up to 64 letters, digits, dots, dashes and underscores"],
    ["listen", "6379", "HOST:PORT, such as 127.0.0.1:6379 or [::1]:6379"],
    ["memory", "maybe", "true or false"],
    ["insecure", "2", "true or false"],
    ["maxclients", "0", "a whole number from 1 to 1000000"],
    ["maxclients", "1e3", "a whole number from 1 to 1000000"],
    ["timeout", "-1", "a whole number from 0 to 2147483"],
    ["tcp-keepalive", "5s", "a whole number from 0 to 2147483"],
    ["maxmemory", "-1", "a number of bytes, such as 500mb or 2gb, or 0"],
    ["maxmemory", "1tb", "a number of bytes, such as 500mb or 2gb, or 0"],
    ["maxmemory", "9999999999gb", "a number of bytes, such as 500mb or 2gb, or 0"],
    ["maxmemory-clients", "101%", share],
    ["maxmemory-clients", "-1%", share],
    ["maxmemory-clients", "1.5%", share],
    ["maxmemory-clients", "%", share],
    ["maxmemory-clients", "lots", share],
    ["slowlog-log-slower-than", "-2", "a whole number from -1 to 9007199254740991"],
    ["slowlog-max-len", "1.5", "a whole number from 0 to 100000"],
    ["latency-monitor-threshold", "x", "a whole number from 0 to 9007199254740991"],
    ["loglevel", "warn", "one of error, info, debug, silent"],
  ];
  for (const [name, value, expected] of cases) {
    assert.deepEqual(problems({ flags: { [name]: value } }), [
      `${name} (--${name}): expected ${expected}, got ${JSON.stringify(value)}`,
    ]);
  }
});

test("a wrong password is not shown", () => {
  assert.deepEqual(problems({ file: { path: "f", text: "requirepass: 0123" } }), [
    "requirepass (f:1): expected text of at most 512 characters (in quotes where it is a number)",
  ]);
});

test("all problems are listed at once, each with its place", () => {
  const text = "lisen: 127.0.0.1:1\ntimeout:\nmaxclients: [1]\nloglevel: {a: 1}\ncolour: red\n";
  const environment = { KVORUM_MAXMEMORY: "lots", KVORUM_LISTN: "x" };
  assert.deepEqual(
    [...problems({ file: { path: "my.yaml", text }, environment, flags: { id: "" } })].sort(),
    [
      "KVORUM_LISTN: there is no such variable; did you mean KVORUM_LISTEN?",
      "colour (my.yaml:5): there is no such setting; `kvorum config` lists all",
      'id (--id): expected up to 64 letters, digits, dots, dashes and underscores, got ""',
      "lisen (my.yaml:1): there is no such setting; did you mean listen?",
      "loglevel (my.yaml:4): expected one of error, info, debug, silent, got a map",
      "maxclients (my.yaml:3): expected a whole number from 1 to 1000000, got a list",
      'maxmemory (KVORUM_MAXMEMORY): expected a number of bytes, such as 500mb or 2gb, or 0, got "lots"',
      "timeout (my.yaml:2): expected a whole number from 0 to 2147483, got nothing",
    ],
  );
});

test("variables that a container platform makes are left alone", () => {
  const environment = {
    KVORUM_PORT: "tcp://10.0.0.1:6379",
    KVORUM_SERVICE_HOST: "10.0.0.1",
    KVORUM_PASSWORD: "x",
  };
  assert.equal(read({ environment }).config.port, 6379);
});

test("a file that is no map of settings is refused with the line", () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      "a: 1\nb: [1\n",
      "f.yaml:3: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["id: a\n\nid: b\n", "f.yaml:3: this setting stands in the file twice"],
    ["id: a\n---\nid: b\n", "f.yaml:2: only one document is read: take the line --- out"],
    ["- 1\n", 'f.yaml:1: expected lines such as "listen: 127.0.0.1:6379"'],
    ["hello\n", 'f.yaml:1: expected lines such as "listen: 127.0.0.1:6379"'],
    ["\tid: a\n", "f.yaml:1: Tabs are not allowed as indentation"],
  ];
  for (const [text, problem] of cases) {
    assert.deepEqual(problems({ file: { path: "f.yaml", text } }), [problem], text);
  }
});

test("an empty file and one of comments are fine", () => {
  for (const text of ["", "# nothing\n", "---\n"])
    assert.equal(read({ file: { path: "f", text } }).config.id, "n1");
});

test("an alias takes the value of its anchor, and an unknown one is refused", () => {
  const text = "timeout: &t 7\ntcp-keepalive: *t\n";
  assert.equal(read({ file: { path: "f", text } }).config.server.tcpKeepAliveMs, 7_000);
  assert.match(
    problems({ file: { path: "f", text: "timeout: *t\n" } })[0]!,
    /^timeout \(f:1\): expected .* got nothing$/,
  );
});

test("a node keeps its data in a directory of its own, and in memory none", () => {
  assert.equal(read({}).config.data, "./kvorum-data/n1");
  assert.equal(read({ flags: { id: "b2" } }).config.data, "./kvorum-data/b2");
  assert.equal(read({ flags: { data: "./d" } }).config.data, "./d");
  assert.deepEqual(read({ flags: { memory: true } }).refusals, []);
  for (const flags of [{ data: "./d" }, { fsync: "always" }]) {
    assert.match(
      read({ flags: { memory: true, ...flags } }).refusals.join(),
      /^(data|fsync) \(--\1\): memory \(--memory\) keeps nothing on a disk; leave one of them out$/,
    );
  }
});

test("an address for other machines wants a password or --insecure", () => {
  const flags = { memory: true };
  for (const listen of ["0.0.0.0:6379", "[::]:6379", "10.0.0.1:1", "example.org:1"]) {
    assert.match(
      read({ flags: { ...flags, listen } }).refusals.join(),
      /^listen \(--listen\): .* can be reached from other machines; set KVORUM_REQUIREPASS, or add --insecure$/,
      listen,
    );
    assert.deepEqual(read({ flags: { ...flags, listen, requirepass: "x" } }).refusals, []);
    assert.deepEqual(read({ flags: { ...flags, listen, insecure: true } }).refusals, []);
  }
  for (const listen of ["127.0.0.1:0", "localhost:1", "[::1]:1"]) {
    assert.deepEqual(read({ flags: { ...flags, listen } }).refusals, [], listen);
  }
});

test("W and R are between a majority of the listed members and all of them", () => {
  const cluster = "n1=127.0.0.1:1,n2=127.0.0.1:2,n3=127.0.0.1:3";
  for (const name of ["write-quorum", "read-quorum"]) {
    const refusalsOf = (quorum: string): string =>
      read({ flags: { cluster, [name]: quorum } }).refusals.join();
    const head = `${name} (--${name}): of 3 voters (--cluster), 2 to 3 are possible`;
    assert.equal(refusalsOf("1"), `${head}: fewer than a majority promise nothing`);
    assert.equal(refusalsOf("4"), `${head}: there are no more`);
    for (const quorum of ["0", "2", "3"]) assert.equal(refusalsOf(quorum), "");
    // Who joins is not told how many there are.
    assert.deepEqual(read({ flags: { [name]: "4" } }).refusals, []);
  }
});

test("the settings in force show no password", () => {
  const { settings: inForce, config } = read({ environment: { KVORUM_REQUIREPASS: "secret" } });
  assert.equal(config.server.requirepass, "secret");
  assert.deepEqual(
    inForce.find(({ name }) => name === "requirepass"),
    {
      name: "requirepass",
      value: "(hidden)",
      source: "KVORUM_REQUIREPASS",
    },
  );
});

test("the documentation names every setting with its flag, variable and default", () => {
  const lines = readFileSync(join(import.meta.dirname, "../../../docs/configuration.md"), "utf8").split("\n");
  for (const { name, flag, variable, initial } of settings) {
    const row = lines.find((line) => line.startsWith(`| \`${name}\` |`));
    assert.ok(row !== undefined, `docs/configuration.md has no row for ${name}`);
    for (const word of [flag, variable, initial])
      assert.ok(row.includes(word), `the row of ${name} lacks ${word}`);
  }
});

function read(input: Partial<ConfigInput>): ConfigReading {
  return readConfig({ flags: {}, environment: {}, ...input });
}

function problems(input: Partial<ConfigInput>): readonly string[] {
  try {
    read(input);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}
