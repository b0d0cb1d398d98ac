import { reached } from "../base/reached.ts";
import type { Message } from "./message.ts";
import { tally } from "./quorum.ts";
import type { Raft, RoleState } from "./raft.ts";
import type { NodeId } from "./types.ts";

/** Asks for votes: first whether it would get them (thesis 9.6), then, in a new term, for good (paper 5.2). */
export class Candidate implements RoleState {
  readonly name: "preCandidate" | "candidate";
  readonly #raft: Raft;
  /** The answers of this attempt. A late one of an earlier attempt in the same term is as good. */
  readonly #votes: Map<NodeId, boolean> = new Map();

  constructor(raft: Raft, name: "preCandidate" | "candidate") {
    this.#raft = raft;
    this.name = name;
  }

  askForPreVotes(): void {
    const { id, term, log } = this.#raft;
    for (const to of this.#others) this.#raft.send({ type: "preVote", from: id, to, term, last: log.last });
    this.#count(id, true);
  }

  /**
   * The question too waits for the disk: after a crash, this member must not campaign in the same term again, with
   * another log and the votes that it got for this one. The own vote counts when it is durable, like any other.
   */
  askForVotes(isTransfer: boolean): void {
    const { id, term, log } = this.#raft;
    for (const to of this.#others)
      this.#raft.promise({ type: "requestVote", from: id, to, term, last: log.last, isTransfer });
    this.#raft.promise({ type: "voteReply", from: id, to: id, term, isGranted: true });
  }

  step(message: Message): void {
    switch (message.type) {
      case "preVoteReply":
        if (this.name === "preCandidate" && message.forTerm === this.#raft.term + 1)
          this.#count(message.from, message.isGranted);
        break;
      case "voteReply":
        if (this.name === "candidate") this.#count(message.from, message.isGranted);
        break;
      // This term has a leader: another was elected, or the one that was thought lost is back.
      case "appendEntries":
      case "heartbeat":
      case "installSnapshot":
      case "timeoutNow":
        reached("candidate-finds-leader");
        this.#raft.becomeFollower(this.#raft.term);
        this.#raft.step(message);
    }
  }

  tick(elapsed: number): void {
    if (!this.#raft.timer.tick(elapsed)) return;
    if (this.name === "candidate") reached("election-split");
    this.#raft.timedOut();
  }

  flush(): void {}

  stabilized(): void {}

  leave(): void {}

  get #others(): NodeId[] {
    return this.#raft.log.membership.voters.filter((id) => id !== this.#raft.id);
  }

  #count(voter: NodeId, isGranted: boolean): void {
    this.#votes.set(voter, isGranted);
    const result = tally(this.#raft.log.membership.voters, this.#votes);
    if (result === "lost") {
      reached(this.name === "candidate" ? "election-lost" : "pre-vote-lost");
      this.#raft.becomeFollower(this.#raft.term);
    } else if (result === "won") this.#won();
  }

  #won(): void {
    if (this.name === "preCandidate") this.#raft.becomeCandidate({ isTransfer: false });
    else this.#raft.becomeLeader();
  }
}
