import { DataFolders } from "./data-folders.ts";
import { watchDisturbance } from "./measure/disturbance.ts";
import { UsageError } from "./options.ts";
import { inPairs, type PairRun } from "./pairs.ts";
import { startKvorum } from "./peers/kvorum.ts";
import { startRedis } from "./peers/redis.ts";
import { startServer } from "./peers/server.ts";
import { shown } from "./programs.ts";
import type { Figure, RowResult } from "./results.ts";
import type { Bench, Row, Start } from "./row.ts";

export interface RunOptions {
  readonly isQuick: boolean;
  readonly ours: readonly string[] | undefined;
  readonly against: readonly string[] | undefined;
  readonly note: (text: string) => void;
}

const pairs = 5;
const quickPairs = 2;

/** Runs one row and puts down what it took. */
export async function runRow(row: Row, options: RunOptions): Promise<RowResult> {
  using folders = new DataFolders();
  const commands = new Set<string>();
  const startedAt = performance.now();
  const disturbance = watchDisturbance();
  const { figures, ...findings } = await row.run(benchOf(row, options, commands, folders));
  const { name, work } = row;
  const { against } = options;
  return {
    name,
    work,
    peer: against === undefined ? row.peer : shown(against),
    commands: [...commands],
    seconds: Math.round((performance.now() - startedAt) / 1_000),
    disturbance: disturbance(),
    figures: against === undefined ? figures : figures.map(withoutRatioGoal),
    ...findings,
  };
}

/** What is to be reached beside Redis says nothing beside another peer. */
function withoutRatioGoal(figure: Figure): Figure {
  return figure.goal?.on === "ratio" ? { ...figure, goal: undefined } : figure;
}

function benchOf(row: Row, options: RunOptions, commands: Set<string>, folders: DataFolders): Bench {
  const { isQuick, ours, against, note } = options;
  const say = (text: string): void => note(`${row.name}: ${text}`);
  const noted = (start: Start): Start => {
    return async (storage) => {
      const server = await start(storage);
      commands.add(server.command);
      return server;
    };
  };
  const pairsOfRow = isQuick ? quickPairs : pairs;
  return {
    isQuick,
    pairs: pairsOfRow,
    peerName: against === undefined ? "Redis" : "the peer",
    canStore: [ours, against].every((command) => command === undefined || saysData(command)),
    startKvorum: noted(ours === undefined ? startKvorum : startOf("--ours", ours, folders)),
    startPeer: noted(against === undefined ? startRedis : startOf("--against", against, folders)),
    dataFolder: () => folders.make(),
    inPairs: (what, runOurs, runPeer, count = pairsOfRow) => {
      const announced = <T>(run: PairRun<T>, side: string): PairRun<T> => {
        return (pair) => {
          say(`${what}, pair ${pair + 1} of ${count}, ${side}`);
          return run(pair);
        };
      };
      return inPairs(count, announced(runOurs, "kvorum"), runPeer && announced(runPeer, "peer"));
    },
    note: say,
    started: (command) => commands.add(command),
  };
}

/** Starts what an option names. How it writes to the disk is its own business, as long as it does. */
function startOf(option: string, command: readonly string[], folders: DataFolders): Start {
  return async (storage) => {
    const hasFolder = saysData(command);
    if (storage !== undefined && !hasFolder) {
      throw new UsageError(
        `${option}: this row writes to the disk: the command must say DATA for its folder`,
      );
    }
    const folder = hasFolder ? (storage?.folder ?? folders.make()) : undefined;
    return startServer(option.slice(2), command, folder);
  };
}

function saysData(command: readonly string[]): boolean {
  return command.some((word) => word.includes("DATA"));
}
