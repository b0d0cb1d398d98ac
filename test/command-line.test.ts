import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Ending, runKvorum, startAtTerminal, startKvorum } from "./command-line.ts";
import { type ProgramName, requireProgram } from "./programs.ts";
import { freePort, redis, startRedis } from "./redis-server.ts";

const script = requireProgram("script" as ProgramName);
const folder = mkdtempSync(join(tmpdir(), "kvorum-command-line-"));
after(() => rmSync(folder, { recursive: true }));

/** What every failure looks like: its code, and one line that says what to do. */
function failedWith({ code, stdout, stderr }: Ending, expectedCode: number, line: RegExp): void {
  assert.equal(code, expectedCode, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, line);
  assert.match(stderr, /^kvorum: [^\n]+\n$/, "one line, without a stack trace");
}

const commands = [
  "start",
  "config",
  "cli",
  "call",
  "get",
  "set",
  "del",
  "exists",
  "incr",
  "expire",
  "ttl",
  "keys",
  "ping",
  "info",
  "backup",
  "restore",
  "check",
  "dump-log",
  "bench",
];

for (const command of commands) {
  test(`kvorum ${command} --help has an example`, async () => {
    const { code, stdout, stderr } = await runKvorum([command, "--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`^Usage: kvorum ${command}`));
    assert.match(stdout, /\nExamples?:\n {2}.*kvorum/);
  });
}

test("kvorum --help lists every command, and --version says which it is", async () => {
  const { code, stdout } = await runKvorum(["--help"]);
  assert.equal(code, 0);
  for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, "m"));
  assert.match((await runKvorum(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test("wrong usage exits with 2 and says what is wrong", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["strat"], /unknown command 'strat' \(Did you mean start\?\)/],
    [["start", "--lisen", "x"], /unknown option '--lisen' \(Did you mean --listen\?\)/],
    [
      ["start", "--listen"],
      /option '--listen <HOST:PORT>' argument missing \(kvorum start --help shows how\)/,
    ],
    [["set", "a"], /missing required argument 'value' \(kvorum set --help shows how\)/],
    [["get", "a", "b"], /too many arguments/],
    [["set", "a", "-x"], /unknown option '-x' .* goes behind --/],
    [
      ["get", "a", "-c", "host:port"],
      /--connect: expected HOST:PORT, such as 127\.0\.0\.1:6379, got "host:port"/,
    ],
    [["get", "a", "-n", "x"], /--db: expected the number of a database, got "x"/],
    [["get", "a", "-t", "soon"], /--timeout: expected seconds, got "soon"/],
    [["start", "--memory", "--data", "d"], /data \(--data\): memory \(--memory\) keeps nothing on a disk/],
    [
      ["start", "--memory", "--timeout", "x"],
      /timeout \(--timeout\): expected a whole number from 0 to \d+, got "x"/,
    ],
    [
      ["start", "--memory", "--listen", "0.0.0.0:0"],
      /can be reached from other machines; set KVORUM_REQUIREPASS/,
    ],
  ];
  for (const [args, line] of cases) failedWith(await runKvorum(args), 2, line);
});

test("kvorum alone shows its help and exits with 2", async () => {
  const { code, stderr } = await runKvorum([]);
  assert.equal(code, 2);
  assert.match(stderr, /^Usage: kvorum/);
});

test("a configuration file that is wrong, or cannot be read, is named", async () => {
  const path = join(folder, "wrong.yaml");
  writeFileSync(path, "memory: true\nlisten: [\n");
  failedWith(await runKvorum(["start", "--config", path]), 2, /wrong\.yaml:3: Flow sequence/);
  const none = join(folder, "none.yaml");
  failedWith(
    await runKvorum(["start", "--config", none]),
    1,
    /cannot read .*none\.yaml: there is no such file/,
  );
  writeFileSync(path, "memroy: true\ntimeout: soon\n");
  const { code, stderr } = await runKvorum(["config", "check"], { environment: { KVORUM_CONFIG: path } });
  assert.equal(code, 2);
  assert.deepEqual(
    stderr
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(folder, ""))
      .sort(),
    [
      "  memroy (/wrong.yaml:1): there is no such setting; did you mean memory?",
      '  timeout (/wrong.yaml:2): expected a whole number from 0 to 2147483, got "soon"',
      "kvorum: the configuration has 2 problems",
    ],
  );
});

test("config prints every value with its source, and hides the password", async () => {
  const path = join(folder, "right.yaml");
  writeFileSync(path, "memory: true\ntimeout: 60\n");
  const options = { environment: { KVORUM_REQUIREPASS: "secret", KVORUM_TIMEOUT: "30" } };
  const args = ["config", "--config", path, "--maxmemory", "1mb"];
  const { code, stdout, stderr } = await runKvorum(args, options);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^SETTING +VALUE +SOURCE\n/);
  assert.match(stdout, /^timeout +30 +KVORUM_TIMEOUT$/m);
  assert.match(stdout, /^maxmemory +1048576 +--maxmemory$/m);
  assert.match(stdout, /^memory +true +.*right\.yaml:1$/m);
  assert.match(stdout, /^requirepass +\(hidden\) +KVORUM_REQUIREPASS$/m);
  const asJson = JSON.parse((await runKvorum([...args, "--json"], options)).stdout);
  assert.deepEqual(asJson.timeout, { value: 30, source: "KVORUM_TIMEOUT" });
  assert.equal(asJson.requirepass.value, "(hidden)");
});

