import { Book, speakAgain } from "./book.ts";
import { type Conversation, lower, type Pipeline, type Step, step, type Turn } from "./conversation.ts";
import { isMasked } from "./exceptions.ts";
import type { Answer } from "./link.ts";
import { type Probe, probe } from "./probes.ts";
import { parseReply, type ReplyTree } from "./reply-tree.ts";
import { stateDifference, stateOf } from "./state.ts";
import type { System } from "./system.ts";

/** Where two systems parted. */
export interface Difference {
  /** Number of the turn; behind the last one: what was left in the end. */
  readonly turn: number;
  /** Number of the command in it. */
  readonly step: number;
  readonly reference: string;
  readonly subject: string;
}

export interface Pair {
  /** The system that is right. */
  readonly reference: System;
  readonly subject: System;
}

/**
 * Holds one conversation with both systems, turn by turn, and says where they first differ. Each turn is
 * answered whole before the next one begins, so that nothing depends on who is faster.
 */
export async function compare(pair: Pair, conversation: Conversation): Promise<Difference | undefined> {
  await both(pair, (system) => system.startOver());
  const comparison = new Comparison(pair);
  for (const [i, turn] of [...conversation, ...farewells(conversation)].entries()) {
    const found = await comparison.take(turn).catch(asDifference);
    if (found !== undefined) return { ...found, turn: i };
  }
  const [left, right] = await both(pair, stateOf);
  const found = stateDifference(left, right);
  return found && { ...found, turn: conversation.length, step: 0 };
}

function both<T>({ reference, subject }: Pair, act: (system: System) => Promise<T>): Promise<[T, T]> {
  return Promise.all([act(reference), act(subject)]);
}

/** A reply too many would stay unseen without a last command behind it. */
function farewells(conversation: Conversation): Pipeline[] {
  const connections = [...new Set(conversation.map(({ connection }) => connection))];
  return connections.map((connection) => ({
    kind: "pipeline",
    connection,
    steps: [step("RESET"), step("PING")],
    cuts: 0,
  }));
}

type Found = Omit<Difference, "turn">;

/** A question in between that was not answered. The reference always answers. */
function asDifference(error: unknown): Found {
  return { step: 0, reference: "an answer", subject: String(error) };
}

class Comparison {
  readonly #pair: Pair;
  readonly #books = new Map<number, Book>();
  /** Commands that each connection has queued by MULTI: EXEC answers them. */
  readonly #queued = new Map<number, Step[]>();

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  take(turn: Turn): Promise<Found | undefined> {
    return turn.kind === "pipeline" ? this.#pipeline(turn) : this.#probe(turn);
  }

  async #pipeline(turn: Pipeline): Promise<Found | undefined> {
    const { connection } = turn;
    const book = this.#bookOf(connection);
    // A line as the first thing would choose the text protocol.
    const first = book.isFresh ? 0 : -1;
    const steps = turn.steps.map((s, i) => (i === first ? { ...s, isInline: false } : s));
    const answered = steps.filter((s) => book.send(s));
    if (book.isUnheard) {
      steps.push(...speakAgain);
      answered.push(...speakAgain.filter((s) => book.send(s)));
    }
    const [left, right] = await both(this.#pair, (system) =>
      system.send({ ...turn, steps }, book.isClosed ? "all" : answered.length),
    );
    const at = this.#firstDifference(connection, answered, left, right);
    if (left.end !== "open") this.#forget(connection);
    if (at < 0) return undefined;
    const [reference, subject] = parted(left, right, at);
    return { step: at < answered.length ? steps.indexOf(answered[at]!) : steps.length, reference, subject };
  }

  /** The index of the first reply that differs, or -1. */
  #firstDifference(connection: number, answered: readonly Step[], left: Answer, right: Answer): number {
    for (const [i, asked] of answered.entries()) {
      const [a, b] = [left.replies[i], right.replies[i]];
      if (a === undefined && b === undefined) break;
      if (a === undefined || b === undefined || !this.#same(connection, asked, a, b)) return i;
    }
    const isSameEnd = left.end === right.end && left.end !== "stalled";
    return isSameEnd && left.replies.length === right.replies.length ? -1 : answered.length;
  }

  #same(connection: number, asked: Step, a: Buffer, b: Buffer): boolean {
    const queued = this.#queued.get(connection) ?? [];
    if (a.equals(b)) {
      if (a.equals(queuedReply)) this.#queued.set(connection, [...queued, asked]);
      else if (endsTransaction(asked, a)) this.#queued.delete(connection);
      return true;
    }
    const [left, right] = [parseReply(a), parseReply(b)];
    if (lower(asked.args[0]) !== "exec") return isMasked(asked, left, right);
    this.#queued.delete(connection);
    return sameResults(queued, left, right);
  }

  async #probe(turn: Probe): Promise<Found | undefined> {
    const [left, right] = await both(this.#pair, (system) => probe(system, turn));
    this.#forget(turn.connection);
    const at = left.findIndex((line, i) => line !== right[i]);
    if (at < 0 && left.length === right.length) return undefined;
    return { step: 0, reference: left.join("\n"), subject: right.join("\n") };
  }

  #bookOf(connection: number): Book {
    const book = this.#books.get(connection) ?? new Book();
    this.#books.set(connection, book);
    return book;
  }

  #forget(connection: number): void {
    this.#books.delete(connection);
    this.#queued.delete(connection);
  }
}

const queuedReply: Buffer = Buffer.from("+QUEUED\r\n");

/** EXEC does so even when it is refused. */
function endsTransaction({ args }: Step, reply: Buffer): boolean {
  const name = lower(args[0]);
  if (args.length > 1 || !["exec", "discard", "reset", "multi"].includes(name)) return false;
  return name === "exec" || reply[0] !== MINUS;
}

const MINUS = 45;

/** What EXEC answers: the reply to each command that was queued. */
function sameResults(queued: readonly Step[], a: ReplyTree, b: ReplyTree): boolean {
  if (a.kind !== b.kind || a.elements.length !== queued.length || b.elements.length !== queued.length) {
    return false;
  }
  return queued.every((asked, i) => {
    const [left, right] = [a.elements[i]!, b.elements[i]!];
    return sameBytes(left, right) || isMasked(asked, left, right);
  });
}

function sameBytes(a: ReplyTree, b: ReplyTree): boolean {
  if (a.kind !== b.kind || a.head !== b.head || a.elements.length !== b.elements.length) return false;
  const isSame = a.bytes === null || b.bytes === null ? a.bytes === b.bytes : a.bytes.equals(b.bytes);
  return isSame && a.elements.every((element, i) => sameBytes(element, b.elements[i]!));
}

/** Bytes shown before the place where two replies part, and in all. */
const shownBefore = 60;
const shownMax = 300;

function parted(left: Answer, right: Answer, at: number): [string, string] {
  const [a, b] = [left.replies[at], right.replies[at]];
  const firstOther = a === undefined || b === undefined ? 0 : a.findIndex((byte, i) => byte !== b[i]);
  const from = Math.max(0, firstOther - shownBefore);
  return [shown(left, at, from), shown(right, at, from)];
}

function shown({ replies, end }: Answer, at: number, from: number): string {
  const reply = replies[at];
  if (reply === undefined) return `no reply, connection ${end}`;
  const part = reply.subarray(from, from + shownMax).toString("latin1");
  return `${from > 0 ? "…" : ""}${JSON.stringify(part).slice(1, -1)}`;
}
