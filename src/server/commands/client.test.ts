import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveServer } from "../../../test/server/live-server.ts";
import { RawClient } from "../../../test/server/raw-client.ts";
import { converse, testBesideRedis } from "../../../test/server-harness.ts";

testBesideRedis({
  "names of clients": [
    "client getname",
    'client setname "a b"',
    "client setname \xff",
    "client setname joe",
    "client getname",
    'client setname ""',
    "client getname",
    "client getname x",
    "client setname",
  ],
  "CLIENT without more, and with nonsense": ["client", "client nonsense", "client id x", "client info x"],
  "CLIENT LIST refuses": [
    "client list nonsense",
    "client list type nonsense",
    "client list type normal x",
    "client list type",
    "client list id",
    "client list id x",
    "client list id 01",
    "client list id 1 x",
  ],
  "CLIENT LIST of nobody": [
    "client list id 999999999",
    "client list id -1 0",
    "client list type pubsub",
    "client list type replica",
    "client list type SLAVE",
    "client list type master",
  ],
  "CLIENT KILL refuses": [
    "client kill",
    "client kill nonsense",
    "client kill id",
    "client kill 1.2.3.4:5",
    "client kill 1.2.3.4:5 x",
    "client kill id x",
    "client kill id 0",
    "client kill id 99999999999999999999",
    "client kill type nonsense",
    "client kill user nobody",
    "client kill skipme maybe",
    "client kill id 5 skipme",
  ],
  "CLIENT KILL of nobody": [
    "client kill id 999999999",
    "client kill type master",
    "client kill type normal laddr 1.2.3.4:5",
    "client kill addr x addr y user default",
    "client kill skipme yes user default addr 1.2.3.4:5",
  ],
  "CLIENT KILL of myself, who still gets the answer": ["client kill type normal skipme no addr x", "ping"],
  "CLIENT UNBLOCK": [
    "client unblock 1",
    "client unblock -5 timeout",
    "client unblock 1 ERROR",
    "client unblock 1 nonsense",
    "client unblock x nonsense",
    "client unblock x",
    "client unblock 99999999999999999999",
    "client unblock 1 timeout x",
    "client unblock",
  ],
  "CLIENT TRACKING that is off": [
    "client tracking off",
    "client trackinginfo",
    "client getredir",
    "client tracking nonsense",
    "client tracking",
    "client trackinginfo x",
  ],
  "CLIENT NO-EVICT": ["client no-evict on", "client no-evict off", "client no-evict x", "client no-evict"],
  "CLIENT REPLY": [
    "client reply",
    "client reply nonsense",
    "client reply on",
    "client reply off",
    "ping",
    "nonsense",
    "get",
    "client reply nonsense",
    "client reply skip",
    "set k v",
    "client reply on",
    "client reply skip",
    "get k",
    "get k",
    "client reply skip",
    "nonsense",
    "ping",
    "client reply skip",
    "client reply skip",
    "ping",
    "ping",
    "client reply skip",
    "client reply on",
    "client reply skip",
    "client reply off",
    "ping",
    "client reply on",
    "client reply skip",
    "multi",
    "ping",
    "client reply skip",
    "exec",
    "del k",
  ],
});

test("CLIENT LIST has the fields of Redis, and what the client said of itself", async () => {
  await using node = await LiveServer.start();
  const said = ["client setinfo lib-name tester", "client setinfo LIB-VER 1.2.3", "hello 3 setname joe"];
  const transcript = await converse(node.port, [
    ...said,
    "select 3",
    "multi",
    "client list",
    "discard",
    "client list",
  ]);
  const line = /txt:(id=.*)\n/.exec(transcript)![1]!;
  const fields = new Map(line.split(" ").map((field) => field.split("=", 2) as [string, string]));
  assert.equal(
    [...fields.keys()].join(" "),
    "id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem multi-mem rbs rbp obl oll " +
      "omem tot-mem events cmd user redir resp lib-name lib-ver",
  );
  assert.deepEqual(
    ["id", "laddr", "name", "age", "idle", "flags", "db", "multi", "cmd", "user", "resp"].map((name) =>
      fields.get(name),
    ),
    ["1", node.server.address, "joe", "0", "0", "N", "3", "-1", "client|list", "default", "3"],
  );
  assert.deepEqual([fields.get("lib-name"), fields.get("lib-ver")], ["tester", "1.2.3"]);
  assert.match(fields.get("addr")!, /^127\.0\.0\.1:\d+$/);
});

