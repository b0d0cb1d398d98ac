import { type Address, isLoopback } from "../base/address.ts";
import { editDistance, nearestName } from "../base/nearest-name.ts";
import { peerPortAbove } from "../peers/about.ts";
import type { ServerSettings } from "../server/settings.ts";
import { ConfigError } from "./config-error.ts";
import { type ConfigFile, type FileEntry, Nested, readConfigFile } from "./config-file.ts";
import { numberOfShare, readNodeList } from "./config-kinds.ts";
import {
  type Issue,
  type LogLevel,
  readSettings,
  type Setting,
  type SettingName,
  type SettingValues,
  settings,
  textOf,
} from "./config-schema.ts";

import type { PlaceConfig } from "./place.ts";

/** What a node is started with. */
export interface NodeConfig {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Where other members connect; port 0 takes any free one. */
  readonly peerListen: Address;
  /** Where others reach its clients' port, if not where it listens. */
  readonly announce: Address | undefined;
  readonly place: PlaceConfig;
  /** Voters that hold a write before it is answered; 0: a majority. */
  readonly writeQuorum: number;
  readonly writeTimeoutMs: number;
  readonly electionTimeoutMs: number;
  readonly memory: boolean;
  /** Where the log and the snapshots are. */
  readonly data: string;
  readonly fsync: "always" | "interval";
  /** Bytes of the log from which on snapshots are taken; 0: only when asked to. */
  readonly snapshotLogBytes: number;
  readonly insecure: boolean;
  readonly loglevel: LogLevel;
  readonly server: Readonly<ServerSettings>;
  /** Where each value came from: "--listen", "KVORUM_LISTEN", "kvorum.yaml:3", "default". */
  readonly sources: Readonly<Record<SettingName, string>>;
}

/** A setting as it is in force. A secret's value is not shown. */
export interface SettingInForce {
  readonly name: SettingName;
  readonly value: string | number | boolean;
  readonly source: string;
}

export interface ConfigInput {
  /** By the settings' names; absent where the flag was not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file?: ConfigFile | undefined;
}

export interface ConfigReading {
  readonly config: NodeConfig;
  readonly settings: readonly SettingInForce[];
  /** Why a node must not be started with it, although each setting by itself is right. */
  readonly refusals: readonly string[];
}

/** The variable that names the configuration file where `--config` does not. */
export const configFileVariable = "KVORUM_CONFIG";

interface Given {
  readonly value: unknown;
  readonly source: string;
}

/** Flags over environment over file over defaults; throws ConfigError with all problems at once. */
export function readConfig(input: ConfigInput): ConfigReading {
  const { entries, problems } = input.file ? readConfigFile(input.file) : { entries: [], problems: [] };
  problems.push(...misspelledVariables(input.environment));
  const given = gather(input, entries);
  const values = readSettings(Object.fromEntries([...given].map(([name, { value }]) => [name, value])));
  if (isIssues(values)) problems.push(...values.map((issue) => problemOf(issue, given)));
  if (isIssues(values) || problems.length > 0) throw new ConfigError(problems);
  const sources = Object.fromEntries(
    settings.map(({ name }) => [name, given.get(name)?.source ?? "default"]),
  );
  const config = toConfig(values, sources as Record<SettingName, string>);
  return { config, settings: inForce(values, config), refusals: refusalsOf(config) };
}

function isIssues(values: SettingValues | readonly Issue[]): values is readonly Issue[] {
  return Array.isArray(values);
}

/** What was given for each setting, by the highest that gave it. Unknown names of the file are kept. */
function gather({ flags, environment }: ConfigInput, entries: readonly FileEntry[]): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const { name, value, source } of entries) given.set(name, { value, source });
  for (const { name, flag, variable } of settings) {
    // An empty variable is how compose files and shells say "not set".
    const text = environment[variable];
    if (text !== undefined && text !== "") given.set(name, { value: text, source: variable });
    if (flags[name] !== undefined) given.set(name, { value: flags[name], source: flag });
  }
  return given;
}

/**
 * A variable that is nearly one of ours was meant to be it. Others are left alone: container platforms
 * make variables such as KVORUM_PORT of a service's name.
 */
function misspelledVariables(environment: ConfigInput["environment"]): string[] {
  const known = [...settings.map(({ variable }) => variable), configFileVariable];
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith("KVORUM_") || known.includes(name)) return [];
    const meant = known.find((variable) => editDistance(name, variable) <= 2);
    return meant === undefined ? [] : [`${name}: there is no such variable; did you mean ${meant}?`];
  });
}

function problemOf({ name, expected }: Issue, given: ReadonlyMap<string, Given>): string {
  const { value, source } = given.get(name)!;
  if (expected === undefined) {
    const meant = nearestName(
      name,
      settings.map((setting) => setting.name),
    );
    const hint = meant === undefined ? "`kvorum config` lists all" : `did you mean ${meant}?`;
    return `${name} (${source}): there is no such setting; ${hint}`;
  }
  const isSecret = settings.some((setting) => setting.name === name && setting.isSecret);
  return `${name} (${source}): expected ${expected}${isSecret ? "" : `, got ${shown(value)}`}`;
}

function shown(value: unknown): string {
  if (value instanceof Nested) return value.kind;
  return value === null ? "nothing" : JSON.stringify(value);
}

