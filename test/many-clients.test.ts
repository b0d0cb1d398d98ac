import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRequest } from "../src/protocol/request-encoder.ts";
import { Neighbour } from "./server/neighbour.ts";
import { RawClient } from "./server/raw-client.ts";
import { SpawnedNode } from "./server/spawned-node.ts";

/**
 * Many clients that each stay within what one may hold, and together would fill the machine. The node's memory stays
 * bounded, those that hold the most are cut off with a line in the log, and the others notice nothing.
 */
const mib = 1024 * 1024;
const limitBytes = 64 * mib;
/** Beside what is accounted: buffers that were dropped and not collected yet, and pages of the heap. */
const slackBytes = 192 * mib;

interface Mischief {
  readonly name: string;
  readonly clients: number;
  /** What each of them sends, without reading. */
  readonly sends: Buffer;
}

const set = "*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n";
const gets = Array.from({ length: 6 }, () => encodeRequest(["GET", "big"]));
const queued = Array.from({ length: 4 }, () => encodeRequest(["SET", "queued", Buffer.alloc(mib)]));

/** Each comes to far more than the limit: 800, 400 and 800 MiB. */
const mischiefs: readonly Mischief[] = [
  {
    name: "announce 8 MiB and send 4",
    clients: 200,
    sends: Buffer.concat([Buffer.from(`${set}$8388608\r\n`), Buffer.alloc(4 * mib, "x")]),
  },
  { name: "ask for 6 MiB and read nothing", clients: 100, sends: Buffer.concat(gets) },
  {
    name: "queue 4 MiB and never say EXEC",
    clients: 200,
    sends: Buffer.concat([encodeRequest(["MULTI"]), ...queued]),
  },
];

function fieldOf(info: unknown, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(String(info))![1]);
}

for (const { name, clients, sends } of mischiefs) {
  test(`many clients that ${name}`, async () => {
    await using node = await SpawnedNode.start("--maxmemory-clients", String(limitBytes));
    using watcher = await RawClient.connect(node.port);
    await watcher.call("SET", "big", Buffer.alloc(mib));
    const neighbour = await Neighbour.moveIn(node.port);
    await neighbour.answeredAgain(10);
    const before = node.residentBytes;
    let most = 0;
    const crowd: RawClient[] = [];
    for (let i = 0; i < clients; i++) {
      const client = await RawClient.connect(node.port);
      client.socket.pause();
      client.send(sends);
      crowd.push(client);
      const info = await watcher.call("INFO", "everything");
      assert.ok(fieldOf(info, "mem_clients_normal") <= limitBytes, `${i} clients`);
      most = Math.max(most, node.residentBytes);
    }
    let evicted = 0;
    while (evicted < 5) {
      evicted = fieldOf(await watcher.call("INFO", "stats"), "evicted_clients");
      most = Math.max(most, node.residentBytes);
    }
    await neighbour.answeredAgain(100);
    most = Math.max(most, node.residentBytes);
    assert.ok(most - before < limitBytes + slackBytes, `the node grew by ${most - before} bytes`);
    for (const client of crowd) client[Symbol.dispose]();
    await neighbour.moveOut();
    while (fieldOf(await watcher.call("INFO", "clients"), "connected_clients") > 1);
    assert.ok(fieldOf(await watcher.call("INFO", "memory"), "mem_clients_normal") < mib, "all is given back");
    evicted = fieldOf(await watcher.call("INFO", "stats"), "evicted_clients");
    const { stdout, stderr } = node.running;
    assert.equal(`${stdout}${stderr}`.match(/ is cut off: /g)?.length, evicted, "one line for each of them");
  });
}
