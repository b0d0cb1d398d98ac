import { setTimeout as pause } from "node:timers/promises";
import { fill, fillCommand } from "../load/fill.ts";
import { keyBytes, valueBytes } from "../load/set-batch.ts";
import { memoryOf } from "../measure/memory.ts";
import { type Pairs, pick } from "../pairs.ts";
import { loadCore, pinned, shown } from "../programs.ts";
import type { BarGroup, Figure, Findings, Goal, Line } from "../results.ts";
import type { Bench, Row, Start } from "../row.ts";
import { words } from "../words.ts";

/** How a table grew. */
interface Growth {
  /** By the number of keys at which it rested. */
  readonly bytesPerKey: ReadonlyMap<number, number>;
  /** While it grew: what was resident, and how many keys there were. */
  readonly samples: readonly (readonly [keys: number, bytesPerKey: number])[];
}

interface Kind {
  readonly label: string;
  readonly withDeadlines: boolean;
}

const goal: Goal = { on: "value", limit: 120 };
const smallKeys = 1_000_000;
const largeKeys = 20_000_000;
/** Memory hardly depends on who else uses the machine: a few fills, and only the first to the full size. */
const fillsMax = 3;
const samplesPerSize = 100;
/** The curve begins here: before, what the process itself needs is most of it. */
const sampledFromKeys = 200_000;

const kinds: readonly Kind[] = [
  { label: "", withDeadlines: false },
  { label: ", half with TTL", withDeadlines: true },
];

export const memoryPerKey: Row = {
  name: "memory-per-key",
  work: `Keys of ${keyBytes} B with values of ${valueBytes} B: resident memory less that of the empty process, over the keys; again with half of the keys carrying a TTL`,
  peer: "Redis without persistence",
  run: measure,
};

async function measure(bench: Bench): Promise<Findings> {
  const figures: Figure[] = [];
  const groups: BarGroup[] = [];
  const lines: Line[] = [];
  for (const kind of kinds) {
    const grown = await growBoth(bench, kind);
    for (const [size, values] of bySize(grown)) {
      const label = `${words.count(size)} keys${kind.label}`;
      figures.push({ name: label, unit: "B/key", better: "lower", ...values, goal });
      groups.push({ label, ...values });
    }
    lines.push(...linesOf(grown, kind, bench.peerName));
  }
  return {
    figures,
    charts: [
      { kind: "bars", title: "Memory per key", unit: "B/key", groups },
      {
        kind: "lines",
        title: "While the table grows",
        unit: "B/key",
        xLabel: "keys",
        xScale: "linear",
        yScale: "linear",
        lines,
      },
    ],
    remarks: [`A key and its value are ${keyBytes + valueBytes} B of it.`],
  };
}

/** The first pair grows to the full size, the others repeat the small one. */
async function growBoth(bench: Bench, kind: Kind): Promise<Pairs<Growth>> {
  const count = Math.min(bench.pairs, fillsMax);
  const sizesOf = (pair: number): number[] =>
    bench.isQuick || pair > 0 ? [smallKeys] : [smallKeys, largeKeys];
  const options = { from: 0, to: Math.max(...sizesOf(0)), withDeadlines: kind.withDeadlines };
  bench.started(shown(pinned(loadCore, fillCommand("PORT", options))));
  return bench.inPairs(
    `filling${kind.label}`,
    (pair) => grow(bench.startKvorum, sizesOf(pair), kind),
    (pair) => grow(bench.startPeer, sizesOf(pair), kind),
    count,
  );
}

/** Fills a new server up to each of the sizes. */
async function grow(start: Start, sizes: readonly number[], kind: Kind): Promise<Growth> {
  await using server = await start();
  const pid = server.pids[0]!;
  const emptyBytes = memoryOf(pid).residentBytes;
  const bytesPerKey = new Map<number, number>();
  const samples: [number, number][] = [];
  let from = 0;
  for (const to of sizes) {
    await fill(server, {
      from,
      to,
      withDeadlines: kind.withDeadlines,
      reportEvery: to / samplesPerSize,
      onReport: (keys) => {
        if (keys >= sampledFromKeys) samples.push([keys, (memoryOf(pid).residentBytes - emptyBytes) / keys]);
      },
    });
    bytesPerKey.set(to, ((await restingBytes(pid)) - emptyBytes) / to);
    from = to;
  }
  return { bytesPerKey, samples };
}

/** Resident memory once it no longer moves: servers tidy up for a moment after a fill. */
async function restingBytes(pid: number): Promise<number> {
  const tries = 20;
  let before = memoryOf(pid).residentBytes;
  for (let i = 0; i < tries; i++) {
    await pause(500);
    const now = memoryOf(pid).residentBytes;
    if (Math.abs(now - before) < before / 1_000) return now;
    before = now;
  }
  return before;
}

/** For each size, the values of the pairs that reached it. */
function bySize({ ours, peer }: Pairs<Growth>): Map<number, Pairs<number>> {
  const sizes = [...ours[0]!.bytesPerKey.keys()];
  return new Map(
    sizes.map((size) => {
      const reached = (side: readonly Growth[]): Growth[] =>
        side.filter((each) => each.bytesPerKey.has(size));
      const both = { ours: reached(ours), peer: reached(peer) };
      return [size, pick(both, (growth) => growth.bytesPerKey.get(size)!)];
    }),
  );
}

function linesOf({ ours, peer }: Pairs<Growth>, { label, withDeadlines }: Kind, peerName: string): Line[] {
  const line = (side: Line["side"], name: string, growth: Growth): Line => {
    return { side, label: `${name}${label}`, isDashed: withDeadlines, points: growth.samples };
  };
  return [line("ours", "kvorum", ours[0]!), line("peer", peerName, peer[0]!)];
}
