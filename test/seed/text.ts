import type { Cluster } from "../cluster/cluster.ts";

/** Says a line of the text protocol to a node that serves, and resolves with the reply. */
export async function say(cluster: Cluster, id: string, line: string): Promise<string> {
  await cluster.serving(id);
  using client = await cluster.client(id);
  client.send(`${line}\n`);
  return await client.line();
}

/** Says it again and again until the reply is this one: what is replicated comes when it comes. */
export async function becomes(cluster: Cluster, id: string, line: string, reply: string): Promise<void> {
  while ((await say(cluster, id, line)) !== reply) await new Promise((resolve) => setTimeout(resolve, 10));
}