test("config check says that all is right without starting anything", async () => {
  const { code, stdout } = await runKvorum(["config", "check", "--memory", "--listen", "127.0.0.1:7"]);
  assert.deepEqual([code, stdout], [0, "the configuration is right: node n1 would listen on 127.0.0.1:7\n"]);
});

test("a server that is not there is one line and exit code 1", async () => {
  const port = await freePort();
  const line = new RegExp(`nothing listens on 127.0.0.1:${port}; start a node with`);
  failedWith(await runKvorum(["get", "a", "-c", `127.0.0.1:${port}`]), 1, line);
  failedWith(await runKvorum(["cli"], { environment: { KVORUM_CONNECT: `127.0.0.1:${port}` } }), 1, line);
});

test("--verbose adds the stack trace", async () => {
  const { code, stderr } = await runKvorum(["get", "a", "-c", "127.0.0.1:1", "--verbose"]);
  assert.equal(code, 1);
  assert.match(stderr, /^kvorum: .*\nConnectionError: .*\n {4}at /);
});

test("one-shot commands print bytes alone into a pipe, or JSON", redis, async () => {
  await using server = await startRedis();
  const environment = { KVORUM_CONNECT: `127.0.0.1:${server.port}` };
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runKvorum(args, { environment });
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  assert.equal(await run("set", "greeting", "hello world", "EX", "60"), "OK\n");
  assert.equal(await run("get", "greeting"), "hello world\n");
  assert.equal(await run("get", "nothing"), "\n");
  assert.equal(await run("get", "nothing", "--json"), "null\n");
  assert.equal(await run("set", "n", "-5"), "OK\n");
  assert.equal(await run("incr", "n"), "-4\n");
  assert.equal(await run("set", "dash", "--", "-x"), "OK\n");
  assert.equal(await run("exists", "n", "dash", "nothing"), "2\n");
  assert.equal(await run("call", "config", "get", "maxmemory", "--json"), '{"maxmemory":"0"}\n');
  assert.equal(await run("cli", "mget", "n", "dash"), "-4\n-x\n");
  assert.equal(await run("-n", "3", "dbsize").catch(() => "refused"), "refused", "dbsize goes through call");
  assert.equal(await run("call", "-n", "3", "dbsize"), "0\n");
  assert.equal(await run("del", "n", "dash", "greeting"), "3\n");
});

