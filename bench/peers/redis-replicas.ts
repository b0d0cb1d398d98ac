import { ask, textOf } from "./ask.ts";
import type { ClusterKind, Seat } from "./cluster.ts";

/** Debian's Redis with replicas, each with an AOF that is on the disk within a second. */
export const redisReplicas: ClusterKind = {
  name: "redis",
  command: (seat, seats) => [
    ...redisServer(seat, "everysec"),
    ...(seat === seats[0] ? [] : ["--replicaof", "127.0.0.1", String(seats[0]!.port)]),
  ],
  serves: async (port) => {
    const info = String(await ask(port, "INFO", "replication"));
    if (textOf(info, "master_link_status") === "down") throw new Error("it has not caught up yet");
  },
  leads: async (port) => ((await ask(port, "ROLE")) as unknown[])[0] === "master",
};

/** One that has every write on its disk before it is answered, on the cores that a cluster has. */
export const redisAlone: ClusterKind = { ...redisReplicas, command: (seat) => redisServer(seat, "always") };

function redisServer({ port, folder }: Seat, appendfsync: "always" | "everysec"): string[] {
  return [
    ...["redis-server", "--bind", "127.0.0.1", "--port", String(port), "--save", "", "--dir", folder],
    ...["--appendonly", "yes", "--appendfsync", appendfsync],
  ];
}
