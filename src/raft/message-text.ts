import type { AppendEntries, Message } from "./message.ts";
import type { EntryId } from "./types.ts";

/** A message as people read it, in logs and transcripts: `HEARTBEAT term=5 leader=n1`. Entries are index/term. */
export function messageText(message: Message): string {
  return [wordOf(message), `term=${message.term}`, ...detailsOf(message)].join(" ");
}

function wordOf(message: Message): string {
  return message.type === "appendReply" && message.conflict !== undefined ? "NACK" : words[message.type];
}

const words: Readonly<Record<Message["type"], string>> = {
  preVote: "PRE_VOTE_REQUEST",
  preVoteReply: "PRE_VOTE_RESPONSE",
  requestVote: "VOTE_REQUEST",
  voteReply: "VOTE_RESPONSE",
  appendEntries: "REPLICATE",
  appendReply: "ACK",
  heartbeat: "HEARTBEAT",
  heartbeatReply: "HEARTBEAT_RESPONSE",
  installSnapshot: "SNAPSHOT",
  timeoutNow: "TIMEOUT_NOW",
  readIndex: "READ_INDEX",
  readIndexReply: "READ_INDEX_RESPONSE",
};

function detailsOf(message: Message): string[] {
  switch (message.type) {
    case "preVote":
      return [`candidate=${message.from}`, `last=${idText(message.last)}`];
    case "preVoteReply":
      return [`for=${message.forTerm}`, `granted=${message.isGranted}`];
    case "requestVote":
      return [
        `candidate=${message.from}`,
        `last=${idText(message.last)}`,
        ...flag("transfer", message.isTransfer),
      ];
    case "voteReply":
      return [`granted=${message.isGranted}`];
    case "appendEntries":
      return [`leader=${message.from}`, `previous=${idText(message.previous)}`, ...entriesText(message)];
    case "appendReply":
      return [
        `index=${message.index}`,
        ...(message.conflict === undefined ? [] : [`conflict=${idText(message.conflict)}`]),
      ];
    case "heartbeat":
      return [
        `leader=${message.from}`,
        `commit=${message.commitIndex}`,
        ...flag("confirmed", message.isConfirmed),
        ...roundText(message.round),
      ];
    case "heartbeatReply":
      return roundText(message.round);
    case "installSnapshot":
      return [`leader=${message.from}`, `last=${idText(message.snapshot)}`];
    case "timeoutNow":
      return [`leader=${message.from}`];
    case "readIndex":
      return [`request=${message.boot}.${message.request}`];
    case "readIndexReply":
      return [`request=${message.boot}.${message.request}`, `index=${message.index}`];
  }
}

function entriesText({ entries, commitIndex }: AppendEntries): string[] {
  const ids = entries.length > 0 ? [`entries=${entries.map(idText).join(",")}`] : [];
  return [...ids, `commit=${commitIndex}`];
}

function roundText(round: number): string[] {
  return round > 0 ? [`round=${round}`] : [];
}

function flag(word: string, isSet: boolean): string[] {
  return isSet ? [word] : [];
}

function idText({ index, term }: EntryId): string {
  return `${index}/${term}`;
}
