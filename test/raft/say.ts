import {
  type AppendEntries,
  type AppendReply,
  type Configuration,
  type Entry,
  type EntryId,
  type Heartbeat,
  type HeartbeatReply,
  type InstallSnapshot,
  type LogIndex,
  type Message,
  messageText,
  type NodeId,
  type PreVote,
  type PreVoteReply,
  type ReadIndexReply,
  type ReadIndexRequest,
  type RequestVote,
  type Term,
  type TimeoutNow,
  type VoteReply,
} from "../../src/raft/index.ts";

/** Messages made by hand: `say("n2", "n1", 3).requestVote("5/2")`. Entries are named index/term. */
export interface Sayings {
  preVote(last: string): PreVote;
  preVoteReply(forTerm: Term, isGranted: boolean): PreVoteReply;
  requestVote(last: string, isTransfer?: boolean): RequestVote;
  voteReply(isGranted: boolean): VoteReply;
  append(previous: string, entries?: readonly Entry[], commitIndex?: LogIndex): AppendEntries;
  ack(index: LogIndex): AppendReply;
  nack(index: LogIndex, conflict: string): AppendReply;
  heartbeat(what?: { commitIndex?: LogIndex; isConfirmed?: boolean; round?: number }): Heartbeat;
  heartbeatReply(round?: number): HeartbeatReply;
  snapshot(last: string, configuration: Configuration): InstallSnapshot;
  timeoutNow(): TimeoutNow;
  readIndex(boot: number, request: number): ReadIndexRequest;
  readIndexReply(boot: number, request: number, index: LogIndex): ReadIndexReply;
}

export function say(from: NodeId, to: NodeId, term: Term): Sayings {
  const envelope = { from, to, term };
  return {
    preVote: (last) => ({ type: "preVote", ...envelope, last: id(last) }),
    preVoteReply: (forTerm, isGranted) => ({ type: "preVoteReply", ...envelope, forTerm, isGranted }),
    requestVote: (last, isTransfer = false) => ({
      type: "requestVote",
      ...envelope,
      last: id(last),
      isTransfer,
    }),
    voteReply: (isGranted) => ({ type: "voteReply", ...envelope, isGranted }),
    append: (previous, entries = [], commitIndex = 0) => ({
      type: "appendEntries",
      ...envelope,
      previous: id(previous),
      entries,
      commitIndex,
    }),
    ack: (index) => ({ type: "appendReply", ...envelope, index, conflict: undefined }),
    nack: (index, conflict) => ({ type: "appendReply", ...envelope, index, conflict: id(conflict) }),
    heartbeat: ({ commitIndex = 0, isConfirmed = false, round = 0 } = {}) => ({
      type: "heartbeat",
      ...envelope,
      commitIndex,
      isConfirmed,
      round,
    }),
    heartbeatReply: (round = 0) => ({ type: "heartbeatReply", ...envelope, round }),
    snapshot: (last, configuration) => ({
      type: "installSnapshot",
      ...envelope,
      snapshot: { ...id(last), configuration },
    }),
    timeoutNow: () => ({ type: "timeoutNow", ...envelope }),
    readIndex: (boot, request) => ({ type: "readIndex", ...envelope, boot, request }),
    readIndexReply: (boot, request, index) => ({
      type: "readIndexReply",
      ...envelope,
      boot,
      request,
      index,
    }),
  };
}

function id(text: string): EntryId {
  const [index, term] = text.split("/").map(Number);
  return { index: index!, term: term! };
}

/** "n2: ACK term=3 index=5", for each message. */
export function texts(messages: readonly Message[]): string[] {
  return messages.map((message) => `${message.to}: ${messageText(message)}`);
}
