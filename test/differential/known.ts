import { Book } from "./book.ts";
import type { Conversation, Turn } from "./conversation.ts";
import { probe } from "./probes.ts";
import type { System } from "./system.ts";

/** Holds a conversation with one system, and gives the first line of its last reply. */
export async function lastWordOf(system: System, conversation: Conversation): Promise<string> {
  await system.startOver();
  let last = "";
  for (const turn of conversation) last = await answerTo(system, turn);
  system.close();
  return last.split("\r\n", 1)[0]!;
}

async function answerTo(system: System, turn: Turn): Promise<string> {
  if (turn.kind !== "pipeline") return (await probe(system, turn))[0]!;
  const book = new Book();
  const { replies, end } = await system.send(turn, turn.steps.filter((said) => book.send(said)).length);
  return replies.at(-1)?.toString("latin1") ?? end;
}
