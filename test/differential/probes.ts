import {
  type Draw,
  type Expiry,
  encodeStep,
  type Garbage,
  type Kill,
  pipeline,
  step,
  type Walk,
} from "./conversation.ts";
import type { ReplyTree } from "./reply-tree.ts";
import type { System } from "./system.ts";

/**
 * Turns in which more is asked than sent and compared: each asks one system and says in lines of text what
 * must be the same everywhere. A connection that is asked is led out of its transaction first.
 */
export type Probe = Walk | Draw | Kill | Expiry | Garbage;

export function probe(system: System, turn: Probe): Promise<string[]> {
  switch (turn.kind) {
    case "walk":
      return walk(system, turn);
    case "draw":
      return draw(system, turn);
    case "kill":
      return kill(system, turn);
    case "expiry":
      return expiry(system, turn);
    case "garbage":
      return garbage(system, turn);
  }
}

/** More calls than any walk over a few keys takes. */
const callsMax = 10_000;

async function walk(system: System, { connection, options }: Walk): Promise<string[]> {
  await system.ask(connection, step("DISCARD"));
  const found = new Set<string>();
  let cursor = Buffer.from("0");
  for (let call = 0; call < callsMax; call++) {
    const reply = await system.ask(connection, step("SCAN", cursor, ...options));
    if (reply.kind === "-") return [reply.head];
    for (const key of reply.elements[1]!.elements) found.add(textOf(key));
    cursor = Buffer.from(reply.elements[0]!.bytes!);
    if (cursor.toString() === "0") return [...found].sort();
  }
  return [`no end after ${callsMax} calls`];
}

async function draw(system: System, { connection }: Draw): Promise<string[]> {
  await system.ask(connection, step("DISCARD"));
  const [keys, drawn] = await system.askAll(connection, [step("KEYS", "*"), step("RANDOMKEY")]);
  if (drawn!.bytes === null) return [`null of ${keys!.elements.length}`];
  const isOneOfThem = keys!.elements.map(textOf).includes(textOf(drawn!));
  return [isOneOfThem ? "one of them" : `${textOf(drawn!)} is none of them`];
}

async function kill(system: System, { connection }: Kill): Promise<string[]> {
  const [, id] = await system.askAll(connection, [step("DISCARD"), step("CLIENT", "ID")]);
  const killing = step("CLIENT", "KILL", "ID", id!.head, "SKIPME", "no");
  const { replies, end } = await system.send(pipeline(connection, killing), "all");
  return [...replies.map((reply) => reply.toString("latin1")), end];
}

const expiryPatienceMs = 5_000;
const expiryPauseMs = 5;

async function expiry(system: System, { connection, steps, keys }: Expiry): Promise<string[]> {
  const [, ...replies] = await system.askAll(connection, [step("DISCARD"), ...steps]);
  const lines = replies.map((reply) => reply.kind + textOf(reply));
  const startMs = performance.now();
  let left = "";
  while (performance.now() - startMs < expiryPatienceMs) {
    left = (await system.ask(connection, step("EXISTS", ...keys))).head;
    if (left === "0") return [...lines, "gone"];
    await new Promise((resolve) => setTimeout(resolve, expiryPauseMs));
  }
  return [...lines, `${left} still there`];
}

async function garbage(system: System, { connection, bytes }: Garbage): Promise<string[]> {
  const link = await system.link(connection);
  // The first byte of a connection chooses its protocol: this makes it RESP.
  await system.ask(connection, step("DISCARD"));
  await link.send([Buffer.concat([bytes, encodeStep(step("PING", stillThere))])]);
  const lines: string[] = [];
  for (;;) {
    const { replies, end } = await link.take(1);
    lines.push(...replies.map((reply) => reply.toString("latin1")));
    if (end !== "open" || replies[0]!.includes(stillThere)) return [...lines, end];
  }
}

const stillThere = "still there";

function textOf({ bytes, head }: ReplyTree): string {
  return bytes === null ? head : bytes.toString("latin1");
}
