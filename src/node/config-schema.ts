import { z } from "zod";
import { type Address, formatAddress } from "../base/address.ts";
import { limits } from "../base/limits.ts";
import { nodeIdExpected, nodeIdPattern } from "../base/node-id.ts";
import {
  address,
  addressOrNone,
  byteCount,
  bytesOrShare,
  type Kind,
  nodeList,
  oneOf,
  text,
  wholeNumber,
  yesOrNo,
} from "./config-kinds.ts";

/** How much is logged. "silent" is for tests and benchmarks. */
export const logLevels = ["error", "info", "debug", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];

/** The settings by their names, each with the type it is read as. */
export interface SettingValues {
  readonly id: string;
  readonly listen: Address;
  readonly "peer-listen": Address | "";
  readonly announce: Address | "";
  readonly data: string;
  readonly memory: boolean;
  readonly cluster: string;
  readonly join: Address | "";
  readonly "replica-of": Address | "";
  readonly "cluster-secret": string;
  readonly redirect: "forward" | "moved";
  readonly "read-mode": "linearizable" | "quorum" | "stale";
  readonly "read-quorum": number;
  readonly "write-quorum": number;
  readonly "write-timeout": number;
  readonly "election-timeout": number;
  readonly fsync: "always" | "interval";
  readonly "snapshot-log-size": number;
  readonly requirepass: string;
  readonly insecure: boolean;
  readonly maxclients: number;
  readonly timeout: number;
  readonly "tcp-keepalive": number;
  readonly maxmemory: number;
  readonly "maxmemory-clients": string;
  readonly "slowlog-log-slower-than": number;
  readonly "slowlog-max-len": number;
  readonly "latency-monitor-threshold": number;
  readonly loglevel: LogLevel;
}

export type SettingName = keyof SettingValues;

interface About<T> {
  readonly initial: T;
  /** What a value is called in --help; absent for a switch. */
  readonly placeholder?: string;
  readonly help: string;
  readonly isSecret?: boolean;
}

type Shape = { readonly [Name in SettingName]: z.ZodType<SettingValues[Name]> };

/**
 * Every setting of a node: the one place of names, defaults and help. A key is the name in the
 * configuration file; the flag and the environment variable are made of it. Names that Redis has mean
 * what they mean there.
 */
