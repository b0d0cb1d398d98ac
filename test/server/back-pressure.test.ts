import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { Conversation, late, local } from "./conversation.ts";
import { Neighbour } from "./neighbour.ts";
import { RawClient } from "./raw-client.ts";
import { SpawnedNode } from "./spawned-node.ts";

/** A client that does not read is not read from, and gets everything once it does. */
const mib = 1024 * 1024;

test("a client that does not take its replies holds a bounded part of them, and is answered completely later", async () => {
  const count = 200;
  const reply = 100_000 + 11;
  for (let seed = 0; seed < 20; seed++) {
    const conversation = new Conversation(seed % 2 === 0 ? local : late(seed), seed);
    await conversation.open(2);
    const [slow, other] = conversation.clients;
    conversation.take({ client: 0, sends: encodeRequest(["SET", "k", Buffer.alloc(100_000)]) });
    conversation.take({ client: 0, does: "stop reading" });
    const padding = Buffer.alloc(2_000, "x");
    for (let i = 0; i < count; i++) {
      conversation.take({ client: 0, sends: encodeRequest(["GET", "k"]) });
      conversation.take({ client: 0, sends: encodeRequest(["ECHO", padding]) });
    }
    assert.ok(slow!.unread.length > 0, "it is not read from");
    const [connection] = conversation.server.clients.values();
    const { unsentBytes } = connection!.stream;
    // The last piece of work may go over by what one turn gives.
    assert.ok(unsentBytes < limits.outputHighWaterBytes + 7 * mib, `${unsentBytes} bytes unsent`);
    conversation.take({ client: 1, sends: encodeRequest(["DBSIZE"]) });
    assert.equal(other!.received.toString(), ":1\r\n");
    conversation.take({ client: 0, does: "read again" });
    assert.equal(slow!.received.length, 5 + count * (reply + 2_009), `seed ${seed}`);
  }
});

test("the node's memory stays bounded while a client asks for much and reads nothing", async () => {
  await using node = await SpawnedNode.start();
  const neighbour = await Neighbour.moveIn(node.port);
  using client = await RawClient.connect(node.port);
  const count = 400;
  await client.call("SET", "big", Buffer.alloc(mib));
  const before = node.residentBytes;
  client.socket.pause();
  client.send(Buffer.concat(Array.from({ length: count }, () => encodeRequest(["GET", "big"]))));
  await neighbour.answeredAgain(200);
  const growth = node.residentBytes - before;
  assert.ok(growth < 64 * mib, `${count} MiB were asked for, and the node grew by ${growth} bytes`);
  const seen = client.bytesReceived;
  client.socket.resume();
  for (let i = 0; i < count; i++) assert.equal(((await client.reply()) as string).length, mib);
  assert.ok(seen < count * mib * 0.5, "it had been stopped");
  await neighbour.moveOut();
});
