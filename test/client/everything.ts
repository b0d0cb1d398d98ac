import assert from "node:assert/strict";
import type { Prng } from "../../sim/prng.ts";
import type { KvClient } from "../../src/client/client.ts";
import { KvClientError } from "../../src/client/errors.ts";
import type { OperationOptions } from "../../src/client/keyspace.ts";

/** How often a counter was raised, and may have been. */
interface Tally {
  known: number;
  inDoubt: number;
}

type Kind = "increment" | "append" | "cas" | "transaction" | "lent" | "read" | "stale" | "scan" | "call";
const kinds: readonly Kind[] = [
  ...(["increment", "increment", "append", "append", "cas", "transaction", "transaction", "lent"] as const),
  ...(["read", "stale", "scan", "call"] as const),
];

/** Callers that use everything that a client has, each operation with a deadline and a signal by chance, and what came of it. */
export class Everything {
  readonly #client: KvClient;
  readonly #name: string;
  readonly #random: Prng;
  readonly #tallies = new Map<Kind, Tally>();
  readonly #tokens = new Map<string, "known" | "inDoubt" | "no">();
  #begun = 0;
  #over = 0;
  #isStopping = false;

  constructor(client: KvClient, name: string, random: Prng) {
    this.#client = client;
    this.#name = name;
    this.#random = random;
  }

  async run(callers: number): Promise<void> {
    await Promise.all(Array.from({ length: callers }, () => this.#call()));
    assert.equal(this.#over, this.#begun);
  }

  stop(): void {
    this.#isStopping = true;
  }

  /** What another client reads is what callers were told. */
  async judge(other: KvClient): Promise<void> {
    const [left, right] = await other.getMany([this.#key("left"), this.#key("right")]);
    assert.equal(left, right, "a transaction is carried out as a whole");
    for (const kind of ["increment", "cas", "transaction", "lent"] as const) {
      const { known, inDoubt } = this.#tally(kind);
      const value = Number(await other.get(this.#key(kind === "transaction" ? "left" : kind)));
      assert.ok(value >= known && value <= known + inDoubt, `${kind}: ${value}, not ${known} and ${inDoubt}`);
    }
    const appended = ((await other.get(this.#key("append"))) ?? "").split(",").slice(1);
    assert.equal(new Set(appended).size, appended.length, "each is appended once");
    for (const token of appended) assert.notEqual(this.#tokens.get(token) ?? "no", "no", token);
    for (const [token, outcome] of this.#tokens)
      if (outcome === "known") assert.ok(appended.includes(token), `${token} was appended`);
  }

  async #call(): Promise<void> {
    for (let isClosed = false; !isClosed && !this.#isStopping; ) {
      const kind = this.#random.pick(kinds);
      const options = this.#options();
      const token = String(++this.#begun);
      let outcome: "known" | "inDoubt" | "no" = "known";
      try {
        if (!(await this.#do(kind, token, options))) outcome = "no";
      } catch (error) {
        assert.ok(error instanceof KvClientError, String(error));
        assert.notEqual(error.applied, "yes");
        outcome = error.applied === "maybe" ? "inDoubt" : "no";
        isClosed = error.code === "CLOSED" && kind !== "lent";
      }
      if (outcome !== "no") this.#tally(kind)[outcome]++;
      if (kind === "append") this.#tokens.set(token, outcome);
      this.#over++;
    }
  }

  /** False: nothing was to be done. */
  async #do(kind: Kind, token: string, options: OperationOptions): Promise<boolean> {
    const client = this.#client;
    const key = this.#key(kind);
    if (kind === "increment") await client.increment(key, 1, options);
    else if (kind === "append") await client.append(key, `,${token}`, options);
    else if (kind === "transaction")
      await client.transaction().increment(this.#key("left")).increment(this.#key("right")).commit(options);
    else if (kind === "cas") {
      const seen = await client.getWithRevision(key, options);
      const ifRevision = seen?.revision ?? 0;
      return (await client.set(key, Number(seen?.value ?? 0) + 1, { ...options, ifRevision })) !== null;
    } else if (kind === "lent") {
      using lease = await client.acquire();
      await lease.send(["INCR", key], { timeout: 100, ...options });
    } else if (kind === "read") await client.get(this.#key("append"), options);
    else if (kind === "stale") await client.get(this.#key("left"), { ...options, consistency: "stale" });
    else if (kind === "scan") await client.scan({ ...options, match: `${this.#name}*` }).next();
    else await client.send(["ECHO", token], options);
    return true;
  }

  #options(): OperationOptions {
    const random = this.#random;
    return {
      ...(random.chance(0.3) ? { timeout: random.pick([1, 20, 100]) } : {}),
      ...(random.chance(0.2) ? { signal: AbortSignal.timeout(random.below(60)) } : {}),
    };
  }

  #tally(kind: Kind): Tally {
    let tally = this.#tallies.get(kind);
    if (tally === undefined) {
      tally = { known: 0, inDoubt: 0 };
      this.#tallies.set(kind, tally);
    }
    return tally;
  }

  #key(name: string): string {
    return `${this.#name}:${name}`;
  }
}
