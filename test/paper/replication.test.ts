import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, Term } from "../../src/raft/index.ts";
import { Cluster, entry } from "../raft/cluster.ts";
import { say, texts } from "../raft/say.ts";

/** Log replication: paper 5.3, and 5.5 on crashes. */

function led(voters: number, learners = 0): Cluster {
  const cluster = new Cluster({ voters, learners });
  cluster.elect("n1");
  return cluster;
}

test("5.3: a proposal is appended, sent to all at once, and committed when a majority has it", () => {
  const cluster = led(3);
  assert.equal(cluster.propose("n1", "x"), 2);
  assert.deepEqual(texts(cluster.network), [
    "n2: REPLICATE term=1 leader=n1 previous=1/1 entries=2/1 commit=1",
    "n3: REPLICATE term=1 leader=n1 previous=1/1 entries=2/1 commit=1",
  ]);
  assert.equal(cluster.node("n1").commitIndex, 1);
  cluster.hand(say("n2", "n1", 1).ack(2));
  assert.equal(cluster.node("n1").commitIndex, 2);
  assert.deepEqual(cluster.applied.get("n1"), ["x"]);
});

/** Voters, who of them acknowledges, and whether the entry is committed then. */
const quorums: readonly (readonly [voters: number, acknowledged: readonly string[], isCommitted: boolean])[] =
  [
    [1, [], true],
    [2, [], false],
    [2, ["n2"], true],
    [3, [], false],
    [3, ["n2"], true],
    [4, ["n2"], false],
    [4, ["n2", "n2", "n2"], false],
    [4, ["n2", "n3"], true],
    [5, ["n2"], false],
    [5, ["n4", "n5"], true],
    [7, ["n2", "n3"], false],
    [7, ["n2", "n3", "n7"], true],
  ];

for (const [voters, acknowledged, isCommitted] of quorums) {
  test(`5.3: of ${voters} voters, n1 and ${acknowledged.join(" ") || "no other"} have it: ${isCommitted}`, () => {
    const cluster = led(voters);
    cluster.propose("n1", "x");
    for (const id of acknowledged) cluster.hand(say(id, "n1", 1).ack(2));
    assert.equal(cluster.node("n1").commitIndex === 2, isCommitted);
  });
}

test("5.3: followers learn what is committed, and apply it in the order of the log", () => {
  const cluster = led(3);
  for (const text of ["x", "y", "z"]) cluster.propose("n1", text);
  cluster.settle();
  for (const id of cluster.ids) assert.deepEqual(cluster.applied.get(id), ["x", "y", "z"], id);
});

test("5.3: who refuses proposals: everybody but the leader", () => {
  const cluster = led(3);
  assert.equal(cluster.propose("n2", "x"), "notLeader");
  assert.equal(cluster.change("n2", { type: "remove", id: "n3" }), "notLeader");
  assert.equal(cluster.node("n2").transfer("n3"), "notLeader");
  assert.equal(cluster.node("n2").heldBy(1), 0);
});

test("5.3: a commit brings everything before it along, also what earlier leaders left", () => {
  const cluster = new Cluster({ voters: 3, logs: { n1: [1, 2, 2], n2: [1, 2], n3: [1] } });
  cluster.elect("n1");
  assert.deepEqual(cluster.log("n3"), [1, 2, 2, 3]);
  assert.deepEqual(cluster.applied.get("n3"), ["1/1", "2/2", "3/2"]);
});

/** A follower's log, what the leader thinks stands before its entries, and whether the follower agrees. */
const checks: readonly (readonly [log: readonly Term[], previous: string, isSame: boolean])[] = [
  [[], "0/0", true],
  [[], "1/1", false],
  [[1, 2], "0/0", true],
  [[1, 2], "1/1", true],
  [[1, 2], "2/2", true],
  [[1, 2], "2/1", false],
  [[1, 2], "2/3", false],
  [[1, 2], "3/2", false],
];