function toConfig(values: SettingValues, sources: NodeConfig["sources"]): NodeConfig {
  return {
    id: values.id,
    host: values.listen.host,
    port: values.listen.port,
    peerListen: values["peer-listen"] || peerListenOf(values.listen),
    announce: values.announce || undefined,
    place: {
      listed: readNodeList(values.cluster)!,
      join: values.join || values["replica-of"] || undefined,
      wantsVote: values["replica-of"] === "",
      syncsLate: values.fsync === "interval",
      secret: values["cluster-secret"],
    },
    writeQuorum: values["write-quorum"],
    writeTimeoutMs: values["write-timeout"],
    electionTimeoutMs: values["election-timeout"],
    memory: values.memory,
    data: values.data === "" ? `./kvorum-data/${values.id}` : values.data,
    fsync: values.fsync,
    snapshotLogBytes: values["snapshot-log-size"],
    insecure: values.insecure,
    loglevel: values.loglevel,
    server: {
      redirect: values.redirect,
      readMode: values["read-mode"],
      readQuorum: values["read-quorum"],
      requirepass: values.requirepass,
      maxclients: values.maxclients,
      idleMsMax: values.timeout * 1000,
      tcpKeepAliveMs: values["tcp-keepalive"] * 1000,
      maxmemoryBytes: values.maxmemory,
      maxmemoryClients: numberOfShare(values["maxmemory-clients"]),
      slowlogMicros: values["slowlog-log-slower-than"],
      slowlogEntries: values["slowlog-max-len"],
      latencyThresholdMs: values["latency-monitor-threshold"],
    },
    sources,
  };
}

/** Above the highest port there is none: then any free one. */
function peerListenOf({ host, port }: Address): Address {
  const above = port === 0 ? 0 : port + peerPortAbove;
  return { host, port: above <= 65_535 ? above : 0 };
}

function inForce(values: SettingValues, { sources }: NodeConfig): SettingInForce[] {
  return settings.map((setting: Setting) => {
    const value = values[setting.name];
    const plain = typeof value === "object" ? textOf(value) : value;
    return {
      name: setting.name,
      value: setting.isSecret && plain !== "" ? "(hidden)" : plain,
      source: sources[setting.name],
    };
  });
}

/** Rules that concern several settings. */
function refusalsOf(config: NodeConfig): string[] {
  const { host, memory, insecure, server, sources } = config;
  const refusals: string[] = [];
  for (const name of ["data", "fsync", "cluster", "join", "replica-of"] as const) {
    if (!memory || sources[name] === "default") continue;
    refusals.push(
      `${name} (${sources[name]}): memory (${sources.memory}) keeps nothing on a disk; leave one of them out`,
    );
  }
  if (!isLoopback(host) && server.requirepass === "" && !insecure) {
    refusals.push(
      `listen (${sources.listen}): ${host} can be reached from other machines; set KVORUM_REQUIREPASS, or add --insecure`,
    );
  }
  if (!memory) refusals.push(...placeRefusalsOf(config));
  refusals.push(...quorumRefusalsOf(config));
  return refusals;
}

/** Of a node among others. */
function placeRefusalsOf({
  id,
  fsync,
  insecure,
  place,
  peerListen,
  announce,
  sources,
}: NodeConfig): string[] {
  const refusals: string[] = [];
  const { listed, join, secret } = place;
  const given = (["cluster", "join", "replica-of"] as const).filter((name) => sources[name] !== "default");
  if (given.length > 1)
    refusals.push(
      `${given.join(" and ")}: a node comes into being in one of these ways; leave the others out`,
    );
  if (listed.size > 0 && !listed.has(id))
    refusals.push(`cluster (${sources.cluster}): ${id} is not among its members; check --id (${sources.id})`);
  if ((listed.size > 1 || (join !== undefined && place.wantsVote)) && fsync !== "always")
    refusals.push(
      `fsync (${sources.fsync}): votes between several members rest on what a disk has promised; only one voter may sync now and then`,
    );
  if (!isLoopback(peerListen.host) && secret === "" && !insecure)
    refusals.push(
      `peer-listen (${sources["peer-listen"]}): ${peerListen.host} can be reached from other machines; set KVORUM_CLUSTER_SECRET, or add --insecure`,
    );
  if ((listed.size > 1 || join !== undefined) && announce === undefined && isEverywhere(peerListen.host))
    refusals.push(
      `announce (${sources.announce}): others cannot reach ${peerListen.host}; say where they find this node`,
    );
  return refusals;
}

/** W and R of a cluster whose members are listed: between a majority of them and all. */
function quorumRefusalsOf({ place, writeQuorum, server, sources }: NodeConfig): string[] {
  const voters = place.listed.size;
  const majority = Math.floor(voters / 2) + 1;
  const quorums = [
    ["write-quorum", writeQuorum],
    ["read-quorum", server.readQuorum],
  ] as const;
  return quorums.flatMap(([name, quorum]) => {
    if (voters === 0 || quorum === 0 || (quorum >= majority && quorum <= voters)) return [];
    const range = majority === voters ? `${majority}` : `${majority} to ${voters}`;
    const why = quorum < majority ? "fewer than a majority promise nothing" : "there are no more";
    return [`${name} (${sources[name]}): of ${voters} voters (--cluster), ${range} are possible: ${why}`];
  });
}

function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
