import { test } from "node:test";
import type { KvClient } from "./client.ts";
import type { Revised } from "./commands.ts";
import type { Keyspace, SetOptions } from "./keyspace.ts";

/** What an editor knows of the client. It is compiled and never run: each mark must stand before an error. */
function exact<T>(_promise: Promise<T>): { is<U extends T>(..._: [T] extends [U] ? [] : [never]): void } {
  return { is: () => {} };
}

export async function typesOf(client: KvClient): Promise<void> {
  exact(client.get("a")).is<string | null>();
  exact(client.get("a", { as: "bytes" })).is<Buffer | null>();
  exact(client.get(Buffer.from("a"), { consistency: "stale", maxLag: 100 })).is<string | null>();
  exact(client.getMany(["a"])).is<(string | null)[]>();
  exact(client.getMany(["a"], { as: "bytes" })).is<(Buffer | null)[]>();
  exact(client.getWithRevision("a")).is<Revised<string> | null>();
  exact(client.set("a", 1n, { ttl: 1_000, ifAbsent: true, w: 2 })).is<boolean>();
  exact(client.set("a", "b", { ifRevision: 3 })).is<number | null>();
  const options: SetOptions = { ifRevision: 3 };
  exact(client.set("a", "b", options)).is<boolean | number | null>();
  exact(client.transaction().set("a", "b", options).commit()).is<[boolean | number | null]>();
  exact(client.setMany({ a: 1, b: "two" })).is<void>();
  exact(client.setMany(new Map([["a", Buffer.from("x")]]))).is<void>();
  exact(client.ttl("a")).is<number | null>();
  for await (const key of client.scan({ match: "a*" })) key.toUpperCase();
  for await (const key of client.scan({ as: "bytes" })) key.readUInt8(0);
  exact(client.transaction().get("a").set("b", 1).increment("c").commit()).is<
    [string | null, boolean, number]
  >();
  exact(
    client.transaction().get("a", { as: "bytes" }).get("a").getWithRevision("a", { as: "bytes" }).commit(),
  ).is<[Buffer | null, string | null, Revised<Buffer> | null]>();
  exact(client.transaction().has("a").ttl("a").commit()).is<[boolean, number | null]>();
  // @ts-expect-error bytes are no text
  exact(client.transaction().get("a", { as: "bytes" }).commit()).is<[string | null]>();
  const space: Keyspace = client.prefix("app:");
  exact(space.prefix("more:").has("a")).is<boolean>();
  client.on("topology", ({ leader }) => leader?.toUpperCase());

  // @ts-expect-error a value is no object
  await client.set("a", { b: 1 });
  // @ts-expect-error a key is no number
  await client.get(1);
  // @ts-expect-error there is no such consistency
  await client.get("a", { consistency: "eventual" });
  // @ts-expect-error conditions are not for reads
  await client.get("a", { ifAbsent: true });
  // @ts-expect-error text is no Buffer
  exact(client.get("a")).is<Buffer | null>();
  // @ts-expect-error a transaction has as many results as commands
  exact(client.transaction().get("a").commit()).is<[string | null, string | null]>();
  // @ts-expect-error there is no such event
  client.on("error", () => {});
  // @ts-expect-error a namespace has keys, and is no client
  await space.close();
}

test("the types are as they are said to be, or this would not have been compiled", () => {});
