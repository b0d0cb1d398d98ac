import { ask } from "./ask.ts";
import type { ClusterKind, Seat } from "./cluster.ts";
import { kvorumProgram } from "./kvorum.ts";

/** Voters of this checkout, with every write on the disks of a majority before it is answered. */
export const kvorumVoters: ClusterKind = {
  name: "kvorum",
  command: (seat, seats) => [
    ...kvorumMember(seat, "always"),
    "--cluster",
    seats.map(({ id, peerPort }) => `${id}=127.0.0.1:${peerPort}`).join(","),
  ],
  // Linearizable: it is answered by a member that knows its leader and has caught up with it.
  serves: (port) => ask(port, "GET", "no such key"),
  leads: async (port) => ((await ask(port, "ROLE")) as unknown[])[0] === "master",
};

/** The same, where members find each other at proxies: at the same ports of `host`. */
export function kvorumBehind(host: string): ClusterKind {
  return {
    ...kvorumVoters,
    command: (seat, seats) => [
      ...kvorumMember(seat, "always"),
      ...["--announce", `${host}:${seat.port}`],
      ...["--cluster", seats.map(({ id, peerPort }) => `${id}=${host}:${peerPort}`).join(",")],
    ],
  };
}

/** One voter, and learners that follow it: each is on the disk within a second. */
export const kvorumLearners: ClusterKind = {
  ...kvorumVoters,
  command: (seat, seats) => [
    ...kvorumMember(seat, "interval"),
    // Its port for members: that one is not 10000 above the clients' here, where it would be looked for.
    ...(seat === seats[0] ? [] : ["--replica-of", `127.0.0.1:${seats[0]!.peerPort}`]),
  ],
};

function kvorumMember({ id, port, peerPort, folder }: Seat, fsync: "always" | "interval"): string[] {
  return [
    ...[process.execPath, kvorumProgram, "start", "--id", id, "--data", folder, "--fsync", fsync],
    ...["--listen", `127.0.0.1:${port}`, "--peer-listen", `127.0.0.1:${peerPort}`, "--loglevel", "error"],
  ];
}
