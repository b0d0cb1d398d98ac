import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "../base/address.ts";
import { ReplyError } from "../protocol/reply.ts";
import { isStranger, type Report, reportIn, Topology } from "./topology.ts";

const same = (address: string): string => address;

function report(
  id: string,
  term: number,
  leaderId: string | undefined,
  ids: readonly string[] = ["n1", "n2"],
  cluster: string = "one",
): Report {
  const members = ids.map((one) => ({ id: one, client: parseAddress(`${one}:1`) }));
  return { id, cluster, term, leaderId, members };
}

test("a report of a lower term replaces nothing, nor does one of the same that knows no leader", () => {
  const topology = new Topology([], same);
  assert.ok(topology.learn(report("n1", 4, "n1"), "n1:1"));
  assert.ok(topology.learn(report("n2", 5, "n2"), "n2:1"));
  assert.ok(!topology.learn(report("n1", 4, "n1"), "n1:1"));
  assert.ok(!topology.learn(report("n1", 5, undefined), "n1:1"));
  assert.ok(!topology.learn(report("n1", 5, "n2"), "n1:1"), "nothing new");
  assert.equal(topology.view.leader, "n2:1");
  assert.ok(topology.learn(report("n1", 6, undefined), "n1:1"), "a new term has no leader yet");
  assert.equal(topology.view.leader, undefined);
  assert.deepEqual([...topology.view.members.keys()], ["n1", "n2"]);
});

test("a cluster that was founded anew is believed, whatever its term, and a stranger's beside one that is led is not", () => {
  const topology = new Topology(["n1:1"], same);
  const anew = (id: string, term: number): Report => report(id, term, "n3", ["n3", id], "two");
  topology.learn(report("n1", 9, "n1"), "n1:1");
  assert.ok(!topology.learn(anew("n2", 1), "n2:1", true), "its leader is there");
  assert.ok(
    !topology.learn(report("n2", 1, "n2", ["n2"], ""), "n2:1"),
    "one that knows no cluster is of any",
  );
  assert.ok(topology.learn(anew("n1", 1), "n1:1", true), "it stands where the leader was");
  assert.deepEqual([topology.view.term, topology.view.leader], [1, "n3:1"]);
  assert.ok(topology.learn(report("n2", 0, "n2", ["n2"]), "n2:1", false), "the leader cannot be reached");
  assert.deepEqual([...topology.view.members], [["n2", "n2:1"]]);
});

test("an address that was given is kept for whoever answers there; the others are translated", () => {
  const topology = new Topology(["given:1"], (address) => address.replace(":1", ":2"));
  topology.learn(report("n1", 1, "n2"), "given:1");
  assert.deepEqual([...topology.view.members.values()], ["given:1", "n2:2"]);
  topology.learn(report("n2", 1, "n2"), "n2:2");
  assert.deepEqual([...topology.view.members.values()], ["given:1", "n2:2"]);
  assert.equal(topology.hinted({ host: "n3", port: 1 }), "n3:2");
});

test("where another cluster is believed nobody is looked for at the address that was given for one of the first", () => {
  const topology = new Topology(["given:1"], same);
  topology.learn(report("n1", 1, "n1"), "given:1");
  topology.learn(report("n2", 1, "n2", ["n1", "n2"], "two"), "n2:1");
  assert.deepEqual(
    [...topology.view.members],
    [
      ["n1", "n1:1"],
      ["n2", "n2:1"],
    ],
  );
});

test("members come and go, and one that has not said where its clients connect is left out", () => {
  const topology = new Topology([], same);
  topology.learn(report("n1", 1, "n1", ["n1", "n2"]), "n1:1");
  const members = [...report("n1", 1, "n1", ["n1", "n3"]).members, { id: "n4", client: undefined }];
  assert.ok(topology.learn({ ...report("n1", 1, "n1"), members }, "n1:1"));
  assert.deepEqual([...topology.view.members.keys()], ["n1", "n3"]);
});

test("KVORUM STATUS is read, of a member and of a node in memory; what is none of these is told apart", () => {
  const status = new Map<string, string | number | Map<string, string>[]>([
    ["id", "n1"],
    ["cluster", "one"],
    ["role", "follower"],
    ["term", 7],
    ["leader", "n2"],
    [
      "members",
      [
        new Map([
          ["id", "n2"],
          ["client", "127.0.0.1:6380"],
        ]),
      ],
    ],
  ]);
  const members = [{ id: "n2", client: { host: "127.0.0.1", port: 6380 } }];
  assert.deepEqual(reportIn(status), { id: "n1", cluster: "one", term: 7, leaderId: "n2", members });
  const alone = new Map<string, string | number | never[]>([
    ["id", "n1"],
    ["role", "leader"],
    ["term", 0],
    ["members", []],
  ]);
  assert.deepEqual(reportIn(alone), {
    ...{ id: "n1", cluster: "", term: 0, leaderId: "n1" },
    members: [{ id: "n1", client: undefined }],
  });
  assert.equal(reportIn("OK"), undefined);
  assert.ok(isStranger(new ReplyError("ERR unknown command 'KVORUM', with args beginning with: 'STATUS'")));
  assert.ok(!isStranger(new ReplyError("LOADING")) && !isStranger(status));
});
