import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMachineTimes } from "./disturbance.ts";
import { etcdVersionOf, processorOf, redisVersionOf, shortRelease } from "./machine.ts";

test("the machine is named by its kind alone", () => {
  assert.equal(
    processorOf("processor\t: 0\nmodel name\t: Intel(R) Xeon(R) CPU\nflags\t: fpu\n"),
    "Intel Xeon CPU",
  );
  assert.equal(processorOf("processor\t: 0\nBogoMIPS\t: 50.00\n"), process.arch);
  assert.equal(shortRelease("6.1.0-18-cloud-amd64"), "6.1");
});

test("Redis and etcd tell their versions", () => {
  assert.equal(etcdVersionOf("etcd Version: 3.4.23\nGit SHA: Not provided\n"), "3.4.23");
  assert.equal(
    redisVersionOf("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"),
    "7.0.15",
  );
});

test("programs' time and stolen time are read for all cores together", () => {
  const text = "cpu  100 20 30 9000 7 0 55 11 0 0\ncpu0 50 10 15 4500 3 0 20 5 0 0\n";
  assert.deepEqual(parseMachineTimes(text), { programs: 150, stolen: 11 });
});