const shape: Shape = {
  id: setting(text(nodeIdPattern, nodeIdExpected), {
    initial: "n1",
    placeholder: "ID",
    help: "name of this node",
  }),
  listen: setting(address, {
    initial: { host: "127.0.0.1", port: 6379 },
    placeholder: "HOST:PORT",
    help: "where clients connect; port 0 takes any free one",
  }),
  "peer-listen": setting(addressOrNone, {
    initial: "",
    placeholder: "HOST:PORT",
    help: "where other members connect; empty: 10000 above --listen",
  }),
  announce: setting(addressOrNone, {
    initial: "",
    placeholder: "HOST:PORT",
    help: "where others reach this node's --listen, if that is another address; members are told the same host",
  }),
  data: setting(text(/^[^\0]*$/, "a directory"), {
    initial: "",
    placeholder: "DIR",
    help: "directory of the log and the snapshots; empty: ./kvorum-data/ID",
  }),
  memory: setting(yesOrNo, { initial: false, help: "keep everything in memory: a stop loses it" }),
  cluster: setting(nodeList, {
    initial: "",
    placeholder: "ID=HOST:PEERPORT,…",
    help: "first start of a cluster: all its members, this node among them; later: where they are now, if that has changed",
  }),
  join: setting(addressOrNone, {
    initial: "",
    placeholder: "HOST:PORT",
    help: "first start: become a voting member of the cluster of the node that runs there",
  }),
  "replica-of": setting(addressOrNone, {
    initial: "",
    placeholder: "HOST:PORT",
    help: "first start: become a learner of that cluster, an asynchronous read replica",
  }),
  "cluster-secret": setting(
    text(/^[^\0]{0,512}$/, "text of at most 512 characters (in quotes where it is a number)"),
    {
      initial: "",
      placeholder: "SECRET",
      help: "members must know it; better set it with the environment variable",
      isSecret: true,
    },
  ),
  redirect: setting(oneOf(["forward", "moved"] as const), {
    initial: "forward",
    placeholder: "HOW",
    help: "what a node that does not lead does with commands of keys: forward brings them to the leader, moved tells the client where it is",
  }),
  "read-mode": setting(oneOf(["linearizable", "quorum", "stale"] as const), {
    initial: "linearizable",
    placeholder: "MODE",
    help: "how reads are answered where a client does not say: linearizable sees all that was acknowledged; quorum as well, without the leader; stale what this node has",
  }),
  "read-quorum": setting(wholeNumber(0, 99), {
    initial: 0,
    placeholder: "R",
    help: "voters that a read of the mode quorum asks; 0: a majority, which is the least",
  }),
  "write-quorum": setting(wholeNumber(0, 99), {
    initial: 0,
    placeholder: "W",
    help: "voters that hold a write before it is answered; never fewer than a majority, which 0 stands for",
  }),
  "write-timeout": setting(wholeNumber(100, 600_000), {
    initial: 5_000,
    placeholder: "MILLISECONDS",
    help: "a write that is not known to be committed after so long is answered UNKNOWN_OUTCOME",
  }),
  "election-timeout": setting(wholeNumber(100, 60_000), {
    initial: 500,
    placeholder: "MILLISECONDS",
    help: "members that hear no leader for this long, up to twice, elect one; the same on all members",
  }),
  fsync: setting(oneOf(["always", "interval"] as const), {
    initial: "always",
    placeholder: "WHEN",
    help: "always: a write is on the disk before it is answered; interval: within a second",
  }),
  "snapshot-log-size": setting(byteCount, {
    initial: 64 * 1024 ** 2,
    placeholder: "BYTES",
    help: "take a snapshot when the log has more than this, and more than the data; 0: only when asked to",
  }),
  requirepass: setting(
    text(/^[^\0]{0,512}$/, "text of at most 512 characters (in quotes where it is a number)"),
    {
      initial: "",
      placeholder: "PASSWORD",
      help: "clients must give this password; better set it with the environment variable",
      isSecret: true,
    },
  ),
  insecure: setting(yesOrNo, { initial: false, help: "allow other machines to connect without a password" }),
  maxclients: setting(wholeNumber(1, limits.clientsConfiguredMax), {
    initial: limits.clientsMax,
    placeholder: "COUNT",
    help: "connections at a time",
  }),
  timeout: setting(wholeNumber(0, limits.timeoutSecondsMax), {
    initial: 0,
    placeholder: "SECONDS",
    help: "close clients that say nothing for so long; 0: never",
  }),
  "tcp-keepalive": setting(wholeNumber(0, limits.timeoutSecondsMax), {
    initial: 300,
    placeholder: "SECONDS",
    help: "probe silent connections after so long; 0: never",
  }),
  maxmemory: setting(byteCount, {
    initial: 0,
    placeholder: "BYTES",
    help: "refuse growth beyond this, as in 500mb; 0: no limit",
  }),
  "maxmemory-clients": setting(bytesOrShare, {
    initial: `${limits.clientsPercent}%`,
    placeholder: "BYTES",
    help: "cut off the clients that hold the most when all together hold more than this, in bytes or in percent of the memory there is; 0: no limit",
  }),
  "slowlog-log-slower-than": setting(wholeNumber(-1, Number.MAX_SAFE_INTEGER), {
    initial: 10_000,
    placeholder: "MICROSECONDS",
    help: "note commands that take so long in SLOWLOG; -1: none",
  }),
  "slowlog-max-len": setting(wholeNumber(0, limits.slowlogEntriesMax), {
    initial: limits.slowlogEntries,
    placeholder: "COUNT",
    help: "commands that SLOWLOG keeps",
  }),
  "latency-monitor-threshold": setting(wholeNumber(0, Number.MAX_SAFE_INTEGER), {
    initial: 0,
    placeholder: "MILLISECONDS",
    help: "note events that take so long in LATENCY; 0: none",
  }),
  loglevel: setting(oneOf(logLevels), {
    initial: "info",
    placeholder: "LEVEL",
    help: `how much is logged: ${logLevels.join(", ")}`,
  }),
};

function setting<T>(kind: Kind<T>, about: About<T>): z.ZodType<T> {
  return kind.default(about.initial as z.core.util.NoUndefined<T>).meta({ ...about });
}

/** A setting as --help, `kvorum config` and the documentation show it. */
export interface Setting {
  readonly name: SettingName;
  /** "--tcp-keepalive" */
  readonly flag: string;
  /** "KVORUM_TCP_KEEPALIVE" */
  readonly variable: string;
  readonly placeholder: string | undefined;
  readonly help: string;
  /** The default as text. */
  readonly initial: string;
  readonly isSecret: boolean;
}

export const settings: readonly Setting[] = (Object.keys(shape) as SettingName[]).map((name) => {
  const { initial, placeholder, help, isSecret = false } = shape[name].meta() as unknown as About<unknown>;
  return {
    name,
    flag: `--${name}`,
    variable: `KVORUM_${name.toUpperCase().replaceAll("-", "_")}`,
    placeholder,
    help,
    initial: textOf(initial),
    isSecret,
  };
});

/** A value as it would be written into the file. */
export function textOf(value: unknown): string {
  return typeof value === "object" && value !== null ? formatAddress(value as Address) : String(value);
}

export interface Issue {
  readonly name: string;
  /** What the setting expects; undefined: there is no such setting. */
  readonly expected: string | undefined;
}

/** Reads all settings at once: the values, or everything that is wrong with them. */
export function readSettings(raw: Readonly<Record<string, unknown>>): SettingValues | readonly Issue[] {
  const result = z.strictObject(shape).safeParse(raw);
  if (result.success) return result.data as SettingValues;
  return result.error.issues.flatMap((issue): Issue[] =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((name) => ({ name, expected: undefined }))
      : [{ name: issue.path.join("."), expected: issue.message }],
  );
}
