import { limits } from "../base/limits.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Session } from "./session.ts";

/** One slow command, in latin1 texts. */
export interface SlowLogEntry {
  readonly id: number;
  readonly wallMs: number;
  readonly micros: number;
  /** Cut as Redis cuts them. */
  readonly words: readonly string[];
  readonly remoteAddress: string;
  readonly clientName: string;
}

/** The latest commands that took long. What SLOWLOG shows. */
export class SlowLog {
  /** By their ids, which only grow: the oldest is the first. */
  readonly #entries: Map<number, SlowLogEntry> = new Map();
  #nextId = 0;

  get length(): number {
    return this.#entries.size;
  }

  add(wallMs: number, micros: number, args: Arguments, session: Session, entriesMax: number): void {
    const { remoteAddress, name } = session;
    const id = this.#nextId++;
    const words = wordsOf(args);
    this.#entries.set(id, { id, wallMs, micros, words, remoteAddress, clientName: name });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= entriesMax) break;
      this.#entries.delete(oldest);
    }
  }

  /** The latest first. */
  latest(count: number): SlowLogEntry[] {
    const found: SlowLogEntry[] = [];
    const first = this.#nextId - Math.min(count, this.length);
    for (let id = this.#nextId - 1; id >= first; id--) found.push(this.#entries.get(id)!);
    return found;
  }

  reset(): void {
    this.#entries.clear();
  }
}

/** Beyond the limits, the last word tells how much more there was. */
function wordsOf(args: Arguments): string[] {
  const { count } = args;
  const shown = count > limits.slowlogArguments ? limits.slowlogArguments - 1 : count;
  const words: string[] = [];
  for (let i = 0; i < shown; i++) words.push(isSecret(args, i) ? "(redacted)" : wordOf(args, i));
  if (shown < count) words.push(`... (${count - shown} more arguments)`);
  return words;
}

function wordOf(args: Arguments, index: number): string {
  const start = args.start[index]!;
  const more = args.lengthOf(index) - limits.slowlogArgumentBytes;
  if (more <= 0) return args.text(index);
  const head = args.bytes.toString("latin1", start, start + limits.slowlogArgumentBytes);
  return `${head}... (${more} more bytes)`;
}

/** Passwords, wherever a command takes one, and user names beside them. */
function isSecret(args: Arguments, index: number): boolean {
  if (args.is(0, "auth")) return index > 0;
  if (args.is(0, "hello")) {
    return (index > 2 && args.is(index - 1, "auth")) || (index > 3 && args.is(index - 2, "auth"));
  }
  return args.is(0, "config") && index > 2 && args.is(1, "set") && args.is(index - 1, "requirepass");
}
