import type { Configuration } from "../../src/raft/configuration.ts";
import type { Config } from "../../src/raft/index.ts";
import type { Message, PreVoteReply } from "../../src/raft/message.ts";
import type { NodeId, Term } from "../../src/raft/types.ts";
import { consensusTickMs } from "../../src/replica/consensus.ts";
import type { Violation } from "../checkers/checker.ts";
import { LeadersTime } from "../checkers/cluster/leaders-time.ts";
import { Leadership } from "../checkers/cluster/leadership.ts";
import { PreVotes } from "../checkers/cluster/pre-votes.ts";
import type { SentVote } from "../checkers/cluster/votes.ts";
import type { NodeLife } from "./node.ts";

/** Hears what cores say to each other, and tells the checkers of votes and of leadership. */
export class Hearing {
  readonly preVotes: PreVotes;
  readonly leadership: Leadership;
  readonly leadersTime: LeadersTime = new LeadersTime();
  readonly #onVote: (vote: SentVote) => void;

  constructor(
    { electionTicksMin, checkQuorumTicks }: Pick<Config, "electionTicksMin" | "checkQuorumTicks">,
    onVote: (vote: SentVote) => void,
  ) {
    this.preVotes = new PreVotes(electionTicksMin * consensusTickMs, consensusTickMs);
    this.leadership = new Leadership((checkQuorumTicks + 2) * consensusTickMs);
    this.#onVote = onVote;
  }

  finish(): readonly Violation[] {
    return [this.preVotes, this.leadership, this.leadersTime].flatMap((checker) => checker.finish());
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
    if (said.type !== "requestVote") return;
    this.#onVote({ node, term: said.term, candidate: node });
    if (!said.isTransfer) this.preVotes.campaigned(node, said.term, votersOf(configurationOf(life)));
  }

  #leads(life: NodeLife, term: Term, timeMs: number): void {
    const { id, monotonicMs } = life;
    this.leadership.leads(life, id, term, votersOf(configurationOf(life)), monotonicMs);
    this.leadersTime.told(life, id, { term, timeMs, monotonicMs });
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
