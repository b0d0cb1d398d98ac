import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeRequest } from "../../src/protocol/request-encoder.ts";
import { startKvorum } from "../command-line.ts";
import { Chance } from "../differential/chance.ts";
import { RawClient } from "../server/raw-client.ts";
import { SpawnedNode } from "../server/spawned-node.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

export interface KillLoop {
  readonly rounds: number;
  readonly seed: number;
  readonly options: readonly string[];
}

const clients = 3;
/** Commands that one client sends in one piece. */
const pipeline = 40;
/** A node is killed at a moment up to so long after its load began. */
const lifeMsMax = 60;
/** Before one in so many rounds a node is killed that is still starting, up to so long after its process began. */
const killedStarts = 6;
const startMsMax = 300;

/**
 * Kills a node under pipelined load, again and again, at moments by chance, and looks after each kill whether
 * everything is there that was acknowledged: in the round before, and at the end in all of them.
 */
export async function killAgainAndAgain({ rounds, seed, options }: KillLoop): Promise<number> {
  using folder = new TemporaryFolder();
  const data = join(folder.path, "n1");
  const chance = new Chance(seed);
  const acknowledged: Acknowledged[] = [];
  for (let round = 0; round < rounds; round++) {
    if (chance.below(killedStarts) === 0) await killStarting(data, chance.below(startMsMax), options);
    const node = await SpawnedNode.startIn(data, ...options);
    for (const one of acknowledged.slice(-clients)) await verify(node.port, one);
    const loads = await Promise.all(
      Array.from({ length: clients }, (_, c) => Load.begin(node.port, `${round}:${c}`)),
    );
    await new Promise((resolve) => setTimeout(resolve, chance.below(lifeMsMax)));
    await node.kill();
    for (const load of loads) acknowledged.push(await load.ended());
  }
  await using node = await SpawnedNode.startIn(data, ...options);
  for (const one of acknowledged) await verify(node.port, one);
  return acknowledged.reduce((sum, { sets }) => sum + sets, 0);
}

/** Kills a node that is on its way: while it recovers, cuts a torn tail, raises its term, or just behind that. */
async function killStarting(data: string, afterMs: number, options: readonly string[]): Promise<void> {
  const starting = startKvorum(["start", "--listen", "127.0.0.1:0", "--data", data, ...options]);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  starting.process.kill("SIGKILL");
  const { stderr } = await starting.ended;
  assert.doesNotMatch(stderr, /kvorum: /, "no start is refused");
}

/** What one client was told. */
interface Acknowledged {
  readonly name: string;
  readonly sets: number;
  /** Increments that were acknowledged, and that were sent. */
  readonly increments: number;
  readonly incrementsSent: number;
}

class Load {
  readonly #name: string;
  readonly #client: RawClient;
  readonly #work: Promise<void>;
  #sets = 0;
  #increments = 0;
  #incrementsSent = 0;

  private constructor(name: string, client: RawClient) {
    this.#name = name;
    this.#client = client;
    this.#work = this.#go();
    // Told when it has ended.
    this.#work.catch(() => {});
  }

  static async begin(port: number, name: string): Promise<Load> {
    return new Load(name, await RawClient.connect(port));
  }

  /** What was acknowledged until the node was gone. */
  async ended(): Promise<Acknowledged> {
    await assert.rejects(this.#work, /waited in vain/);
    this.#count(this.#client.take());
    return {
      name: this.#name,
      sets: this.#sets,
      increments: this.#increments,
      incrementsSent: this.#incrementsSent,
    };
  }

  async #go(): Promise<void> {
    for (let from = 0; ; from += pipeline) {
      const commands = Array.from({ length: pipeline }, (_, i) => setCommand(this.#name, from + i));
      this.#client.send(Buffer.concat([...commands, encodeRequest(["INCR", `count:${this.#name}`])]));
      this.#incrementsSent++;
      this.#count(await this.#client.replies(pipeline + 1));
    }
  }

  #count(replies: readonly unknown[]): void {
    for (const reply of replies) {
      if (reply === "OK") this.#sets++;
      else this.#increments++;
      assert.ok(reply === "OK" || typeof reply === "number", String(reply));
    }
  }
}

function setCommand(name: string, i: number): Buffer {
  return encodeRequest(["SET", `key:${name}:${i}`, `value ${i} of ${name}`]);
}

async function verify(port: number, one: Acknowledged): Promise<void> {
  using client = await RawClient.connect(port);
  const { name, sets, increments, incrementsSent } = one;
  if (sets > 0) {
    const keys = Array.from({ length: sets }, (_, i) => `key:${name}:${i}`);
    const values = (await client.call("MGET", ...keys)) as (string | null)[];
    for (let i = 0; i < sets; i++)
      assert.equal(values[i], `value ${i} of ${name}`, `${keys[i]} was acknowledged`);
  }
  const count = Number((await client.call("GET", `count:${name}`)) ?? 0);
  assert.ok(count >= increments && count <= incrementsSent, `${increments} <= ${count} <= ${incrementsSent}`);
}
