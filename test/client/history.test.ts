import assert from "node:assert/strict";
import { test } from "node:test";
import { evidenceOf } from "../../sim/checkers/evidence.ts";
import { checkHistory } from "../../sim/checkers/history.ts";
import { showOperation } from "../../sim/checkers/show.ts";
import type { Action, Operation, PartAction } from "../../sim/history.ts";
import { Prng } from "../../sim/prng.ts";
import { ActionSource, Numbers, type WorkloadOptions } from "../../sim/run/workload.ts";
import { type Told, toldBy, wordsOf } from "../../sim/wire.ts";
import { KvClient } from "../../src/client/client.ts";
import type { Revised } from "../../src/client/commands.ts";
import { KvClientError } from "../../src/client/errors.ts";
import type { Keyspace } from "../../src/client/keyspace.ts";
import type { Transaction } from "../../src/client/transaction.ts";
import { type Reply as Answer, ReplyError } from "../../src/protocol/reply.ts";
import { Fleet } from "../chaos/fleet.ts";
import { type Begun, HistoryLog } from "../chaos/history-log.ts";
import { type StrikeName, strikes } from "../chaos/strikes.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

const ids = ["n1", "n2", "n3"];
const workload: WorkloadOptions = {
  ...{
    clients: 1,
    depth: 1,
    thinkMs: 0,
    timeoutMs: 0,
    loyalty: 0,
    movedKeys: [],
    flushChance: 0,
    readShare: 0.4,
  },
  ...{ writeQuorums: [0], ttlsMs: [3_600_000], modes: ["linearizable"] },
  keys: ["a", "b", "c", "d", "e", "f"],
};

/** One caller of a client, as the checkers want to know of it. */
abstract class Caller {
  protected readonly client: KvClient;
  readonly #name: string;
  readonly #random: Prng;
  readonly #source: ActionSource;
  readonly #history: HistoryLog;
  #isLeaving = false;

  constructor(name: string, client: KvClient, random: Prng, numbers: Numbers, history: HistoryLog) {
    this.client = client;
    this.#name = name;
    this.#random = random;
    this.#source = new ActionSource(random, workload, numbers);
    this.#history = history;
  }

  leave(): void {
    this.#isLeaving = true;
  }

  async run(): Promise<void> {
    for (let position = 0; !this.#isLeaving; position++) {
      const drawn = this.#source.draw();
      if (!this.does(drawn)) continue;
      const isStale = drawn.type === "get" && this.readsStale && this.#random.chance(0.6);
      const action = isStale ? drawn : this.asSent(drawn, this.#name, position);
      const begun: Begun = {
        // Each at another node perhaps, among which there is no order.
        process: isStale ? `${this.#name} stale ${position}` : this.#name,
        ...{ position, action, mode: isStale ? "stale" : "linearizable", node: "", number: undefined },
        start: HistoryLog.now(),
      };
      const { revision, ...told } = await this.#told(action, isStale);
      this.#history.end(begun, told);
      if (revision !== undefined) {
        const { operations } = this.#history;
        operations.push({ ...operations.pop()!, revision });
      }
      if (told.outcome === "known") this.#learn(drawn, told.reply);
      // The checker tries orders of all that is under way at once: so that there is less of it.
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  }

  protected abstract readonly readsStale: boolean;
  protected abstract does(action: Action): boolean;
  protected abstract asSent(action: Action, name: string, position: number): Action;
  protected abstract send(action: Action, isStale: boolean): Promise<Answered>;

  async #told(action: Action, isStale: boolean): Promise<Told & { revision?: number }> {
    try {
      const { answer, revision } = await this.send(action, isStale);
      return { ...toldBy(action, answer), ...(revision === undefined ? {} : { revision }) };
    } catch (error) {
      assert.ok(error instanceof KvClientError, String(error));
      if (error.applied === "maybe") return { outcome: "unknown", error: error.message };
      return toldBy(action, new ReplyError(error.message));
    }
  }

  #learn(action: Action, reply: unknown): void {
    if (action.type === "get") this.#source.saw(action.key, reply as string | null);
    else if (action.type === "set") this.#source.saw(action.key, action.argument);
    else if (action.type === "cas" && reply === "OK") this.#source.saw(action.key, action.argument[1]);
  }
}

interface Answered {
  readonly answer: Answer;
  readonly revision?: number;
}

/** Sends commands as they are, and transactions. */
class PlainCaller extends Caller {
  protected readonly readsStale = false;

  protected does({ type }: Action): boolean {
    return type !== "rename" && type !== "flush";
  }

  protected asSent(action: Action): Action {
    return action;
  }

  protected async send(action: Action): Promise<Answered> {
    if (action.type !== "exec") return { answer: await this.client.send(wordsOf(action)) };
    const results = await transactionOf(this.client, action.argument).commit();
    return { answer: action.argument.map((part, i) => answerOf(part, results[i])) };
  }
}

/** Each write is a transaction that tells its revision, so that it is known what a stale read may have seen. */
class TellingCaller extends Caller {
  protected readonly readsStale = true;

  protected does(action: Action): boolean {
    // One that fails when its turn comes keeps the others' replies back.
    return partsIn(action).every(({ type, ...more }) =>
      type === "incr" ? "key" in more && /^[mn]$/.test(more.key) : type !== "rename" && type !== "flush",
    );
  }

  protected asSent(action: Action, name: string, position: number): Action {
    if (action.type === "get") return action;
    return {
      type: "exec",
      argument: [...partsIn(action), { type: "set", key: `last ${name}`, argument: `${name} ${position}` }],
    };
  }

