import type { Configuration } from "../../src/raft/configuration.ts";
import type { Config } from "../../src/raft/index.ts";
import type { Message, PreVoteReply, ReadIndexReply } from "../../src/raft/message.ts";
import type { NodeStatus } from "../../src/raft/raw-node.ts";
import type { LogIndex, NodeId, Term } from "../../src/raft/types.ts";
import { consensusTickMs } from "../../src/replica/consensus.ts";
import type { Violation } from "../checkers/checker.ts";
import { Elected } from "../checkers/cluster/elected.ts";
import { LeadersTime } from "../checkers/cluster/leaders-time.ts";
import { Leadership } from "../checkers/cluster/leadership.ts";
import { PreVotes } from "../checkers/cluster/pre-votes.ts";
import { type ReadQuestion, ReadRounds } from "../checkers/cluster/read-rounds.ts";
import { Succession } from "../checkers/cluster/succession.ts";
import type { SentVote } from "../checkers/cluster/votes.ts";
import type { NodeLife } from "./node.ts";

const ofLeader: ReadonlySet<Message["type"]> = new Set(["appendEntries", "heartbeat", "installSnapshot"]);

/** A hand-over ends after an election timeout; ticks are late. */
const handOverLateMs = 200;

/** Hears what cores say to each other, and tells the checkers of votes and of leadership. */
export class Hearing {
  readonly preVotes: PreVotes;
  readonly leadership: Leadership;
  readonly leadersTime: LeadersTime = new LeadersTime();
  readonly succession: Succession;
  readonly elected: Elected = new Elected();
  readonly readRounds: ReadRounds = new ReadRounds();
  readonly #onVote: (vote: SentVote) => void;
  readonly #committedIndex: () => LogIndex;
  /** When each process heard a leader last, and the shortest time after which it gives one up. */
  readonly #heardMs: WeakMap<NodeLife, number> = new WeakMap();
  readonly #patienceMs: number;

  /** `committedIndex`: the highest entry that any node holds for committed. */
  constructor(
    { electionTicksMin, checkQuorumTicks }: Pick<Config, "electionTicksMin" | "checkQuorumTicks">,
    onVote: (vote: SentVote) => void,
    committedIndex: () => LogIndex,
  ) {
    this.preVotes = new PreVotes(electionTicksMin * consensusTickMs, consensusTickMs);
    this.leadership = new Leadership((checkQuorumTicks + 2) * consensusTickMs);
    this.succession = new Succession(electionTicksMin * consensusTickMs + handOverLateMs);
    this.#onVote = onVote;
    this.#committedIndex = committedIndex;
    this.#patienceMs = (electionTicksMin - 2) * consensusTickMs;
  }

  finish(): readonly Violation[] {
    const { preVotes, leadership, leadersTime, succession, elected, readRounds } = this;
    return [preVotes, leadership, leadersTime, succession, elected, readRounds].flatMap((checker) =>
      checker.finish(),
    );
  }

  /** The node knows no leader. */
  leaderGone(life: NodeLife): void {
    this.preVotes.leaderGone(life);
    this.readRounds.leaderGone(life);
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
    else if (said.type === "readIndex") this.readRounds.asks(life, said, said.term);
    // It had given its leader up, and may have heard it again in the same step.
    else if (said.type === "preVote") this.readRounds.leaderGone(life);
    else if (said.type === "readIndexReply") this.#tellsWhereToRead(life, said);
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

  #tellsWhereToRead(life: NodeLife, { to, boot, request, term, index }: ReadIndexReply): void {
    const commitTerm = life.log!.termOf(life.member!.status!.commitIndex);
    const question: ReadQuestion = { from: to, boot, request };
    this.readRounds.answers(life, { ...question, node: life.id, term, index, commitTerm });
  }

  /** It leads from now on. */
  wins(life: NodeLife, { id, term, configuration }: NodeStatus): void {
    this.elected.leads(life, id, term, votersOf(configuration));
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
    if (ofLeader.has(said.type)) this.#heardLeader(life);
    if (said.type === "preVote") this.preVotes.asked(life, from, term, said.last);
    else if (said.type === "appendReply" || said.type === "heartbeatReply")
      this.leadership.heard(life, from, term, life.monotonicMs);
    else if (said.type === "heartbeat" && said.isConfirmed && term >= life.member!.consensus!.term)
      this.preVotes.confirmed(life, { leader: from, term, atMs: life.monotonicMs });
    else if (said.type === "voteReply" && said.isGranted) this.elected.given(life, from, term);
    else if (said.type === "readIndex") this.readRounds.asked(life, term, said, this.#committedIndex());
    else if (said.type === "readIndexReply" && said.boot === life.directory!.identity.boot)
      this.readRounds.isTold(life, said.request);
  }

  /** Who hears it late has given it up before, maybe in the same step. */
  #heardLeader(life: NodeLife): void {
    const atMs = life.monotonicMs;
    const lastMs = this.#heardMs.get(life) ?? atMs;
    this.#heardMs.set(life, atMs);
    if (atMs - lastMs >= this.#patienceMs) this.readRounds.leaderGone(life);
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
