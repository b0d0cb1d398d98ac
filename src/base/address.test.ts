import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, isLoopback, parseAddress } from "./address.ts";

test("addresses are read and written back", () => {
  for (const text of ["127.0.0.1:6379", "localhost:0", "my-host_2.example.org:65535", "[::1]:80"]) {
    const address = parseAddress(text);
    assert.ok(address !== undefined, text);
    assert.equal(formatAddress(address), text);
  }
  assert.deepEqual(parseAddress("[fe80::1%eth0]:7000"), { host: "fe80::1%eth0", port: 7000 });
});

test("what is no HOST:PORT is refused", () => {
  const wrong = [
    "",
    "host",
    "host:",
    ":6379",
    "host:port",
    "host:65536",
    "host:-1",
    "::1:6379",
    "a b:1",
    "h:1:2",
  ];
  for (const text of wrong) assert.equal(parseAddress(text), undefined, text);
});

test("loopback is told apart from everything else", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LocalHost", "::ffff:127.0.0.1"]) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.org", "localhost.example.org", "1.127.0.0"]) {
    assert.ok(!isLoopback(host), host);
  }
});
