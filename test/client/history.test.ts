import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHistory } from "../../sim/checkers/history.ts";
import type { Action, PartAction } from "../../sim/history.ts";
import { Prng } from "../../sim/prng.ts";
import { ActionSource, Numbers, type WorkloadOptions } from "../../sim/run/workload.ts";
import { type Told, toldBy, wordsOf } from "../../sim/wire.ts";
import { KvClient } from "../../src/client/client.ts";
import { KvClientError } from "../../src/client/errors.ts";
import { ReplyError } from "../../src/protocol/reply.ts";
import { Fleet } from "../chaos/fleet.ts";
import { HistoryLog } from "../chaos/history-log.ts";
import { type StrikeName, strikes } from "../chaos/strikes.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

const ids = ["n1", "n2", "n3"];
const workload: WorkloadOptions = {
  ...{ clients: 1, depth: 1, thinkMs: 0, timeoutMs: 0, movedKeys: [], flushChance: 0, readShare: 0.4 },
  ...{ writeQuorums: [0], ttlsMs: [3_600_000], modes: ["linearizable"] },
  keys: ["a", "b", "c", "d", "e", "f"],
};

/** One caller after another of a client, as the checkers want to know of each. */
class Caller {
  readonly #name: string;
  readonly #client: KvClient;
  readonly #source: ActionSource;
  readonly #history: HistoryLog;
  #isLeaving = false;

  constructor(name: string, client: KvClient, random: Prng, numbers: Numbers, history: HistoryLog) {
    this.#name = name;
    this.#client = client;
    this.#source = new ActionSource(random, workload, numbers);
    this.#history = history;
  }

  leave(): void {
    this.#isLeaving = true;
  }

  async run(): Promise<void> {
    for (let position = 0; !this.#isLeaving; position++) {
      const action = this.#source.draw();
      if (action.type === "exec" || action.type === "rename" || action.type === "flush") continue;
      const begun = { process: this.#name, position, action, mode: "linearizable", node: "" } as const;
      const start = HistoryLog.now();
      const told = await this.#told(action);
      this.#history.end({ ...begun, number: undefined, start }, told);
      if (told.outcome === "known") this.#learn(action, told.reply);
      // The checker tries orders of all that is under way at once: so that there is less of it.
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  }

  async #told(action: PartAction): Promise<Told> {
    try {
      return toldBy(action, await this.#client.send(wordsOf(action)));
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

const struck: readonly StrikeName[] = ["kill-leader", "pause-leader", "cut-leader", "transfer", "kill-all"];

test("what callers see through the deaths, pauses and cuts of leaders has one order, and no errors", async (t) => {
  using folder = new TemporaryFolder();
  const fleet = new Fleet(folder.path, ids);
  const random = new Prng(6);
  const history = new HistoryLog();
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
    const callers = Array.from(
      { length: 10 },
      (_, i) => new Caller(`c${i}`, clients[i % 2]!, new Prng(random.uint32()), numbers, history),
    );
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
  const violations = [...checkHistory(history.operations)].flatMap((judgement) =>
    judgement.violations.map(({ text }) => text),
  );
  assert.deepEqual(violations, []);
  assert.deepEqual([...history.errors], [], "nobody was told of it");
  t.diagnostic(`${history.counts.known} operations, the longest took ${Math.round(history.longestMs)} ms`);
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
