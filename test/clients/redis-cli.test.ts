import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { Running } from "../command-line.ts";
import { requireProgram } from "../programs.ts";
import { fill } from "../server/fill.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

const redisCli = requireProgram("redis-cli");

/** redis-cli as people and scripts use it. */
describe("redis-cli", redisCli, () => {
  let node: SpawnedNode;

  before(async () => {
    node = await SpawnedNode.start();
  });

  after(() => node[Symbol.asyncDispose]());

  function start(...args: readonly string[]): Running {
    return new Running(redisCli.path, ["-p", String(node.port), ...args], {});
  }

  /** What it prints with these arguments; it must succeed. */
  async function cli(args: readonly string[], input: string | Buffer = ""): Promise<string> {
    const running = start(...args);
    running.process.stdin!.end(input);
    const { code, stdout, stderr } = await running.ended;
    assert.deepEqual([code, stderr], [0, ""], stdout);
    return stdout;
  }

  /** As cli, for a mode that begins with words in the place of a command. */
  const say = (line: string): Promise<string> => cli(line.split(" "));

  test("one command a call", async () => {
    assert.equal(await say("SET greeting hello"), "OK\n");
    assert.equal(await say("GET greeting"), "hello\n");
    assert.equal(await say("--no-raw GET greeting"), '"hello"\n');
    assert.equal(await say("--raw GET none"), "\n");
    assert.equal(await say("--no-raw GET none"), "(nil)\n");
    assert.equal(await say("-n 3 DBSIZE"), "0\n");
    assert.equal(await say("-r 3 INCR counter"), "1\n2\n3\n");
    assert.equal(await cli(["-x", "SET", "text"], "two\nlines"), "OK\n");
    assert.equal(await say("GET text"), "two\nlines\n");
    assert.equal(await say("--json MGET counter none"), '["3",null]\n');
    assert.equal(await say("--csv MGET counter none"), '"3",NULL\n');
  });

  test("an error is printed, and is the exit code with -e", async () => {
    assert.equal(await say("NO_SUCH"), "ERR unknown command 'NO_SUCH', with args beginning with: \n\n");
    const { code, stderr } = await start("-e", "INCR", "text").ended;
    assert.deepEqual([code, stderr], [1, "ERR value is not an integer or out of range\n"]);
  });

  test("in RESP3", async () => {
    assert.equal(await say("-3 --no-raw CONFIG GET maxmemory"), '1# "maxmemory" => "0"\n');
    assert.match(await say("-3 HELLO"), /proto 3\n/);
  });

  test("commands from its input, and interactively", async () => {
    const lines = "SET a 1\nINCR a\nMULTI\nINCR a\nSELECT 2\nEXEC\nGET a\nNO_SUCH\nECHO done\n";
    const out = await cli(["--no-raw"], lines);
    const expected =
      "OK\n(integer) 2\nOK\nQUEUED\nQUEUED\n1) (integer) 3\n2) OK\n(nil)\n" +
      "(error) ERR unknown command 'NO_SUCH', with args beginning with: \n\"done\"\n";
    assert.equal(out.replace(/\n+/g, "\n"), expected);
  });

  test("--pipe takes a mass of commands", async () => {
    const count = 20_000;
    const commands = Array.from({ length: count }, (_, i) => encodeRequest(["SET", `pipe:${i}`, i]));
    const out = await cli(["--pipe"], Buffer.concat(commands));
    assert.match(out, new RegExp(`errors: 0, replies: ${count}\n`));
    assert.equal(await say(`GET pipe:${count - 1}`), `${count - 1}\n`);
  });

  test("--scan lists every key", async () => {
    const listed = (await say("--scan --pattern pipe:1??")).trimEnd().split("\n");
    assert.equal(new Set(listed).size, 100);
    assert.equal((await say("--scan")).trimEnd().split("\n").length, Number(await say("DBSIZE")));
  });

  test("--bigkeys and --memkeys look at every key", async () => {
    await cli(["-x", "SET", "the-biggest"], "x".repeat(10_000));
    const biggest = await say("--bigkeys -i 0");
    assert.match(biggest, /Biggest string found '"the-biggest"' has 10000 bytes/);
    assert.match(await say("--memkeys -i 0"), /Biggest string found '"the-biggest"' has \d+ bytes/);
  });

  test("--stat prints a line with keys and clients", async () => {
    const running = start("--stat", "-i", "0.005");
    const out = await running.sees(/\n\d+ .*\n/);
    running.process.kill("SIGINT");
    await running.ended;
    assert.match(out, /keys +mem +clients/);
    assert.match(out, new RegExp(`\n${(await say("DBSIZE")).trim()} +[\\d.]+[KM] +\\d+`));
  });

  test("--latency measures PINGs", async () => {
    const out = await say("--latency --raw -i 0.05");
    const [min, max, average, samples] = out
      .trim()
      .split(/[ ,\n]+/)
      .map(Number);
    assert.ok(min! <= average! && average! <= max! && samples! >= 1, out);
  });

  test("--eval, subscriptions and others that are not there are told so", async () => {
    assert.match(await say("EVAL x 0"), /^ERR unknown command 'EVAL'/);
    assert.match(await say("SUBSCRIBE x"), /^ERR unknown command 'SUBSCRIBE'/);
  });

  test("INFO, CLIENT LIST and SLOWLOG as people ask for them", async () => {
    assert.match(await say("INFO keyspace"), /db0:keys=\d+,expires=0/);
    assert.match(await say("CLIENT LIST"), /cmd=client\|list/);
    assert.match(await say("SLOWLOG LEN"), /^\d+\n$/);
    assert.match(await say("COMMAND DOCS get"), /summary/);
  });

  test("a large listing is printed whole", async () => {
    using client = await RawClient.connect(node.port);
    await client.call("FLUSHALL");
    await fill(client, 30_000);
    assert.equal((await say("KEYS *")).trimEnd().split("\n").length, 30_000);
  });
});
