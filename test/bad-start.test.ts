import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Ending, Running, runKvorum } from "./command-line.ts";
import { Neighbour } from "./server/neighbour.ts";
import { SpawnedNode } from "./server/spawned-node.ts";

/** A start that cannot succeed says why in one line, and disturbs nobody. Wrong settings: command-line.test.ts. */
const start = ["start", "--memory", "--listen"];

test("a port in use is named, and the node that has it goes on serving", async () => {
  await using node = await SpawnedNode.start();
  const neighbour = await Neighbour.moveIn(node.port);
  const address = `127.0.0.1:${node.port}`;
  assert.deepEqual(await runKvorum([...start, address]), {
    code: 1,
    stdout: "",
    stderr: `kvorum: ${address} is in use: stop the other program or choose another --listen address\n`,
  });
  await neighbour.answeredAgain(2);
  await neighbour.moveOut();
});

const program = new URL("../../bin/kvorum.js", import.meta.url).pathname;
const address = "127.0.0.1:1023";

test("a port below 1024 without the right to it is named", async (t) => {
  const wrapper = withoutTheRight();
  if (wrapper === undefined) {
    t.diagnostic("here everybody may listen on any port, and no other place can be made: nothing was shown");
    return;
  }
  const [command, ...args] = [...wrapper, process.execPath, program, ...start, address];
  const { code, stderr } = await ending(new Running(command!, args, {}));
  assert.equal(code, 1, stderr);
  const reason = `no right to listen on ${address}: ports below 1024 need one, choose a higher port`;
  assert.equal(stderr, `kvorum: ${reason}\n`);
});

function ending(running: Running): Promise<Ending> {
  running.process.stdin!.end();
  // Where it does listen, the test fails rather than hangs.
  running.process.stdout!.once("data", () => running.process.kill("SIGKILL"));
  return running.ended;
}

/** What a command line begins with so that it may not listen on the port: [] for an ordinary user. */
function withoutTheRight(): string[] | undefined {
  const dropRight = ["setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"];
  const isRoot = process.getuid?.() === 0;
  if (lowestFreePort() > 1023) return isRoot ? dropRight : [];
  // Another network namespace has the usual bound.
  const elsewhere = [...(isRoot ? ["unshare", "-n"] : ["unshare", "-r", "-n"]), ...dropRight];
  return spawnSync(elsewhere[0]!, [...elsewhere.slice(1), "true"]).status === 0 ? elsewhere : undefined;
}

/** The lowest port that every user may listen on. Other systems than Linux have no bound worth testing. */
function lowestFreePort(): number {
  if (process.platform !== "linux") return 0;
  return Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "latin1"));
}
