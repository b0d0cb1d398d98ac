import type { Configuration } from "../../src/raft/configuration.ts";
import type { Config } from "../../src/raft/index.ts";
import type { Message, PreVoteReply } from "../../src/raft/message.ts";
import type { NodeStatus } from "../../src/raft/raw-node.ts";
import type { NodeId, Term } from "../../src/raft/types.ts";
import { consensusTickMs } from "../../src/replica/consensus.ts";
import type { Violation } from "../checkers/checker.ts";
import { LeadersTime } from "../checkers/cluster/leaders-time.ts";
import { Leadership } from "../checkers/cluster/leadership.ts";
import { PreVotes } from "../checkers/cluster/pre-votes.ts";
import { Succession } from "../checkers/cluster/succession.ts";
import type { SentVote } from "../checkers/cluster/votes.ts";
import type { NodeLife } from "./node.ts";

/** A hand-over ends after one; ticks are late, and clocks are not even. */
const handOverTimeouts = 3;

/** Hears what cores say to each other, and tells the checkers of votes and of leadership. */
export class Hearing {
  readonly preVotes: PreVotes;
  readonly leadership: Leadership;
  readonly leadersTime: LeadersTime = new LeadersTime();
  readonly succession: Succession;
  readonly #onVote: (vote: SentVote) => void;

  constructor(
    { electionTicksMin, checkQuorumTicks }: Pick<Config, "electionTicksMin" | "checkQuorumTicks">,
    onVote: (vote: SentVote) => void,
  ) {
    this.preVotes = new PreVotes(electionTicksMin * consensusTickMs, consensusTickMs);
    this.leadership = new Leadership((checkQuorumTicks + 2) * consensusTickMs);
    this.succession = new Succession(handOverTimeouts * electionTicksMin * consensusTickMs);
    this.#onVote = onVote;
  }

  finish(): readonly Violation[] {
    return [this.preVotes, this.leadership, this.leadersTime, this.succession].flatMap((checker) =>
      checker.finish(),
    );
  }

  /** The node knows no leader. */
  leaderGone(life: NodeLife): void {
    this.preVotes.leaderGone(life);
  }

  sent(life: NodeLife, { message: said, to, timeMs }: Saying): void {
    const node = life.id;
    this.preVotes.spoke(life, node);
    if (said.type === "voteReply" && said.isGranted) this.#onVote({ node, term: said.term, candidate: to });
    else if (said.type === "preVoteReply") this.#preVoted(life, said);
    else if (said.type === "heartbeat") this.#leads(life, said.term, timeMs);
    else if (said.type === "appendEntries")
      this.leadership.commits(life, node, said.term, said.commitIndex, life.log!.termOf(said.commitIndex));
    else if (said.type === "timeoutNow") this.#toldToCampaign(life, said.term, to);
    if (said.type !== "requestVote") return;
    this.#onVote({ node, term: said.term, candidate: node });
    if (!said.isTransfer) this.preVotes.campaigned(node, said.term, votersOf(configurationOf(life)));
  }

  #leads(life: NodeLife, term: Term, timeMs: number): void {
    const { id, monotonicMs } = life;
    this.leadership.leads(life, id, term, votersOf(configurationOf(life)), monotonicMs);
    this.leadersTime.told(life, id, { term, timeMs, monotonicMs });
    const { role, configuration, configurationIndex, commitIndex } = life.member!.status!;
    if (role === "leader" && configurationIndex <= commitIndex && !votersOf(configuration).includes(id))
      this.leadership.leadsWithoutVote(id, term);
  }

  /** A leader has taken a step. */
  led(life: NodeLife, { id: node, term, successor: to, lastIndex }: NodeStatus): void {
    if (to === undefined) this.succession.leadsOn(life);
    else this.succession.handsOver(life, { node, term, to, lastIndex, atMs: life.monotonicMs });
  }

  #toldToCampaign(life: NodeLife, term: Term, to: NodeId): void {
    const { id: node, role, term: own, successor, lastIndex, peers } = life.member!.status!;
    // A leader that has lost its vote tells whoever is best, and is none any more.
    if (role !== "leader" || term !== own || successor !== to) return;
    this.succession.told({ node, to, lastIndex }, peers.find(({ id }) => id === to)?.match ?? 0);
  }

  received(life: NodeLife, said: Message): void {
    const { from, term } = said;
    if (said.type === "preVote") this.preVotes.asked(life, from, term, said.last);
    else if (said.type === "appendReply" || said.type === "heartbeatReply")
      this.leadership.heard(life, from, term, life.monotonicMs);
    else if (said.type === "heartbeat" && said.isConfirmed && term >= life.member!.consensus!.term)
      this.preVotes.confirmed(life, { leader: from, term, atMs: life.monotonicMs });
  }

  taken(life: NodeLife): void {
    this.preVotes.taken(life);
  }

  #preVoted(life: NodeLife, { to, isGranted }: PreVoteReply): void {
    const { id: node, role, term, vote, leaderId, lastIndex, configuration } = life.member!.status!;
    const { log, saved } = life;
    // Otherwise something is on its way into it.
    const isLogTrue = log!.lastIndex === lastIndex && saved.term === term && saved.vote === vote;
    const last = isLogTrue ? { term: log!.lastTerm, index: lastIndex } : undefined;
    const knowsMembers = configuration.members.length > 0;
    const standing = { node, role, term, leaderId, last, knowsMembers };
    this.preVotes.answered(life, standing, to, isGranted, life.monotonicMs);
  }
}

interface Saying {
  readonly message: Message;
  readonly to: NodeId;
  readonly timeMs: number;
}

function configurationOf(life: NodeLife): Configuration {
  return life.member!.consensus!.configuration;
}

export function votersOf({ members }: Configuration): string[] {
  return members.filter(({ isVoter }) => isVoter).map(({ id }) => id);
}