test("an error reply goes to standard error and exits with 1", redis, async () => {
  await using server = await startRedis();
  const at = ["-c", `127.0.0.1:${server.port}`];
  failedWith(
    await runKvorum(["expire", "a", "soon", ...at]),
    1,
    /ERR value is not an integer or out of range/,
  );
  failedWith(await runKvorum(["call", "nonsense", ...at]), 1, /ERR unknown command 'nonsense'/);
  failedWith(
    await runKvorum(["get", "a", "-n", "99", ...at]),
    1,
    /has no database 99: ERR DB index is out of range/,
  );
  failedWith(await runKvorum(["call", "subscribe", "a", ...at]), 1, /SUBSCRIBE is not for this shell/);
  failedWith(
    await runKvorum(["call", "blpop", "a", "0", "-t", "0.2", ...at]),
    1,
    /did not answer within 200 ms/,
  );
});

test("the password comes from the variable or the option, and is asked for in words", redis, async () => {
  await using server = await startRedis("--requirepass", "secret");
  const at = ["-c", `127.0.0.1:${server.port}`];
  assert.equal(
    (await runKvorum(["ping", ...at], { environment: { KVORUM_PASSWORD: "secret" } })).stdout,
    "PONG\n",
  );
  assert.equal((await runKvorum(["ping", ...at, "--password", "secret"])).stdout, "PONG\n");
  failedWith(
    await runKvorum(["ping", ...at]),
    1,
    /wants a password: set KVORUM_PASSWORD, or give --password/,
  );
  failedWith(await runKvorum(["ping", ...at, "--password", "x"]), 1, /refused this client: WRONGPASS/);
});

test("the first server that can be reached is taken", redis, async () => {
  await using server = await startRedis();
  const at = `127.0.0.1:${await freePort()},127.0.0.1:${server.port}`;
  assert.equal((await runKvorum(["ping", "-c", at])).stdout, "PONG\n");
});

test("commands from a pipe are answered in order, and an error among them exits with 1", redis, async () => {
  await using server = await startRedis();
  const environment = { KVORUM_CONNECT: `127.0.0.1:${server.port}` };
  const input = 'SET a "x y"\r\n\nINCR a\nGET a\nMGET a nothing\nquit\nGET a\n';
  const { code, stdout, stderr } = await runKvorum(["cli"], { input, environment });
  assert.equal(stdout, "OK\nERR value is not an integer or out of range\nx y\nx y\n\n");
  assert.deepEqual([code, stderr], [1, ""]);
  const open = await runKvorum(["cli"], { input: 'PING\nGET "a\nPING\n', environment });
  assert.deepEqual(open, {
    code: 1,
    stdout: "PONG\nPONG\n",
    stderr: "kvorum: line 2: a quote is left open\n",
  });
});

test("ten thousand commands from a pipe, binary ones among them, come back whole", redis, async () => {
  await using server = await startRedis();
  const environment = { KVORUM_CONNECT: `127.0.0.1:${server.port}` };
  const input = Array.from({ length: 10_000 }, (_, i) => `ECHO "${i}\\xff"\n`).join("");
  const running = startKvorum(["cli"], { environment });
  const chunks: Buffer[] = [];
  running.process.stdout!.on("data", (chunk) => chunks.push(chunk));
  running.process.stdin!.end(input);
  assert.equal((await running.ended).code, 0);
  const expected = Array.from({ length: 10_000 }, (_, i) => `${i}\xff\n`).join("");
  assert.equal(Buffer.concat(chunks).toString("latin1"), expected);
});

test("a reply is printed before the next command is there", redis, async () => {
  await using server = await startRedis();
  const running = startKvorum(["cli", "-c", `127.0.0.1:${server.port}`]);
  await running.type("ECHO one\n", /^one\n$/);
  await running.type("ECHO two\n", /^two\n$/);
  running.process.stdin!.end();
  assert.equal((await running.ended).code, 0);
});

test("a script whose server dies ends at once, with the reason", redis, async () => {
  const server = await startRedis();
  const running = startKvorum(["cli", "-c", `127.0.0.1:${server.port}`]);
  await running.type("PING\n", /PONG/);
  await server[Symbol.asyncDispose]();
  const { code, stderr } = await running.ended;
  assert.equal(code, 1);
  assert.match(stderr, /^kvorum: 127\.0\.0\.1:\d+ closed the connection\n$/);
});

