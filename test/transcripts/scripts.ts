import { Stage } from "./stage.ts";

/** What is played, by the name of the file that holds its transcript. */
export const scripts: Readonly<Record<string, () => Stage>> = {
  election() {
    const stage = new Stage({ voters: 3 });
    stage.say(
      "n1 has heard no leader for an election timeout: pre-votes, then votes, then the first entry of the term",
    );
    stage.tick("n1", 10);
    stage.settle();
    stage.say("heartbeats keep it");
    stage.run(2);
    return stage;
  },

  "only-voter"() {
    const stage = new Stage({ voters: 1 });
    stage.say("one voter elects itself at its first tick, and commits what is on its disk");
    stage.run(1);
    stage.propose("n1", "x");
    stage.slowDisk("n1");
    stage.propose("n1", "y");
    stage.read("n1", 1);
    stage.fastDisk("n1");
    return stage;
  },

  "split-vote"() {
    const stage = new Stage({ voters: 4 });
    stage.say("n1 and n2 ask at once, and each gets one vote beside its own: three of four are needed");
    stage.campaign("n1");
    stage.campaign("n2");
    stage.deliver(
      "the pre-votes that n3 and n4 are asked for",
      ({ type, to }) => type === "preVote" && (to === "n3" || to === "n4"),
    );
    stage.deliver("their answers", ({ type }) => type === "preVoteReply");
    stage.deliver(
      "n1's question at n3, n2's at n4",
      ({ type, from, to }) => type === "requestVote" && (from === "n1" ? to === "n3" : to === "n4"),
    );
    stage.settle();
    stage.say("the timeouts differ, so one is first the next time");
    stage.run(11);
    return stage;
  },

  "log-conflict"() {
    const stage = new Stage({
      voters: 3,
      logs: { n1: [1, 1, 4, 4, 5], n2: [1, 1, 2, 2, 2, 3, 3], n3: [1, 1, 4, 4, 5] },
    });
    stage.say("n2 has a tail of two old leaders: refusals pass over a whole term each, then it is replaced");
    stage.campaign("n1");
    stage.settle();
    return stage;
  },

  "prior-term-commit"() {
    const stage = new Stage({
      voters: 5,
      logs: { n1: [1, 2], n2: [1, 2], n3: [1], n4: [1], n5: [1, 3] },
      hardStates: { n1: { term: 3, vote: undefined } },
      config: { appendBytesMax: 1 },
    });
    stage.say("Figure 8 of the paper. (c): n1 leads term 4 and brings entry 2 of term 2 to a majority");
    stage.cut(["n5"], ["n1", "n2", "n3", "n4"]);
    stage.campaign("n1");
    stage.deliver("the pre-votes", ({ type }) => type === "preVote");
    stage.deliver("their answers", ({ type, from }) => type === "preVoteReply" && from !== "n4");
    stage.deliver("the questions", ({ type }) => type === "requestVote");
    stage.deliver("two votes", ({ type, from }) => type === "voteReply" && from !== "n4");
    stage.deliver(
      "entry 3 at n3, which lacks entry 2",
      ({ to, type }) => to === "n3" && type === "appendEntries",
    );
    stage.deliver("its refusal", ({ from, type }) => from === "n3" && type === "appendReply");
    stage.deliver("entry 2", ({ to, type }) => to === "n3" && type === "appendEntries");
    stage.lose("all the rest", ({ from }) => from !== "n3");
    stage.say("n1, n2 and n3 hold entry 2, and n1 does not commit it");
    stage.deliver("n3's acknowledgement", ({ from }) => from === "n3");
    stage.lose("what n1 sends upon it");
    stage.say("(d): n1 is gone, and n5, whose last entry is of term 3, replaces it");
    stage.crash("n1");
    stage.heal();
    stage.campaign("n5");
    stage.settle();
    stage.campaign("n5");
    stage.settle();
    return stage;
  },

  snapshot() {
    const stage = new Stage({ voters: 3 });
    stage.cut(["n3"], ["n1", "n2"]);
    stage.campaign("n1");
    stage.settle();
    stage.propose("n1", "x");
    stage.settle();
    stage.compact("n1");
    stage.say("n3 comes back: what it needs is only in the snapshot, and the log goes on behind it");
    stage.heal();
    stage.propose("n1", "y");
    stage.run(2);
    return stage;
  },

  "members-come-and-go"() {
    const stage = new Stage({ voters: 1, strangers: 1 });
    stage.run(1);
    stage.say("a new member begins as a learner");
    stage.change("n1", { type: "addLearner", id: "n2", about: "" });
    stage.change("n1", { type: "promote", id: "n2" });
    stage.settle();
    stage.say("one voter becomes two: the change already needs both");
    stage.change("n1", { type: "promote", id: "n2" });
    stage.settle();
    stage.say("two become one: the change already needs n1 alone");
    stage.change("n1", { type: "remove", id: "n2" });
    stage.settle();
    return stage;
  },

  "leader-removes-itself"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.say("it leads on until n2 and n3 both hold the change, then hands over");
    stage.change("n1", { type: "remove", id: "n1" });
    stage.settle();
    return stage;
  },

  "two-become-one-without-the-leader"() {
    const stage = new Stage({ voters: 2 });
    stage.campaign("n1");
    stage.settle();
    stage.change("n1", { type: "remove", id: "n1" });
    stage.propose("n1", "x");
    stage.say("n2 is the only voter of the configuration in its log, and still waits for its leader's word");
    stage.deliver("all at n2", ({ to }) => to === "n2");
    stage.tick("n2", 1);
    stage.settle();
    return stage;
  },

  transfer() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.run(2);
    stage.propose("n1", "x");
    stage.say("n3 has yet to acknowledge x: it is told when it has");
    stage.transfer("n1", "n3");
    stage.propose("n1", "y");
    stage.settle();
    return stage;
  },

  "transfer-repeated"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.transfer("n1", "n3");
    stage.lose("the word to n3");
    stage.say("the next heartbeat brings it again");
    stage.run(2);
    stage.settle();
    return stage;
  },

  "transfer-abandoned"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.transfer("n1", "n3");
    stage.lose("the word to n3");
    stage.propose("n1", "too early");
    stage.cut(["n1"], ["n3"]);
    stage.say("an election timeout later the leader goes on as before");
    stage.run(10);
    stage.heal();
    stage.propose("n1", "x");
    stage.settle();
    return stage;
  },

  read() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.say("a round of the leader's own, one that shares the next round, and a follower's");
    stage.read("n1", 1);
    stage.read("n1", 2);
    stage.read("n2", 3);
    stage.settle();
    return stage;
  },

  "read-before-the-first-commit"() {
    const stage = new Stage({ voters: 3, logs: { n1: [1], n2: [1], n3: [1] } });
    stage.campaign("n1");
    stage.deliver("the pre-votes", () => true);
    stage.deliver("their answers", () => true);
    stage.deliver("the questions", () => true);
    stage.deliver("the votes", () => true);
    stage.say("the leader does not know yet what earlier leaders committed: its round waits for the no-op");
    stage.read("n1", 1);
    stage.settle();
    return stage;
  },

  "read-at-a-replaced-leader"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.cut(["n1"], ["n2", "n3"]);
    stage.campaign("n2");
    stage.settle();
    stage.say("n1 still believes that it leads");
    stage.read("n1", 1);
    stage.settle();
    stage.heal();
    stage.run(2);
    return stage;
  },

  "check-quorum"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.cut(["n1"], ["n2", "n3"]);
    stage.say("n1 steps down after 8 ticks; the others campaign after 10 at the soonest");
    stage.run(8);
    return stage;
  },

  "cut-off-member-returns"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.cut(["n3"], ["n1", "n2"]);
    stage.say("n3 asks in vain, and its term stays");
    stage.run(13);
    stage.heal();
    stage.say("back again, it asks those that hear the leader, and deposes nobody");
    stage.campaign("n3");
    stage.run(2);
    return stage;
  },

  "refused-reconnection"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.run(2);
    stage.crash("n1");
    stage.say("the process is gone: no election timeout is waited for, but the pre-vote is asked");
    stage.refused("n2", "n1");
    stage.refused("n3", "n1");
    stage.run(2);
    return stage;
  },

  "refused-while-others-hear-the-leader"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.run(2);
    stage.cut(["n1"], ["n2"]);
    stage.say("a wall rejects what n2 sends to n1: n3 still hears n1, and refuses");
    stage.refused("n2", "n1");
    stage.run(3);
    return stage;
  },

  bridge() {
    const stage = new Stage({ voters: 5 });
    stage.campaign("n1");
    stage.settle();
    stage.run(2);
    stage.say(
      "only n3 still hears n1: without a majority n1's heartbeats are unconfirmed, and bind n3 to nothing",
    );
    stage.cut(["n1"], ["n2", "n4", "n5"]);
    stage.run(12);
    return stage;
  },

  "slow-disk-of-the-leader"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.settle();
    stage.slowDisk("n1");
    stage.say(
      "two others are a majority: the entry is committed before the leader has it, and applied there later",
    );
    stage.propose("n1", "x");
    stage.settle();
    stage.say("a disk that hangs for an election timeout deposes the leader");
    stage.run(10);
    stage.fastDisk("n1");
    return stage;
  },

  "vote-survives-a-crash"() {
    const stage = new Stage({ voters: 3 });
    stage.campaign("n1");
    stage.deliver("the pre-votes", () => true);
    stage.deliver("their answers", () => true);
    stage.slowDisk("n2");
    stage.deliver("the questions", () => true);
    stage.say("n2's vote is not durable, so it is not told; n3's is, and stays given");
    stage.crash("n2");
    stage.crash("n3");
    stage.start("n3");
    stage.campaign("n3");
    stage.settle();
    return stage;
  },

  "two-snapshots-at-once"() {
    const stage = new Stage({ voters: 3, learners: 1 });
    stage.slowDisk("n4");
    stage.cut(["n4"], ["n1", "n2", "n3"]);
    stage.campaign("n1");
    stage.settle();
    stage.propose("n1", "x");
    stage.settle();
    stage.compact("n1");
    stage.heal();
    stage.run(2);
    stage.say("the learner is still writing the first one when the second comes");
    stage.propose("n1", "y");
    stage.lose("y at n4", ({ to }) => to === "n4");
    stage.settle();
    stage.compact("n1");
    stage.run(4);
    stage.fastDisk("n4");
    stage.run(2);
    return stage;
  },
};
