import type { Action, Operation, PartAction, PartReply, ReadMode } from "../history.ts";
import { Prng } from "../prng.ts";

interface Entry {
  readonly value: string;
  readonly deadline: number;
}
type Store = Map<string, Entry>;

/** One connection: it is answered in the order in which it asked, and ends when it gets no answer. */
interface Connection {
  name: string;
  position: number;
  start: number;
  end: number;
  /** Up to which revision its node shows it stale state. */
  seen: number;
}

const keys = ["x", "y", "z"];

/**
 * Histories that are right, since a store makes them that does one thing after the other: every operation happens at one
 * moment between its start and its end, or never where its outcome is unknown. A moment is one ms after the one before.
 */
export class RightHistory {
  readonly operations: Operation[] = [];
  readonly #random: Prng;
  readonly #connections: Connection[];
  #store: Store = new Map();
  /** The store at each revision. */
  readonly #versions: Store[] = [new Map()];
  #now = 0;
  #names = 0;

  constructor(seed: number, count: number) {
    this.#random = new Prng(seed);
    this.#connections = Array.from({ length: 4 }, () => this.#connection());
    for (this.#now = 1; this.#now <= count; this.#now++) this.#step();
  }

  #connection(): Connection {
    return { name: `c${this.#names++}`, position: 0, start: 0, end: 0, seen: 0 };
  }

  #step(): void {
    const random = this.#random;
    this.#expire();
    const place = random.below(this.#connections.length);
    const connection = this.#connections[place]!;
    const action = this.#drawAction();
    const isRead = action.type === "get";
    const mode = isRead ? random.pick<ReadMode>(["linearizable", "quorum", "stale"]) : "linearizable";
    const isUnknown = random.chance(0.05);
    const isApplied = !isUnknown || random.chance(0.5);
    const before = this.#revision;
    const reply =
      mode === "stale" ? this.#readStale(connection, action) : isApplied ? this.#run(action) : null;
    const isChange = this.#revision > before;
    this.operations.push({
      ...{
        process: connection.name,
        position: connection.position++,
        action,
        mode,
        ...this.#times(connection),
      },
      ...(isUnknown ? { outcome: "unknown", reply: null } : { outcome: "known", reply }),
      ...(mode === "stale" && { node: "n1" }),
      ...(isChange && (!isUnknown || random.chance(0.5)) && { revision: this.#revision }),
    });
    if (isChange && !isUnknown) connection.seen = Math.max(connection.seen, this.#revision);
    if (isUnknown) this.#connections[place] = this.#connection();
  }

  get #revision(): number {
    return this.#versions.length - 1;
  }

  #times(connection: Connection): Pick<Operation, "start" | "end" | "clock"> {
    const now = this.#now * 1000;
    const start = Math.max(connection.start, now - this.#random.below(3_000), 0);
    const end = Math.max(connection.end, now + this.#random.below(3_000));
    connection.start = start;
    connection.end = end;
    return { start, end, clock: [Math.floor(start / 1000), Math.ceil(end / 1000)] };
  }

  #drawAction(): Action {
    const random = this.#random;
    if (random.chance(0.4)) return { type: "get", key: random.pick(keys) };
    if (random.chance(0.7)) return this.#drawPart();
    return { type: "exec", argument: Array.from({ length: 1 + random.below(3) }, () => this.#drawPart()) };
  }

  #drawPart(): PartAction {
    const random = this.#random;
    const key = random.pick(keys);
    const argument = String(random.below(50));
    const parts: readonly PartAction[] = [
      ...[{ type: "get", key } as const, { type: "del", key } as const, { type: "persist", key } as const],
      ...[{ type: "set", key, argument } as const, { type: "append", key, argument } as const],
      { type: "set", key, argument, ttl: 5 + random.below(40) },
      { type: "cas", key, argument: [random.chance(0.5) ? null : argument, "7"] },
      ...[{ type: "incr", key, argument: 3 } as const, { type: "incr", key, argument: 3 } as const],
      { type: "expire", key, argument: 5 + random.below(40) },
      { type: "rename", key, argument: random.pick(keys) },
      ...(random.chance(0.1) ? [{ type: "flush" } as const] : []),
    ];
    return random.pick(parts);
  }

  /** Carried out as a whole, with one revision if it changed anything. */
  #run(action: Action): Operation["reply"] {
    const store = new Map(this.#store);
    const parts = action.type === "exec" ? action.argument : [action];
    const replies = parts.map((part) => runPart(store, part, this.#now));
    const isSame =
      store.size === this.#store.size && [...store].every(([key, entry]) => this.#store.get(key) === entry);
    if (!isSame) {
      this.#store = store;
      this.#versions.push(store);
    }
    return action.type === "exec" ? replies : replies[0]!;
  }

  #readStale(connection: Connection, action: Action): PartReply {
    connection.seen += this.#random.below(this.#revision - connection.seen + 1);
    return this.#versions[connection.seen]!.get((action as { key: string }).key)?.value ?? null;
  }

  #expire(): void {
    const left = [...this.#store].filter(([, { deadline }]) => deadline > this.#now);
    if (left.length === this.#store.size) return;
    this.#store = new Map(left);
    this.#versions.push(this.#store);
  }
}

function runPart(store: Store, action: PartAction, now: number): PartReply {
  if (action.type === "flush") {
    store.clear();
    return "OK";
  }
  const { key } = action;
  const old = store.get(key);
  const put = (value: string, deadline = Infinity): void => void store.set(key, { value, deadline });
  switch (action.type) {
    case "get":
      return old?.value ?? null;
    case "set":
      put(action.argument, action.ttl === undefined ? Infinity : now + action.ttl);
      return "OK";
    case "cas":
      if ((old?.value ?? null) !== action.argument[0]) return null;
      put(action.argument[1]);
      return "OK";
    case "append":
      put((old?.value ?? "") + action.argument, old?.deadline);
      return (old?.value ?? "").length + action.argument.length;
    case "incr":
      if (!/^(?:0|[1-9]\d{0,14})$/.test(old?.value ?? "0")) return { error: "no number" };
      put(String(Number(old?.value ?? 0) + action.argument), old?.deadline);
      return Number(store.get(key)!.value);
    case "del":
      return store.delete(key) ? 1 : 0;
    case "expire":
      if (old !== undefined) put(old.value, now + action.argument);
      return old === undefined ? 0 : 1;
    case "persist":
      if (old === undefined || old.deadline === Infinity) return 0;
      put(old.value);
      return 1;
    case "rename":
      if (old === undefined) return { error: "no such key" };
      store.delete(key);
      store.set(action.argument, old);
      return "OK";
  }
}