test("a reader that has enough ends the program without a complaint", redis, async () => {
  await using server = await startRedis();
  const running = startKvorum(["cli", "-c", `127.0.0.1:${server.port}`]);
  await running.type("ECHO one\n", /one/);
  running.process.stdout!.destroy();
  running.process.stdin!.end(`ECHO ${"x".repeat(100_000)}\n`.repeat(20));
  assert.deepEqual(await running.ended.then(({ code, stderr }) => [code, stderr]), [0, ""]);
});

const needsBoth = { skip: script.skip || redis.skip };

test("the shell prints for people, and its prompt shows database and transaction", needsBoth, async () => {
  await using server = await startRedis();
  const shell = startAtTerminal(script.path, ["cli", "-c", `127.0.0.1:${server.port}`], {});
  const prompt = `127.0.0.1:${server.port}`;
  await shell.sees(new RegExp(`connected to ${prompt}.*\\n${prompt}> $`, "s"));
  await shell.type("set greeting 'hello w'\r", /\nOK\r\n/);
  await shell.type("get greeting\r", /\n"hello w"\r\n/);
  await shell.type("config get maxmemory\r", /\n1# "maxmemory" => "0"\r\n/);
  await shell.type("incr greeting\r", /\n\(error\) ERR value is not an integer/);
  await shell.type("select 3\r", /\[3\]> $/);
  await shell.type("multi\r", /\[3\]\(TX\)> $/);
  await shell.type("incr n\r", /\nQUEUED\r\n/);
  await shell.type("exec\r", /\n1\) \(integer\) 1\r\n.*\[3\]> $/s);
  await shell.type("help incr\r", /\nINCR key\r\n {2}Adds one/);
  await shell.type('get "open\r', /a quote is left open/);
  await shell.type("exit\r", /exit/);
  assert.equal((await shell.ended).code, 0);
});

test("the shell completes with Tab and shows what may follow", needsBoth, async () => {
  await using server = await startRedis();
  const shell = startAtTerminal(script.path, ["cli", "-c", `127.0.0.1:${server.port}`], {});
  await shell.sees(/> $/);
  await shell.type("getra\t", /nge key start end/);
  await shell.type("greeting ", /start end$/);
  await shell.type("0 -1\r", /\n""\r\n/);
  await shell.type("\x04", /./s);
  assert.equal((await shell.ended).code, 0);
});

test("the shell keeps its history for its owner alone, and never a password", needsBoth, async () => {
  await using server = await startRedis();
  const home = mkdtempSync(join(folder, "home-"));
  const at = ["cli", "-c", `127.0.0.1:${server.port}`];
  const first = startAtTerminal(script.path, at, { home });
  await first.sees(/> $/);
  await first.type("echo remembered\r", /\n"remembered"/);
  await first.type("auth secret\r", /\n\(error\)/);
  await first.type("\x1b[A", /echo remembered$/);
  first.process.stdin!.write("\x15\x04");
  await first.ended;
  const path = join(home, ".kvorum_history");
  assert.equal(readFileSync(path, "utf8"), "echo remembered\n");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const second = startAtTerminal(script.path, at, { home });
  await second.sees(/> $/);
  await second.type("\x1b[A\r", /\n"remembered"/);
  await second.type("exit\r", /exit/);
  await second.ended;
});

test("the shell tells when the server is lost, and connects again", needsBoth, async () => {
  const port = await freePort();
  const first = await startRedis("--port", String(port));
  const shell = startAtTerminal(script.path, ["cli", "-c", `127.0.0.1:${port}`], {});
  await shell.sees(/> $/);
  await shell.type("select 2\r", /\[2\]> $/);
  await shell.type("multi\r", /\(TX\)> $/);
  shell.stdout = "";
  await first[Symbol.asyncDispose]();
  await shell.sees(
    /the transaction is lost.*closed the connection; the next command connects again\s+not connected> $/s,
  );
  await shell.type("ping\r", /nothing listens on .*\s+not connected> $/s);
  await using _second = await startRedis("--port", String(port));
  await shell.type("ping\r", /connected to .* again\s+PONG\s.*\[2\]> $/s);
  await shell.type("exit\r", /exit/);
  assert.equal((await shell.ended).code, 0);
});

