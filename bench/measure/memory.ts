import { readFileSync } from "node:fs";

export interface Memory {
  /** Resident now. */
  readonly residentBytes: number;
  /** The most that ever was. */
  readonly peakBytes: number;
}

export function parseStatus(text: string): Memory {
  return { residentBytes: bytesOf(text, "VmRSS"), peakBytes: bytesOf(text, "VmHWM") };
}

export function memoryOf(pid: number): Memory {
  return parseStatus(readFileSync(`/proc/${pid}/status`, "latin1"));
}

function bytesOf(text: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text);
  if (match === null) throw new Error(`/proc/PID/status has no ${field}`);
  return Number(match[1]) * 1024;
}