  protected async send(action: Action, isStale: boolean): Promise<Answered> {
    const space = this.client.prefix("told:");
    if (action.type === "get")
      return { answer: await space.get(action.key, isStale ? { consistency: "stale" } : {}) };
    const parts = partsIn(action);
    const last = parts.at(-1) as { key: string };
    const results = await transactionOf(space, parts).getWithRevision(last.key).commit();
    const { revision } = results.at(-1) as Revised<string>;
    return { answer: parts.map((part, i) => answerOf(part, results[i])), revision };
  }
}

function partsIn(action: Action): readonly PartAction[] {
  return action.type === "exec" ? action.argument : [action];
}

function transactionOf(space: Keyspace, parts: readonly PartAction[]): Transaction<unknown[]> {
  const all: Transaction<unknown[]> = space.transaction();
  for (const part of parts) {
    if (part.type === "get") all.get(part.key);
    else if (part.type === "set")
      all.set(part.key, part.argument, part.ttl === undefined ? {} : { ttl: part.ttl });
    else if (part.type === "cas") {
      const [expected, value] = part.argument;
      all.set(part.key, value, expected === null ? { ifAbsent: true } : { ifValue: expected });
    } else if (part.type === "incr") all.increment(part.key, part.argument);
    else if (part.type === "append") all.append(part.key, part.argument);
    else if (part.type === "del") all.delete(part.key);
    else if (part.type === "expire") all.expire(part.key, part.argument);
    else if (part.type === "persist") all.persist(part.key);
    else assert.fail(`${part.type} is not drawn here`);
  }
  return all;
}

/** A result of the client as the server has answered it. */
function answerOf({ type }: PartAction, result: unknown): Answer {
  if (typeof result !== "boolean") return result as Answer;
  if (type === "set" || type === "cas") return result ? "OK" : null;
  return result ? 1 : 0;
}

/** Stale reads that show anything but what was there since the last write that their client knew of when they began. */
function forgetful(operations: readonly Operation[], clientOf: (process: string) => number): string[] {
  const { timeline, realTime } = evidenceOf(operations);
  const known = operations.filter(({ revision }) => revision !== undefined);
  return operations
    .filter(({ mode, outcome }) => mode === "stale" && outcome === "known")
    .filter((read) => {
      const own = known.filter(
        (write) => write.end < read.start && clientOf(write.process) === clientOf(read.process),
      );
      const from = Math.max(0, ...own.map(({ revision }) => revision!));
      return timeline.match(read, { from, to: realTime.ceilingAt(read.end).revision }) === undefined;
    })
    .map((read) => showOperation(read));
}

const struck: readonly StrikeName[] = ["kill-leader", "pause-leader", "cut-leader", "transfer", "kill-all"];

test("what callers see through the deaths, pauses and cuts of leaders has one order, and no errors", async (t) => {
  using folder = new TemporaryFolder();
  const fleet = new Fleet(folder.path, ids);
  const random = new Prng(6);
  const history = new HistoryLog();
  const told = new HistoryLog();
  const numbers = new Numbers();
  const clients: KvClient[] = [];
  try {
    for (const id of ids) await fleet.start(id);
    for (const id of ids) await fleet.serving(id);
    await fleet.leader();
    const addresses = ids.map((id) => `${fleet.addressOf(id).host}:${fleet.addressOf(id).port}`);
    // Members say where their proxies are, through which members speak: clients go around them.
    const translateAddress = (address: string): string => addressOfProxied(address, addresses);
    for (let i = 0; i < 2; i++) clients.push(new KvClient({ addresses, timeout: 60_000, translateAddress }));
    const callers = Array.from({ length: 16 }, (_, i) => {
      const own = new Prng(random.uint32());
      return i < 8
        ? new PlainCaller(`c${i}`, clients[i % 2]!, own, numbers, history)
        : new TellingCaller(`c${i}`, clients[i % 2]!, own, numbers, told);
    });
    const calling = Promise.all(callers.map((caller) => caller.run()));
    for (const name of struck) {
      await strikes[name].strike(fleet, random);
      await fleet.leader();
      const before = history.counts.known;
      while (history.counts.known < before + 100) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const caller of callers) caller.leave();
    await calling;
  } finally {
    for (const client of clients) client.destroy();
    for (const id of fleet.alive) await fleet.kill(id);
  }
  for (const { operations, errors, counts, longestMs } of [history, told]) {
    const violations = [...checkHistory(operations)].flatMap((judgement) =>
      judgement.violations.map(({ text }) => text),
    );
    assert.deepEqual(violations, []);
    assert.deepEqual([...errors], [], "nobody was told of it");
    t.diagnostic(`${counts.known} operations, the longest took ${Math.round(longestMs)} ms`);
  }
  const stale = told.operations.filter(({ mode }) => mode === "stale");
  assert.ok(stale.length > 50, "there were stale reads");
  const clientOf = (process: string): number => Number(/^c(\d+)/.exec(process)![1]) % 2;
  assert.deepEqual(forgetful(told.operations, clientOf), [], "a stale read sees its client's writes");
});

/** n1's proxy is at 127.x.y.1, n1 itself at 127.x.y.101. */
function addressOfProxied(address: string, addresses: readonly string[]): string {
  const [host = "", port = ""] = address.split(":");
  const parts = host.split(".");
  const last = Number(parts[3]);
  const direct = `${[...parts.slice(0, 3), last < 100 ? last + 100 : last].join(".")}:${port}`;
  assert.ok(addresses.includes(direct), `${address} is no member's`);
  return direct;
}
