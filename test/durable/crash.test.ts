import assert from "node:assert/strict";
import { test } from "node:test";
import { crashKinds } from "../../sim/crash.ts";
import { SimDisk } from "../../sim/disk.ts";
import { dump } from "../engine-dump.ts";
import { DurableRun } from "./durable-run.ts";

/**
 * A run is recorded, and the machine crashes after each of its disk calls, in every way it can. What a start
 * finds then must be the state after some of the writes, in their order, with all that were acknowledged.
 */
/** So short that the log begins new ones under way. */
const segmentBytes = 8_192;

const writes: readonly (readonly string[])[] = [
  ["SET", "a", "1"],
  ["MSET", "a", "2", "b", "2"],
  ["INCR", "n"],
  ["SET", "big", "x".repeat(3_000)],
  ["SET", "mortal", "v", "EX", "1000"],
  ["SAVE"],
  ["RENAME", "a", "b"],
  ["PERSIST", "mortal"],
  // Zeros, which a disk that lost a write would show as well.
  ["SET", "big", "\0".repeat(2_000)],
  ["DEL", "b"],
  ["INCR", "n"],
  ["SAVE"],
  ["APPEND", "a", "\0\0\0\u0001"],
  ["INCR", "n"],
  // Long ones: segments are begun, and dropped behind the next snapshot but one.
  ["SET", "big", "y".repeat(6_000)],
  ["SET", "big", "z".repeat(6_000)],
  ["SAVE"],
  ["DEL", "big"],
  ["SAVE"],
  ["INCR", "n"],
];

/** What must come about in a run, or its crashes would show too little. */
const reached: readonly RegExp[] = [
  /^makeDirectory \/data$/,
  /^rename \/data\/identity.json.new$/,
  /^rename \/data\/hard-state.new$/,
  /^write \/data\/wal\/spare$/,
  /^rename \/data\/wal\/spare$/,
  /^write \/data\/wal\/0{15}1.log$/,
  /^remove \/data\/wal\/0{15}1.log$/,
  /^syncDirectory \/data\/wal$/,
  /^rename \/data\/snapshots\/new.partial$/,
  /^sync \/data\/snapshots\/manifest.json.new$/,
  /^rename \/data\/snapshots\/manifest.json.new$/,
  /^remove \/data\/snapshots\/0.*.snapshot$/,
];

/** A moment at which the machine stopped: what is on the disk, and how many writes may and must be there. */
interface Moment {
  readonly disk: SimDisk;
  readonly what: string;
  readonly acknowledged: number;
  readonly begun: number;
}

/** Carries out the writes, one behind the other, and stops the machine in every way at every disk call. */
async function record(disk: SimDisk): Promise<{ moments: Moment[]; states: string[] }> {
  const moments: Moment[] = [];
  const states: string[] = [await stateOf(disk.fork())];
  const calls = new Set<string>();
  let acknowledged = 0;
  let begun = 0;
  disk.onCall = (number, call, path) => {
    calls.add(`${call} ${path}`);
    for (const kind of crashKinds) {
      for (const seed of kind === "subset" || kind === "torn" ? [1, 2, 3] : [1]) {
        const what = `${kind} (${seed}) in call ${number}, ${call} ${path}, ${acknowledged} of ${begun} acknowledged`;
        moments.push({ disk: disk.afterCrash(kind, { seed }), what, acknowledged, begun });
      }
    }
  };
  const run = await DurableRun.start(disk, { segmentBytes });
  const client = run.client();
  for (const words of writes) {
    begun++;
    if (words[0] === "SAVE") await run.durable.save(true);
    else assert.doesNotMatch(await client.call(...words), /^-/);
    acknowledged++;
    states.push(stateIn(run));
  }
  await run.close();
  disk.onCall = undefined;
  for (const call of reached)
    assert.ok(
      [...calls].some((each) => call.test(each)),
      `${call} was reached`,
    );
  return { moments, states };
}

/** Everything: keys, values, deadlines, revisions, time. */
function stateIn({ engine }: DurableRun): string {
  return dump(engine).join("\n");
}

async function stateOf(disk: SimDisk): Promise<string> {
  const run = await DurableRun.start(disk, { segmentBytes });
  const state = stateIn(run);
  run.die();
  return state;
}

function checkState({ what, acknowledged, begun }: Moment, states: readonly string[], found: string): void {
  const possible = states.slice(acknowledged, begun + 1);
  assert.ok(possible.includes(found), `${what}: found ${found.slice(0, 200)}`);
}

test("wherever the machine stops, a start finds all that was acknowledged", async () => {
  const { moments, states } = await record(new SimDisk({ seed: 1 }));
  assert.ok(moments.length > 500, `${moments.length} crashes were tried`);
  for (const moment of moments) checkState(moment, states, await stateOf(moment.disk));
});

test("and so it does where it stops again, anywhere within that start", async () => {
  const { moments, states } = await record(new SimDisk({ seed: 2 }));
  let tried = 0;
  // Every 13th: all kinds and all calls take their turn.
  for (let i = 0; i < moments.length; i += 13) {
    const moment = moments[i]!;
    const again: Moment[] = [];
    moment.disk.onCall = (number, call, path) => {
      const kind = crashKinds[number % crashKinds.length]!;
      const what = `${moment.what}, then ${kind} in call ${number}, ${call} ${path}, of the start`;
      again.push({ ...moment, disk: moment.disk.afterCrash(kind, { seed: number }), what });
    };
    await stateOf(moment.disk);
    moment.disk.onCall = undefined;
    for (const second of again) checkState(second, states, await stateOf(second.disk));
    tried += again.length;
  }
  assert.ok(tried > 300, `${tried} crashes within a start were tried`);
});

test("what one start has shown, the next one shows, whatever was lost in between", async () => {
  const { moments } = await record(new SimDisk({ seed: 3 }));
  for (let i = 0; i < moments.length; i += 7) {
    const { disk, what } = moments[i]!;
    const shown = await stateOf(disk);
    for (const kind of crashKinds)
      assert.equal(await stateOf(disk.afterCrash(kind)), shown, `${what}, ${kind}`);
  }
});
