import { setTimeout as pause } from "node:timers/promises";
import type { Protocol } from "../load/write-lane.ts";
import { type Waits, WriteLoad, writeLoadCommand } from "../load/write-load.ts";
import type { Pairs } from "../pairs.ts";
import { ask } from "../peers/ask.ts";
import type { Cluster, Seat } from "../peers/cluster.ts";
import { etcdCall } from "../peers/etcd-cluster.ts";
import { pinned, sharedCores, shown } from "../programs.ts";
import type { Chart, Figure, Goal } from "../results.ts";
import type { Bench } from "../row.ts";
import { percentile } from "../statistics.ts";

/** Five at each of three members. */
const clients = 15;
const paceMs = 5;
/** Between one strike and the next all is as it was before. */
const calmMs = 300;

/** Clients that write meanwhile, in words for a report. */
export const writesInWords: string = `${clients} clients at the members in turns, each with a pause of ${paceMs} ms after each acknowledgement, a call given up after 500 ms and repeated at the next member`;

/** What happens to a cluster again and again. */
export interface Strike {
  readonly count: number;
  /** Does it to the member that leads. The waits are taken when it resolves. */
  strike(leader: Seat, cluster: Cluster): Promise<void>;
  /** Makes good what was done, and resolves when the cluster is whole. */
  heal?(leader: Seat, cluster: Cluster): Promise<void>;
}

/** What the clients of a cluster saw of all strikes together. */
export interface Seen {
  /** Of each strike and client: the longest time without an acknowledgement. */
  readonly longestMs: readonly number[];
  /** The same, of those alone that were at the member that was struck. */
  readonly longestOfStruckMs: readonly number[];
  readonly errors: number;
  readonly acknowledged: number;
  /** Acknowledged, and not there in the end. */
  readonly lost: number;
}

export async function writesUnder(
  bench: Bench,
  protocol: Protocol,
  cluster: Cluster,
  { count, strike, heal }: Strike,
): Promise<Seen> {
  const options = { protocol, ports: cluster.seats.map(({ port }) => port), clients, paceMs };
  bench.started(shown(pinned(sharedCores, writeLoadCommand("PORT,PORT,PORT", options))));
  using load = new WriteLoad(options);
  const all: number[] = [];
  const ofStruck: number[] = [];
  let errors = 0;
  for (let i = 1; i <= count; i++) {
    bench.note(`${protocol === "etcd" ? "etcd" : "kvorum"}, ${i} of ${count}`);
    await load.goHome();
    await pause(calmMs);
    const leader = await cluster.leader();
    await load.mark();
    await strike(leader, cluster);
    const waits = await load.report();
    await heal?.(leader, cluster);
    all.push(...waits.longestMs);
    ofStruck.push(...waitsAt(cluster.seats.indexOf(leader), cluster.seats.length, waits));
    errors += waits.errors;
  }
  const acknowledged = await load.stop();
  const lost = acknowledged - (await keysIn(protocol, (await cluster.leader()).port));
  return { longestMs: all, longestOfStruckMs: ofStruck, errors, acknowledged, lost };
}

function waitsAt(seat: number, seats: number, { longestMs }: Waits): number[] {
  return longestMs.filter((_, client) => client % seats === seat);
}

/** All keys there are: the cluster was new, and each acknowledged write was of a new one. */
async function keysIn(protocol: Protocol, port: number): Promise<number> {
  if (protocol === "redis") return Number(await ask(port, "DBSIZE"));
  const range = { key: "AA==", range_end: "AA==", count_only: true };
  return Number(((await etcdCall(port, "kv/range", range)) as { count?: string }).count ?? 0);
}

export function figuresOf(
  { ours, peer }: Pairs<Seen>,
  goals: { readonly p50?: Goal; readonly p99: Goal },
): Figure[] {
  const of = (get: (seen: Seen) => number): Pairs<number> => ({ ours: ours.map(get), peer: peer.map(get) });
  const wait = (name: string, get: (seen: Seen) => number, goal?: Goal): Figure => {
    return { name, unit: "ms", better: "lower", ...of(get), goal };
  };
  return [
    wait("p50", (seen) => percentile(seen.longestMs, 50), goals.p50),
    wait("p99", (seen) => percentile(seen.longestMs, 99), goals.p99),
    wait("longest", (seen) => percentile(seen.longestMs, 100)),
    wait("p50, clients of the leader", (seen) => percentile(seen.longestOfStruckMs, 50)),
    {
      ...({ name: "acknowledged, lost", unit: "writes", better: "lower" } as const),
      ours: ours.map((seen) => seen.lost),
      // Beside nothing a ratio is none: the remark tells what the peer lost.
      peer: [],
      goal: { on: "value", limit: 0 },
    },
  ];
}

export function chartsOf({ ours, peer }: Pairs<Seen>): Chart[] {
  const of = (label: string, get: (seen: Seen) => number) => {
    return { label, ours: ours.map(get), peer: peer.map(get) };
  };
  const at = (percent: number) => (seen: Seen) => percentile(seen.longestMs, percent);
  return [
    {
      kind: "bars",
      title: "Longest time without an acknowledgement",
      unit: "ms",
      groups: [of("p50", at(50)), of("p99", at(99)), of("longest", at(100))],
    },
  ];
}

/** How many there were: percentiles of few say little. */
export function seenRemark({ ours, peer }: Pairs<Seen>, peerName: string): string {
  const words = (name: string, { longestMs, acknowledged, lost }: Seen): string =>
    `${name}: ${longestMs.length / clients} times, ${acknowledged} writes acknowledged, ${lost} of them lost`;
  const sides = [...ours.map((seen) => words("kvorum", seen)), ...peer.map((seen) => words(peerName, seen))];
  return `Percentiles are over all clients and times. ${sides.join("; ")}.`;
}