test("Ctrl-C gives up a command that waits, and the shell lives", needsBoth, async () => {
  await using server = await startRedis();
  const shell = startAtTerminal(script.path, ["cli", "-c", `127.0.0.1:${server.port}`], {});
  await shell.sees(/> $/);
  shell.process.stdin!.write("blpop nothing 0\r");
  await waitUntilBlocked(server.port);
  await shell.type("\x03", /interrupted; it may have been carried out\s+not connected> $/);
  await shell.type("ping\r", /again\s+PONG/);
  await shell.type("half a li", /half a li/);
  await shell.type("\x03ping\r", /\nPONG/);
  shell.process.stdin!.write("\x03");
  assert.equal((await shell.ended).code, 0);
});

test("the shell asks for a password where the server wants one", needsBoth, async () => {
  await using server = await startRedis("--requirepass", "secret");
  const shell = startAtTerminal(script.path, ["cli", "-c", `127.0.0.1:${server.port}`], {});
  await shell.sees(/Password: $/);
  const shown = await shell.type("secret\r", /connected to .*> $/s);
  assert.doesNotMatch(shown, /secret/);
  await shell.type("ping\r", /\nPONG/);
  shell.process.stdin!.write("\x04");
  assert.equal((await shell.ended).code, 0);
});

test("start says where it serves and what to try next, and stops on a signal", async () => {
  const running = startKvorum(["start", "--memory", "--listen", "127.0.0.1:0"]);
  const text = await running.sees(/Ctrl-C stops it/);
  const port = Number(/serves on 127\.0\.0\.1:(\d+) \(node n1, pid (\d+)\)/.exec(text)?.[1]);
  assert.match(text, new RegExp(`redis-cli -p ${port} `));
  assert.match(text, new RegExp(`nc 127\\.0\\.0\\.1 ${port}`));
  assert.match(text, new RegExp(` cli -c 127\\.0\\.0\\.1:${port}`));
  const at = ["-c", `127.0.0.1:${port}`];
  assert.equal((await runKvorum(["set", "greeting", "hello", ...at])).stdout, "OK\n");
  assert.equal((await runKvorum(["get", "greeting", ...at])).stdout, "hello\n");
  running.process.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  const lines = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(lines.every(({ level, node }) => level === "info" && node === "n1"));
  assert.equal(lines.at(-1).msg, "stopped");
});

test("a second signal ends a stop that waits for a client", async () => {
  const running = startKvorum(["start", "--memory", "--listen", "127.0.0.1:0"]);
  const text = await running.sees(/Ctrl-C stops it/);
  const port = Number(/serves on 127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
  const client = net.connect(port, "127.0.0.1");
  // Replies that the client does not take: the node waits for it before it stops.
  const value = "x".repeat(1_000_000);
  client.write(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${value.length}\r\n${value}\r\n`);
  client.write("*2\r\n$3\r\nGET\r\n$1\r\na\r\n".repeat(30));
  await once(client, "readable");
  running.process.kill("SIGINT");
  await running.sees(/SIGINT: .* a second signal ends at once/, "stderr");
  client.on("error", () => {});
  running.process.kill("SIGTERM");
  assert.equal((await running.ended).code, 1);
  client.destroy();
});

test("a port in use and a host that is not known are one line each", async () => {
  const holder = net.createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as net.AddressInfo;
  failedWith(
    await runKvorum(["start", "--memory", "--listen", `127.0.0.1:${port}`]),
    1,
    /:\d+ is in use: stop the other/,
  );
  holder.close();
  const stranger = ["start", "--memory", "--insecure", "--listen", "no-such-host.invalid:7000"];
  failedWith(await runKvorum(stranger), 1, /no-such-host\.invalid/);
});

/** Resolves when a client of this Redis waits in a blocking command. */
async function waitUntilBlocked(port: number): Promise<void> {
  for (;;) {
    const { stdout } = await runKvorum(["call", "INFO", "clients", "-c", `127.0.0.1:${port}`]);
    if (/blocked_clients:[1-9]/.test(stdout)) return;
  }
}
