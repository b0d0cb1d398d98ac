import { readFileSync } from "node:fs";
import { cpuMicros, ticksPerSecond } from "./cpu.ts";

/** What else ran on the machine, in cores: 1 is a whole core all the time. */
export interface Disturbance {
  /** Programs that are not part of the benchmark. */
  readonly othersCores: number;
  /** What the host gave to other virtual machines. */
  readonly stolenCores: number;
}

/** More than this moves what is measured on two cores. */
export const disturbedCores = 0.1;

/** Times of all processors together, in ticks. */
export interface MachineTimes {
  readonly programs: number;
  readonly stolen: number;
}

/** Reads /proc/stat. Interrupts are left out: they are counted to no program, ours or another's. */
export function parseMachineTimes(text: string): MachineTimes {
  const [user, nice, system, , , , , stolen] = text
    .slice(0, text.indexOf("\n"))
    .replace(/^cpu\s+/, "")
    .split(" ")
    .map(Number);
  return { programs: user! + nice! + system!, stolen: stolen ?? 0 };
}

/** Begins to watch. The function that is returned tells what was seen since. */
export function watchDisturbance(): () => Disturbance {
  const before = sample();
  return () => {
    const now = sample();
    const seconds = (now.ms - before.ms) / 1_000;
    const cores = (ticks: number): number => Math.max(0, ticks / ticksPerSecond / seconds);
    const ours = now.ours - before.ours;
    return {
      othersCores: cores(now.programs - before.programs - ours),
      stolenCores: cores(now.stolen - before.stolen),
    };
  };
}

function sample(): MachineTimes & { readonly ms: number; readonly ours: number } {
  const ours = (cpuMicros([process.pid]) / 1_000_000) * ticksPerSecond;
  return { ...parseMachineTimes(readFileSync("/proc/stat", "latin1")), ours, ms: performance.now() };
}
