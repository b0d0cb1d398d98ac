import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { version } from "../../src/base/version.ts";
import { isInstalled } from "../programs.ts";

/** Where it was measured, in general words: nothing here names a machine or its owner. */
export interface Machine {
  readonly cores: number;
  readonly memoryGiB: number;
  readonly processor: string;
  readonly isVirtual: boolean;
  /** "Linux 6.1" */
  readonly kernel: string;
  readonly versions: Readonly<Record<"kvorum" | "Node.js" | "Redis", string> & { etcd?: string }>;
}

export function describeMachine(): Machine {
  const processorInfo = readFileSync("/proc/cpuinfo", "latin1");
  return {
    // All of them: this program itself has left one to the servers.
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    processor: processorOf(processorInfo),
    isVirtual: /^flags\s*:.*\bhypervisor\b/m.test(processorInfo),
    kernel: `${os.type()} ${shortRelease(os.release())}`,
    versions: {
      kvorum: version,
      "Node.js": process.versions.node,
      Redis: redisVersionOf(execFileSync("redis-server", ["--version"], { encoding: "utf8" })),
      ...(isInstalled("etcd") && {
        etcd: etcdVersionOf(execFileSync("etcd", ["--version"], { encoding: "utf8" })),
      }),
    },
  };
}

/** Some machines do not name their processor. */
export function processorOf(processorInfo: string): string {
  const name = /^model name\s*:\s*(.+)$/m.exec(processorInfo)?.[1] ?? "";
  return name.replace(/\((?:R|TM)\)/gi, "").trim() || process.arch;
}

/** "6.1" of "6.1.0-18-amd64": the rest may name who built it. */
export function shortRelease(release: string): string {
  return release.split(".").slice(0, 2).join(".");
}

export function etcdVersionOf(text: string): string {
  return /^etcd Version: ([\d.]+)/.exec(text)?.[1] ?? "unknown";
}

export function redisVersionOf(text: string): string {
  return /\bv=([\d.]+)/.exec(text)?.[1] ?? "unknown";
}
