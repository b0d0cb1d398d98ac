import { reached } from "../base/reached.ts";
import type { AppendEntries, Heartbeat, InstallSnapshot, Message, ReadIndexReply } from "./message.ts";
import type { Raft, RoleState } from "./raft.ts";
import type { LogIndex, NodeId } from "./types.ts";

/** Takes what the leader sends, and waits for it (paper 5.2, 5.3). Learners are followers for ever. */
export class Follower implements RoleState {
  readonly name = "follower";
  readonly #raft: Raft;

  constructor(raft: Raft) {
    this.#raft = raft;
  }

  step(message: Message): void {
    switch (message.type) {
      case "appendEntries":
        this.#append(message);
        break;
      case "heartbeat":
        this.#heartbeat(message);
        break;
      case "installSnapshot":
        this.#installSnapshot(message);
        break;
      case "timeoutNow":
        this.#timeoutNow();
        break;
      case "readIndexReply":
        this.#readIndexReply(message);
        break;
    }
  }

  tick(elapsed: number): void {
    // The only voter has nobody to wait for, unless the leader removed itself: that one hands over.
    if (this.#raft.leaderId === undefined && this.#raft.log.membership.isOnlyVoter(this.#raft.id)) {
      reached("only-voter-left");
      this.#raft.campaign();
    } else if (this.#raft.timer.tick(elapsed)) this.#raft.timedOut();
  }

  flush(): void {
    const request = this.#raft.leaderId === undefined ? undefined : this.#raft.forwardedReads.begin();
    if (request !== undefined) this.#ask(request);
  }

  stabilized(): void {}

  leave(): void {}

  #append(message: AppendEntries): void {
    const { log } = this.#raft;
    this.#raft.heardLeader(message.from);
    if (!log.canFollow(message.previous)) this.#refuse(message);
    else if (log.merge(message.entries)) this.#appended(message);
    else this.#raft.diverged(message.previous.index + 1);
  }

  /** What stands behind the leader's last entry may be from a term that came to nothing: it is not acknowledged. */
  #appended({ from, previous, entries, commitIndex }: AppendEntries): void {
    const last = previous.index + entries.length;
    this.#raft.log.commitTo(Math.min(commitIndex, last));
    this.#acknowledge(from, last);
  }

  /** Never waits for the disk: it says that we follow, not that we hold anything. */
  #heartbeat({ from, commitIndex, isConfirmed, round }: Heartbeat): void {
    const raft = this.#raft;
    raft.heardLeader(from);
    if (isConfirmed) raft.heardConfirmation();
    else reached("leader-unconfirmed");
    raft.log.commitTo(commitIndex);
    raft.send({ type: "heartbeatReply", from: raft.id, to: from, term: raft.term, round });
    const request = raft.forwardedReads.unanswered;
    if (request !== undefined) this.#ask(request);
  }

  #installSnapshot({ from, snapshot }: InstallSnapshot): void {
    const { log } = this.#raft;
    this.#raft.heardLeader(from);
    if (snapshot.index <= log.commitIndex) reached("snapshot-outdated");
    else if (log.has(snapshot)) reached("snapshot-of-known-entries");
    // A log that holds the snapshot's last entry holds its past too: nothing has to be thrown away.
    if (log.has(snapshot)) log.commitTo(snapshot.index);
    else if (snapshot.index > log.commitIndex) log.restore(snapshot);
    this.#acknowledge(from, Math.min(snapshot.index, log.commitIndex));
  }

  #timeoutNow(): void {
    if (!this.#raft.mayCampaign) return;
    reached("timeout-now-obeyed");
    this.#raft.becomeCandidate({ isTransfer: true });
  }

  #readIndexReply({ boot, request, index }: ReadIndexReply): void {
    if (boot !== this.#raft.config.boot) {
      reached("read-answer-for-earlier-life");
      return;
    }
    for (const token of this.#raft.forwardedReads.answered(request)) this.#raft.reads.push({ token, index });
  }

  #ask(request: number): void {
    const { id, term, leaderId, config } = this.#raft;
    this.#raft.send({ type: "readIndex", from: id, to: leaderId!, term, boot: config.boot, request });
  }

  #acknowledge(to: NodeId, index: LogIndex): void {
    const { id, term } = this.#raft;
    this.#raft.promise({ type: "appendReply", from: id, to, term, index, conflict: undefined });
  }

  #refuse({ from: to, previous: { index, term: previousTerm } }: AppendEntries): void {
    reached("append-refused");
    const { id, term, log } = this.#raft;
    const conflict = log.lastShared(index, previousTerm, log.commitIndex);
    this.#raft.send({ type: "appendReply", from: id, to, term, index, conflict });
  }
}
