import { watchDisturbance } from "./measure/disturbance.ts";
import { inPairs, type PairRun } from "./pairs.ts";
import { startKvorum } from "./peers/kvorum.ts";
import { startRedis } from "./peers/redis.ts";
import type { Server } from "./peers/server.ts";
import type { RowResult } from "./results.ts";
import type { Bench, Row } from "./row.ts";

export interface RunOptions {
  readonly isQuick: boolean;
  readonly ours: readonly string[] | undefined;
  readonly note: (text: string) => void;
}

const pairs = 5;
const quickPairs = 2;

/** Runs one row and puts down what it took. */
export async function runRow(row: Row, options: RunOptions): Promise<RowResult> {
  const commands = new Set<string>();
  const startedAt = performance.now();
  const disturbance = watchDisturbance();
  const findings = await row.run(benchOf(row, options, commands));
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  const { name, work, peer } = row;
  return { name, work, peer, commands: [...commands], seconds, disturbance: disturbance(), ...findings };
}

function benchOf(row: Row, { isQuick, ours, note }: RunOptions, commands: Set<string>): Bench {
  const say = (text: string): void => note(`${row.name}: ${text}`);
  const starting = async (server: Promise<Server>): Promise<Server> => {
    commands.add((await server).command);
    return server;
  };
  const pairsOfRow = isQuick ? quickPairs : pairs;
  return {
    isQuick,
    pairs: pairsOfRow,
    startKvorum: () => starting(startKvorum(ours)),
    startRedis: () => starting(startRedis()),
    inPairs: (what, runOurs, runPeer, count = pairsOfRow) => {
      const announced = <T>(run: PairRun<T>, side: string): PairRun<T> => {
        return (pair) => {
          say(`${what}, pair ${pair + 1} of ${count}, ${side}`);
          return run(pair);
        };
      };
      return inPairs(count, announced(runOurs, "kvorum"), announced(runPeer, "peer"));
    },
    note: say,
    started: (command) => commands.add(command),
  };
}