for (const [log, previous, isSame] of checks) {
  test(`5.3: a follower with terms [${log}] ${isSame ? "takes" : "refuses"} entries behind ${previous}`, () => {
    const cluster = new Cluster({ voters: 3, logs: { n1: log } });
    const index = Number(previous.split("/")[0]);
    const [answer] = cluster.hand(say("n2", "n1", 5).append(previous, [entry(index + 1, 5)]));
    assert.ok(answer?.type === "appendReply");
    assert.equal(answer.conflict === undefined, isSame);
    assert.equal(answer.index, isSame ? index + 1 : index);
    if (isSame) assert.deepEqual(cluster.log("n1"), [...log.slice(0, index), 5]);
    else assert.deepEqual(cluster.log("n1"), log);
  });
}

/** Fig. 7: what followers may have when a leader of term 8 comes to power. */
const figure7: Readonly<Record<string, readonly Term[]>> = {
  n1: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
  n2: [1, 1, 1, 4, 4, 5, 5, 6, 6],
  n3: [1, 1, 1, 4],
  n4: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
  n5: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
  n6: [1, 1, 1, 4, 4, 4, 4],
  n7: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
};

test("5.3, figure 7: every follower's log becomes the leader's, whose own never changes", () => {
  for (const appendBytesMax of [1, 10_000]) {
    const cluster = new Cluster({
      voters: 7,
      logs: figure7,
      hardStates: { n1: { term: 7, vote: undefined } },
      config: { appendBytesMax },
    });
    cluster.elect("n1");
    for (const id of cluster.ids) assert.deepEqual(cluster.log(id), [...figure7.n1!, 8], id);
    assert.equal(new Set(cluster.ids.map((id) => cluster.applied.get(id)!.join())).size, 1);
  }
});

test("5.3: a refusal passes over whole terms: at most one for each that the two do not share", () => {
  const cluster = new Cluster({
    voters: 7,
    logs: figure7,
    hardStates: { n1: { term: 7, vote: undefined } },
  });
  const refusals = new Map<string, number>();
  cluster.onMessage = ({ type, from, ...message }) => {
    if (type !== "appendReply" || !("conflict" in message) || message.conflict === undefined) return;
    refusals.set(from, (refusals.get(from) ?? 0) + 1);
  };
  cluster.elect("n1");
  assert.deepEqual(Object.fromEntries([...refusals].sort()), { n2: 1, n3: 1, n6: 1, n7: 1 });
});

test("5.3: an old or repeated message takes nothing back", () => {
  const cluster = new Cluster({ voters: 3 });
  const first = say("n2", "n1", 1).append("0/0", [entry(1, 1)]);
  cluster.hand(first);
  cluster.hand(say("n2", "n1", 1).append("1/1", [entry(2, 1), entry(3, 1)], 2));
  assert.deepEqual(texts(cluster.hand(first)), ["n2: ACK term=1 index=1"]);
  assert.deepEqual(cluster.log("n1"), [1, 1, 1]);
  assert.equal(cluster.node("n1").commitIndex, 2, "what is committed stays so");
});

test("5.3: behind what a message brings may stand what came to nothing: neither acknowledged nor committed", () => {
  const stale = [1, 1, 2, 2];
  for (const entries of [[], [entry(2, 1)]]) {
    const cluster = new Cluster({ voters: 3, logs: { n1: stale } });
    const previous = entries.length === 0 ? "2/1" : "1/1";
    assert.deepEqual(texts(cluster.hand(say("n2", "n1", 3).append(previous, entries, 4))), [
      "n2: ACK term=3 index=2",
    ]);
    assert.equal(cluster.node("n1").commitIndex, 2);
    assert.deepEqual(cluster.log("n1"), stale, "and nothing contradicted it either");
  }
});

test("5.3: a heartbeat commits only what the follower has acknowledged", () => {
  const cluster = new Cluster({ voters: 3, logs: { n3: [1, 1, 1] } });
  cluster.isolate("n3");
  cluster.act("n1", (node) => node.campaign());
  cluster.settle();
  for (const text of ["x", "y"]) cluster.propose("n1", text);
  cluster.settle();
  assert.equal(cluster.node("n1").commitIndex, 3);
  cluster.tick("n1", 2);
  const commits = cluster.network.map((message) => message.type === "heartbeat" && message.commitIndex);
  assert.deepEqual(commits, [3, 0]);
});

