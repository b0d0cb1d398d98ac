import assert from "node:assert/strict";
import { test } from "node:test";
import { Running } from "../command-line.ts";
import { requireProgram } from "../programs.ts";
import { SpawnedNode } from "../server/spawned-node.ts";

const nc = requireProgram("nc");

/** What nc prints when these bytes are piped into it; -N closes its half at their end. */
async function netcat(port: number, input: string): Promise<string> {
  const running = new Running(nc.path, ["-N", "127.0.0.1", String(port)], {});
  running.process.stdin!.end(input);
  const { code, stdout } = await running.ended;
  assert.equal(code, 0);
  return stdout;
}

test("nc speaks the text protocol, and RESP where a line begins with a star", nc, async () => {
  await using node = await SpawnedNode.start();
  const lines = [
    "SET greeting hello world",
    "get greeting",
    "GET none",
    "DELETE greeting",
    "DEL greeting",
    "PING",
  ];
  assert.equal(
    await netcat(node.port, lines.map((line) => `${line}\n`).join("")),
    "OK\nVALUE hello world\nNOT_FOUND\nOK\nNOT_FOUND\n+PONG\r\n",
  );
  assert.equal(
    await netcat(node.port, "WHO_IS_LEADER\nSTATUS\n"),
    `LEADER 127.0.0.1:${node.port}\nid=n1 role=leader term=1 leader=n1 commit=2 applied=2\n`,
  );
  assert.match(await netcat(node.port, "HELP\nQUIT\nSET after quit\n"), /^GET key .*\n(?:.*\n)*QUIT .*\n$/);
  assert.equal(await netcat(node.port, "*1\r\n$4\r\nPING\r\nECHO inline\r\n"), "+PONG\r\n$6\r\ninline\r\n");
  assert.equal(await netcat(node.port, ""), "");
  const many = Array.from({ length: 5_000 }, (_, i) => `SET key${i} value ${i}\nGET key${i}\n`).join("");
  const expected = Array.from({ length: 5_000 }, (_, i) => `OK\nVALUE value ${i}\n`).join("");
  assert.equal(await netcat(node.port, many), expected);
});
