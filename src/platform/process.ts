import { machine, release, totalmem, type } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** The process a node runs in, for INFO. */
export interface HostProcess {
  readonly id: number;
  /** The operating system: "Linux 6.1.0 x86_64". */
  readonly system: string;
  /** Memory of the machine. */
  readonly systemBytes: number;
  /** Memory that the process may use: the machine's, or what its container has of it. */
  readonly memoryBytes: number;
  /** Memory of the process that is in RAM. */
  residentBytes(): number;
  /** Processor time of the process so far. */
  cpuSeconds(): { readonly user: number; readonly system: number };
  /** Begins to watch how long the event loop keeps others waiting. */
  watchLoop(): LoopWatch;
}

export interface LoopWatch {
  /** The longest delay since the start, or the last reset. */
  readonly delayMsMax: number;
  reset(): void;
  stop(): void;
}

export const systemProcess: HostProcess = {
  id: process.pid,
  system: `${type()} ${release()} ${machine()}`,
  systemBytes: totalmem(),
  // 0 or more than there is: no container.
  memoryBytes: Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem()),
  residentBytes: () => process.memoryUsage.rss(),
  cpuSeconds() {
    const { user, system } = process.cpuUsage();
    return { user: user / 1e6, system: system / 1e6 };
  },
  watchLoop,
};

/** How often a delay is looked for. What is measured is the time between two looks. */
const lookMs = 10;

function watchLoop(): LoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: lookMs });
  histogram.enable();
  return {
    get delayMsMax() {
      return Math.max(0, histogram.max / 1e6 - lookMs);
    },
    reset: () => histogram.reset(),
    stop: () => void histogram.disable(),
  };
}