test("5.3: the leader goes on trying until each follower has all, whatever is lost", () => {
  const cluster = led(3);
  for (let i = 0; i < 30; i++) {
    cluster.propose("n1", `${i}`);
    cluster.lose((message) => (message.from + message.to).includes("n3") && i % 3 > 0);
    cluster.run(1);
    if (i === 10) cluster.crash("n3");
    if (i === 20) cluster.start("n3");
  }
  cluster.run(6);
  assert.deepEqual(cluster.log("n3"), cluster.log("n1"));
  assert.equal(cluster.applied.get("n3")!.length, 30);
});

test("5.3: a slow follower holds up nobody", () => {
  const cluster = led(3);
  cluster.member("n3").isDiskSlow = true;
  cluster.propose("n1", "x");
  cluster.settle();
  assert.deepEqual(cluster.applied.get("n1"), ["x"]);
  assert.deepEqual(cluster.applied.get("n2"), ["x"]);
  assert.deepEqual(cluster.applied.get("n3"), [], "it applies what is durable there");
  while (cluster.member("n3").finishWrite());
  assert.deepEqual(cluster.applied.get("n3"), ["x"]);
});

test("5.3: a follower acknowledges entries when they are on its disk", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 1).append("0/0"));
  cluster.member("n1").isDiskSlow = true;
  const append = say("n2", "n1", 1).append("0/0", [entry(1, 1)]);
  assert.deepEqual(cluster.hand(append), []);
  assert.deepEqual(cluster.hand(append), [], "nor when they come again");
  cluster.member("n1").finishWrite();
  assert.deepEqual(texts(cluster.network), ["n2: ACK term=1 index=1", "n2: ACK term=1 index=1"]);
});

test("5.3: entries that were overwritten while they were being written are not durable", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.member("n1").isDiskSlow = true;
  cluster.hand(say("n2", "n1", 1).append("0/0", [entry(1, 1), entry(2, 1)]));
  cluster.hand(say("n3", "n1", 2).append("0/0", [entry(1, 2)]));
  cluster.member("n1").finishWrite();
  assert.equal(cluster.node("n1").status().stableIndex, 0);
  assert.deepEqual(cluster.network, [], "an acknowledgement of term 1 interests nobody any more");
  cluster.member("n1").finishWrite();
  assert.equal(cluster.node("n1").status().stableIndex, 1);
  assert.deepEqual(texts(cluster.network), ["n3: ACK term=2 index=1"]);
  assert.deepEqual(cluster.log("n1"), [2]);
});

test("5.3: a proposal is refused, not dropped, when too much waits for its commit", () => {
  const cluster = new Cluster({ voters: 3, config: { uncommittedBytesMax: 10 } });
  cluster.elect("n1");
  assert.equal(cluster.propose("n1", "a large one is taken when none waits"), 2);
  assert.equal(cluster.propose("n1", "x"), "tooMuchUncommitted");
  cluster.settle();
  assert.equal(cluster.propose("n1", "x"), 3);
});

test("5.3: a term has one leader: another one is an alarm, not a message", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.hand(say("n2", "n1", 1).append("0/0"));
  assert.throws(() => cluster.hand(say("n3", "n1", 1).append("0/0")), /a term has one leader/);
  for (const message of [say("n2", "n1", 1).heartbeat(), say("n2", "n1", 1).append("0/0")])
    assert.throws(() => led(3).hand(message), /a term has one leader/);
});

