import { limits } from "../../base/limits.ts";
import type { Server } from "../server.ts";
import type { Settings } from "../settings.ts";
import { type Reading, readMemory, readMemoryOrPercent, readNumber, readWord } from "./config-values.ts";

/** A parameter of CONFIG. Values are latin1 texts: the bytes that the client sees. */
export interface Parameter {
  readonly name: string;
  readonly read: (server: Server) => string;
  /** Checks a value and gives what puts it in force, or what is wrong with it. Absent: not to be changed. */
  readonly change?: (text: string, settings: Settings) => Change;
}

export type Change = (() => void) | string;

type NumberSetting = "maxclients" | "slowlogMicros" | "slowlogEntries" | "latencyThresholdMs";

/** Everything that CONFIG knows. What has one possible value is there since clients and tools ask for it. */
export const parameters: readonly Parameter[] = [
  {
    name: "maxmemory",
    read: ({ settings }) => String(settings.maxmemoryBytes),
    change: (text, settings) =>
      changeTo(readMemory(text), (value) => {
        settings.maxmemoryBytes = value;
      }),
  },
  {
    name: "maxmemory-clients",
    read: ({ settings: { maxmemoryClients } }) =>
      maxmemoryClients < 0 ? `${-maxmemoryClients}%` : String(maxmemoryClients),
    change: (text, settings) =>
      changeTo(readMemoryOrPercent(text), (value) => {
        settings.maxmemoryClients = value;
      }),
  },
  {
    name: "timeout",
    read: ({ settings }) => String(Math.ceil(settings.idleMsMax / 1000)),
    change: (text, settings) =>
      changeTo(readNumber(text, 0, int32Max), (value) => {
        settings.idleMsMax = value * 1000;
      }),
  },
  {
    name: "requirepass",
    read: ({ settings }) => Buffer.from(settings.requirepass).toString("latin1"),
    change: changePassword,
  },
  numberParameter("maxclients", "maxclients", 1, limits.clientsConfiguredMax),
  numberParameter("slowlog-log-slower-than", "slowlogMicros", -1, Number.MAX_SAFE_INTEGER),
  numberParameter("slowlog-max-len", "slowlogEntries", 0, limits.slowlogEntriesMax),
  numberParameter("latency-monitor-threshold", "latencyThresholdMs", 0, Number.MAX_SAFE_INTEGER),
  wordParameter("appendonly", ["yes", "no"], "no"),
  wordParameter(
    "maxmemory-policy",
    "volatile-lru volatile-lfu volatile-random volatile-ttl allkeys-lru allkeys-lfu allkeys-random noeviction".split(
      " ",
    ),
    "noeviction",
  ),
  {
    name: "save",
    read: () => "",
    change: (text) => (text === "" ? () => {} : saveProblem(text)),
  },
  fixedParameter("databases", String(limits.databases)),
  fixedParameter("proto-max-bulk-len", String(limits.bulkBytesMax)),
  fixedParameter(
    "client-output-buffer-limit",
    `normal ${limits.outputBytesMax} 0 0 slave 0 0 0 pubsub ${limits.outputBytesMax} 0 0`,
  ),
  { name: "port", read: (server) => String(server.port) },
  { name: "bind", read: (server) => server.host },
  { name: "tcp-keepalive", read: ({ settings }) => String(Math.ceil(settings.tcpKeepAliveMs / 1000)) },
];

const byName: ReadonlyMap<string, Parameter> = new Map(parameters.map((p) => [p.name, p]));

/** By its name in any case. */
export function parameterNamed(name: string): Parameter | undefined {
  return byName.get(name.toLowerCase());
}

const int32Max = 2 ** 31 - 1;

function numberParameter(name: string, setting: NumberSetting, min: number, max: number): Parameter {
  return {
    name,
    read: ({ settings }) => String(settings[setting]),
    change: (text, settings) =>
      changeTo(readNumber(text, min, max), (value) => {
        settings[setting] = value;
      }),
  };
}

/** Has one possible value, and may be set to it. */
function wordParameter(name: string, known: readonly string[], possible: string): Parameter {
  return {
    name,
    read: () => possible,
    change: (text) => changeTo(readWord(text, known, possible), () => {}),
  };
}

function fixedParameter(name: string, value: string): Parameter {
  return { name, read: () => value };
}

function changeTo<T>(reading: Reading<T>, apply: (value: T) => void): Change {
  return "problem" in reading ? reading.problem : () => apply(reading.value);
}

/** Works for the next AUTH and the next client; who is in stays in, as in Redis. */
function changePassword(text: string, settings: Settings): Change {
  const bytes = Buffer.from(text, "latin1");
  const password = bytes.toString();
  if (bytes.length > limits.passwordBytesMax) {
    return `a password may have ${limits.passwordBytesMax} bytes`;
  }
  if (!Buffer.from(password).equals(bytes)) return "a password must be UTF-8";
  return () => {
    settings.requirepass = password;
  };
}

function saveProblem(text: string): string {
  const isValid = /^\s*[1-9]\d*\s+\d+(?:\s+[1-9]\d*\s+\d+)*\s*$/.test(text);
  return isValid ? "only an empty value is possible here: there is no disk" : "Invalid save parameters";
}
