import assert from "node:assert/strict";
import net, { type AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { type Ending, runKvorum, startAtTerminal } from "../command-line.ts";
import { type ProgramName, requireProgram } from "../programs.ts";
import { freePort } from "../redis-server.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { Cluster } from "./cluster.ts";

/** What the command line does where members of its cluster are dead, or die. */

const script = requireProgram("script" as ProgramName);
const ids = ["n1", "n2", "n3"];
let cluster: Cluster;

before(async () => {
  cluster = await Cluster.start(...ids);
});
after(() => cluster[Symbol.asyncDispose]());

async function done(running: Promise<Ending>): Promise<string> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  return stdout;
}

test("a first address that is dead is no matter, whatever is asked", async () => {
  const at = `127.0.0.1:${await freePort()},${cluster.clientsOf("n2")}`;
  const kvorum = (...args: readonly string[]): Promise<string> => done(runKvorum([...args, "-c", at]));
  assert.equal(await kvorum("set", "a", "1"), "OK\n");
  assert.equal(await kvorum("get", "a"), "1\n");
  assert.equal(await kvorum("incr", "a"), "2\n");
  assert.equal(await kvorum("ping"), "PONG\n");
  assert.equal(await kvorum("cli", "get", "a"), "2\n");
  assert.match(await kvorum("status"), /n1 .*n2 .*n3 /s);
  assert.match(await kvorum("member", "list"), /leads/);
  const to = (await cluster.leader("n1")) === "n3" ? "n2" : "n3";
  assert.equal(await kvorum("transfer", to), `${to} leads\n`);
});

test(
  "the shell goes on at another member when its own is killed, also one that nobody named",
  script,
  async () => {
    const leader = await cluster.leader("n1");
    const shell = startAtTerminal(script.path, ["cli", "-c", cluster.clientsOf(leader)], {});
    await shell.sees(/> $/);
    await shell.type("set greeting hello\r", /\nOK\r\n/);
    await shell.type("select 2\r", /\[2\]> $/);
    await cluster.kill(leader);
    await shell.sees(/the next command connects again/);
    const shown = await shell.type("set greeting again\r", /\nOK\r\n.*\[2\]> $/s);
    assert.match(shown, /connected to 127\.\S+:6379 again/);
    await shell.type("get greeting\r", /\n"again"\r\n/);
    await shell.type("exit\r", /exit/);
    assert.equal((await shell.ended).code, 0);
    cluster.start(leader);
    await cluster.serving(leader);
  },
);

test("a command waits for the next leader when the one is killed, and is no error", async () => {
  const leader = await cluster.leader("n1");
  const others = ids.filter((id) => id !== leader).map((id) => cluster.clientsOf(id));
  await cluster.kill(leader);
  const at = [cluster.clientsOf(leader), ...others].join(",");
  assert.equal(await done(runKvorum(["set", "b", "1", "-c", at])), "OK\n");
  assert.equal(await done(runKvorum(["get", "b", "-c", at])), "1\n");
  cluster.start(leader);
  await cluster.serving(leader);
});

/** Between a command line and a node. Of the first connection that carries the word, the answer is lost with it. */
class LosingProxy {
  lost = 0;
  readonly #server: net.Server;

  constructor(port: number, word: string) {
    this.#server = net.createServer((client) => {
      const node = net.connect(port, "127.0.0.1");
      let isLosing = false;
      client.on("data", (bytes) => {
        isLosing ||= this.lost === 0 && bytes.includes(word);
        node.write(bytes);
      });
      node.on("data", (bytes) => {
        if (!isLosing) return client.write(bytes);
        this.lost++;
        return client.destroy();
      });
      client.on("error", () => {}).on("close", () => node.destroy());
      node.on("error", () => {}).on("close", () => client.destroy());
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

test("a write whose answer is lost is sent again, and was applied once", async () => {
  await using node = await SpawnedNode.start();
  using proxy = new LosingProxy(node.port, "incr");
  const at = await proxy.listen();
  assert.equal(await done(runKvorum(["incr", "counter", "-c", at])), "1\n");
  assert.equal(proxy.lost, 1);
  assert.equal(await done(runKvorum(["get", "counter", "-c", at])), "1\n");
});