test("5.3: a leader that contradicts what is committed is an alarm, unless its only voter may lose its log's end", () => {
  const contradiction = say("n1", "n2", 2).append("0/0", [entry(1, 2)]);
  const strict = new Cluster({ voters: 1, learners: 1, logs: { n2: [1] } });
  strict.hand(say("n1", "n2", 1).append("1/1", [], 1));
  assert.throws(() => strict.hand(contradiction), /a leader has all that was ever committed/);
  const tolerant = new Cluster({
    voters: 1,
    learners: 1,
    logs: { n2: [1] },
    config: { toleratesLostTail: () => true },
  });
  const statuses: unknown[] = [];
  tolerant.hand(say("n1", "n2", 1).append("1/1", [], 1));
  tolerant.act("n2", (node) => {
    node.step(contradiction);
    statuses.push(node.ready()?.status?.divergedAt);
  });
  assert.deepEqual(statuses, [1], "it is told where");
  tolerant.lose();
  tolerant.tick("n2", 50);
  assert.deepEqual(tolerant.hand(contradiction), [], "and it does nothing any more");
});

test("5.5: a follower that crashes before it has answered takes the same entries again", () => {
  const cluster = led(3);
  cluster.member("n3").isDiskSlow = true;
  cluster.propose("n1", "x");
  cluster.settle();
  cluster.crash("n3");
  cluster.member("n3").isDiskSlow = false;
  cluster.start("n3");
  cluster.run(4);
  assert.deepEqual(cluster.log("n3"), cluster.log("n1"));
  assert.deepEqual(cluster.applied.get("n3"), ["x"]);
});

test("5.5: a node starts from what its host restored, and never gives the engine an entry twice", () => {
  const cluster = led(1);
  cluster.propose("n1", "x");
  cluster.propose("n1", "y");
  const { disk, node } = cluster.member("n1");
  assert.equal(node.commitIndex, 3);
  const Node = node.constructor as typeof import("../../src/raft/index.ts").RawNode;
  const config = { id: "n1", boot: 2, random: () => 0, ...limitsOf() };
  const again = new Node(config, { ...disk.restored(), commitIndex: 3, appliedIndex: 2 });
  assert.equal(again.commitIndex, 3);
  assert.equal(again.ready()?.applyIndex, 3);
  assert.throws(
    () => new Node(config, { ...disk.restored(), commitIndex: 9 }),
    /what is committed is in the log/,
  );
});

function limitsOf() {
  return {
    heartbeatTicks: 2,
    electionTicksMin: 10,
    electionTicksMax: 20,
    checkQuorumTicks: 8,
    refusedTicksMax: 3,
    appendBytesMax: 1_000,
    inflightMessagesMax: 10,
    inflightBytesMax: 1_000,
    uncommittedBytesMax: 1_000,
    toleratesLostTail: () => false,
  };
}

/** Thesis 10.2.2: messages follow each other without waiting for answers, within bounds. */

function entriesSent(messages: readonly Message[], to: string): number {
  return messages.filter(
    (message) => message.to === to && message.type === "appendEntries" && message.entries.length > 0,
  ).length;
}

test("10.2.2: where the logs are known to agree, entries are sent ahead of the acknowledgements", () => {
  const cluster = led(3);
  for (const text of ["x", "y", "z"]) cluster.propose("n1", text);
  assert.equal(entriesSent(cluster.network, "n2"), 3);
});

test("10.2.2: where they are not, one message asks, and nothing follows before something is heard", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.isolate("n3");
  cluster.act("n1", (node) => node.campaign());
  cluster.settle();
  for (const text of ["x", "y", "z"]) cluster.propose("n1", text);
  assert.equal(entriesSent(cluster.network, "n3"), 0);
  cluster.heal();
  assert.equal(entriesSent(cluster.hand(say("n3", "n1", 1).heartbeatReply()), "n3"), 1, "it is there");
});

test("10.2.2: proposals of one turn go in one message, of at most so many bytes", () => {
  const cluster = led(3);
  cluster.act("n1", (node) => {
    for (const text of ["x", "y", "z"]) node.propose(1, Buffer.from(text));
  });
  assert.equal(entriesSent(cluster.network, "n2"), 1);
  const small = new Cluster({ voters: 3, config: { appendBytesMax: 140 } });
  small.elect("n1");
  small.act("n1", (node) => {
    for (const text of ["x", "y", "z"]) node.propose(1, Buffer.from(text));
  });
  assert.equal(entriesSent(small.network, "n2"), 2, "two entries of 65 bytes fit, the third does not");
});