test("CLIENT LIST shows what others do: MULTI, NO-EVICT, NO-TOUCH, a half command, and since when", async () => {
  await using node = await LiveServer.start();
  using other = await RawClient.connect(node.port);
  for (const words of ["client no-evict on", "client no-touch on", "multi", "set a b", "get a"]) {
    await other.call(...words.split(" "));
  }
  other.send("*2\r\n$3\r\nGET\r\n");
  using me = await RawClient.connect(node.port);
  let line = "";
  while (!line.includes("qbuf=13 ")) line = String(await me.call("client", "list", "id", "1"));
  assert.match(line, / flags=xeT .* multi=2 qbuf=13 qbuf-free=\d+ .* multi-mem=\d{3} /);
  assert.match(
    String(await me.call("client", "info")),
    /^id=2 .* flags=N .* multi=-1 qbuf=0 .* cmd=client\|info /,
  );
});

test("CLIENT TRACKING ON is refused", async () => {
  await using node = await LiveServer.start();
  assert.match(
    await converse(node.port, ["client tracking on"]),
    /^-ERR CLIENT TRACKING is not possible here/,
  );
});

test("CLIENT SETINFO refuses as Redis 7.2 does", async () => {
  await using node = await LiveServer.start();
  assert.equal(
    await converse(node.port, [
      "client setinfo nonsense x",
      'client setinfo lib-name "a b"',
      "client setinfo LIB-VER \xff",
    ]),
    "-ERR Unrecognized option 'nonsense'\r\n" +
      "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n" +
      "-ERR LIB-VER cannot contain spaces, newlines or special characters.\r\n+OK\r\n",
  );
});

test("CLIENT KILL closes the one with the address, or all that fit, and counts them", async () => {
  await using node = await LiveServer.start();
  const victims = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(node.port)));
  using me = await RawClient.connect(node.port);
  const [first, second] = victims;
  const address = /addr=(\S+)/.exec(String(await first!.call("client", "info")))![1]!;
  assert.equal(await me.call("client", "kill", address), "OK");
  assert.equal(await me.call("client", "kill", address), "-ERR No such client");
  assert.equal(await me.call("client", "kill", "id", String(await second!.call("client", "id"))), 1);
  assert.equal(
    String(await me.call("client", "list"))
      .trim()
      .split("\n").length,
    3,
  );
  assert.equal(
    await me.call("client", "kill", "type", "normal", "laddr", node.server.address, "user", "default"),
    2,
  );
  assert.equal(await me.call("client", "kill", "maxage", "1000"), 0);
  assert.equal(await me.call("client", "kill", "maxage", "0"), "-ERR maxage should be greater than 0");
  await Promise.all(victims.map((victim) => victim.until(() => victim.isClosed, "a close", true)));
  assert.equal(await me.call("ping"), "PONG");
});

test("a client that is killed with commands of its own on the way answers none of them", async () => {
  await using node = await LiveServer.start();
  using victim = await RawClient.connect(node.port);
  const id = String(await victim.call("client", "id"));
  using me = await RawClient.connect(node.port);
  victim.send("*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$4\r\n3600\r\n*1\r\n$4\r\nPING\r\n");
  while (!String(await me.call("client", "list", "id", id)).includes("cmd=debug|sleep"));
  assert.equal(await me.call("client", "kill", "id", id), 1);
  assert.deepEqual((await victim.rest()).replies, []);
});

test("SKIP drops the one reply that it is for, also when that comes late and others come behind it", async () => {
  await using node = await LiveServer.start();
  assert.equal(
    await converse(node.port, [
      "client reply skip",
      "debug sleep 0.02",
      "ping",
      "client reply off",
      "debug sleep 0.02",
    ]),
    "+PONG\r\n",
  );
});
