import { readdirSync, readFileSync } from "node:fs";

/** The unit of times in /proc, fixed in Linux' interface to programs: USER_HZ. */
export const ticksPerSecond = 100;

/** Times of a process with all its threads, in ticks. */
export interface StatTimes {
  readonly own: number;
  /** Of children that have ended and were waited for. */
  readonly endedChildren: number;
}

/** Reads user and system time out of /proc/PID/stat. */
export function parseStat(text: string): StatTimes {
  // The program's name stands in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number);
  return { own: user! + system!, endedChildren: childUser! + childSystem! };
}

/** User and system time of processes and all that descends from them, so far. */
export function cpuMicros(pids: readonly number[]): number {
  return micros(pids.reduce((sum, pid) => sum + ticksOf(pid), 0));
}

/** What children of this very process have used that have ended. */
export function endedChildrenMicros(): number {
  return micros(parseStat(readFileSync("/proc/self/stat", "latin1")).endedChildren);
}

function micros(ticks: number): number {
  return (ticks * 1_000_000) / ticksPerSecond;
}

function ticksOf(pid: number): number {
  const { own, endedChildren } = parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  return childrenOf(pid).reduce((sum, child) => sum + ticksOfChild(child), own + endedChildren);
}

/** A child may end while we look. */
function ticksOfChild(pid: number): number {
  try {
    return ticksOf(pid);
  } catch {
    return 0;
  }
}

/** Each thread lists the children that it started. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").split(" ").filter(Boolean).map(Number),
  );
}