for (const [what, config, most] of [
  ["messages", { inflightMessagesMax: 3 }, 3],
  ["bytes", { inflightBytesMax: 200 }, 4],
] as const) {
  test(`10.2.2: a follower that does not acknowledge is sent no more than its bound of ${what}, ever`, () => {
    const cluster = new Cluster({ voters: 3, config });
    cluster.elect("n1");
    cluster.member("n3").isDiskSlow = true;
    for (let i = 0; i < 10; i++) cluster.propose("n1", `${i}`);
    assert.equal(entriesSent(cluster.network, "n3"), most);
    let sent = 0;
    cluster.onMessage = (message) => {
      sent += entriesSent([message], "n3");
    };
    // It answers heartbeats all the while: only its disk hangs.
    cluster.run(60);
    assert.equal(sent, most);
    cluster.member("n3").isDiskSlow = false;
    while (cluster.member("n3").finishWrite());
    cluster.run(4);
    assert.deepEqual(cluster.log("n3"), cluster.log("n1"));
  });

  test(`10.2.2: a full window of ${what} that was lost is sent again`, () => {
    const cluster = new Cluster({ voters: 3, config });
    cluster.elect("n1");
    for (let i = 0; i < 10; i++) cluster.propose("n1", `${i}`);
    cluster.lose(({ to }) => to === "n3");
    cluster.settle();
    cluster.run(12);
    assert.deepEqual(cluster.log("n3"), cluster.log("n1"));
  });

  test(`10.2.2: a full window of ${what} whose acknowledgements were lost opens again`, () => {
    const cluster = new Cluster({ voters: 3, config });
    cluster.elect("n1");
    for (let i = 0; i < 10; i++) cluster.propose("n1", `${i}`);
    cluster.deliver(({ to }) => to === "n3");
    cluster.lose(({ from }) => from === "n3");
    cluster.settle();
    cluster.run(12);
    assert.deepEqual(cluster.log("n3"), cluster.log("n1"));
  });
}

test("10.2.2: a broken link makes the leader ask again where the logs agree", () => {
  const cluster = led(3);
  for (const text of ["x", "y"]) cluster.propose("n1", text);
  cluster.lose(({ to }) => to === "n3");
  cluster.settle();
  cluster.propose("n1", "z");
  cluster.lose(({ to }) => to === "n3");
  cluster.act("n1", (node) => node.reportUnreachable("n3"));
  assert.deepEqual(texts(cluster.network.filter(({ to }) => to === "n3")), [
    "n3: REPLICATE term=1 leader=n1 previous=3/1 entries=4/1 commit=3",
  ]);
  cluster.settle();
  assert.deepEqual(cluster.log("n3"), cluster.log("n1"));
});

test("entries that are not in memory are asked of the host, and sent when they are there", () => {
  const cluster = led(3);
  cluster.isolate("n3");
  for (const text of ["x", "y"]) cluster.propose("n1", text);
  cluster.settle();
  const leader = cluster.member("n1");
  leader.isLoadSlow = true;
  leader.disk.inMemoryFrom = 99;
  cluster.act("n1", (node) => node.reportUnreachable("n3"));
  assert.deepEqual(cluster.network, []);
  cluster.run(2);
  cluster.heal();
  cluster.run(2);
  assert.deepEqual(cluster.log("n3"), [1], "nothing is sent before");
  leader.finishLoads();
  cluster.settle();
  assert.deepEqual(cluster.log("n3"), cluster.log("n1"));
});

test("what the host's log shows before it reported it is not looked at", () => {
  const cluster = new Cluster({ voters: 3 });
  cluster.isolate("n3");
  cluster.act("n1", (node) => node.campaign());
  cluster.settle();
  const { disk } = cluster.member("n1");
  cluster.member("n1").isDiskSlow = true;
  cluster.propose("n1", "x");
  disk.finishOne();
  assert.equal(disk.lastIndex, 2);
  const sent = cluster.hand(say("n3", "n1", 1).heartbeatReply());
  assert.deepEqual(texts(sent), ["n3: REPLICATE term=1 leader=n1 previous=0/0 entries=1/1 commit=1"]);
});
