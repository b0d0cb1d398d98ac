import { limits } from "../../base/limits.ts";
import { version } from "../../base/version.ts";
import { commands } from "../../protocol/spec/table.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";
import { isLedBySelf, replicationId, type Standing, standingOf } from "../standing.ts";
import { redisVersion } from "./hello.ts";
import { lastSaveMs } from "./persistence.ts";
import { followersOf } from "./replication.ts";

export type Field = readonly [name: string, value: string | number];

/** A part of INFO. The names of the fields are Redis'; what has no counterpart here is left out. */
export interface Section {
  readonly title: string;
  /** Shown when no section is asked for. */
  readonly isUsual: boolean;
  readonly fields: (server: Server) => readonly Field[];
}

/** In the order in which they are shown. */
export const sections: readonly Section[] = [
  { title: "Server", isUsual: true, fields: serverFields },
  { title: "Clients", isUsual: true, fields: clientFields },
  { title: "Memory", isUsual: true, fields: memoryFields },
  { title: "Persistence", isUsual: true, fields: persistenceFields },
  { title: "Stats", isUsual: true, fields: statsFields },
  { title: "Replication", isUsual: true, fields: replicationFields },
  { title: "CPU", isUsual: true, fields: cpuFields },
  { title: "Modules", isUsual: true, fields: () => [] },
  { title: "Commandstats", isUsual: false, fields: commandFields },
  { title: "Errorstats", isUsual: true, fields: errorFields },
  { title: "Cluster", isUsual: true, fields: clusterFields },
  { title: "Keyspace", isUsual: true, fields: keyspaceFields },
];

const daySeconds = 86_400;

function serverFields(server: Server): Field[] {
  const { parts, port, clock, stats } = server;
  const upSeconds = Math.floor((clock.monotonicMs() - stats.startedMs) / 1000);
  return [
    ["redis_version", redisVersion],
    ["kvorum_version", version],
    ["redis_mode", standingOf(server)?.isCluster ? "cluster" : "standalone"],
    ["os", parts.process.system],
    ["arch_bits", 64],
    ["process_id", parts.process.id],
    ["run_id", parts.runId],
    ["node_id", parts.nodeId],
    ["tcp_port", port],
    ["server_time_usec", clock.wallMs() * 1000],
    ["uptime_in_seconds", upSeconds],
    ["uptime_in_days", Math.floor(upSeconds / daySeconds)],
  ];
}

function clientFields({ clients, settings }: Server): Field[] {
  return [
    ["connected_clients", clients.size],
    ["cluster_connections", 0],
    ["maxclients", settings.maxclients],
    ["client_recent_max_input_buffer", largest(clients.values(), ({ keptRoomBytes }) => keptRoomBytes)],
    ["client_recent_max_output_buffer", largest(clients.values(), outputRoomBytes)],
    ["blocked_clients", countBlocked(clients.values())],
    ["tracking_clients", 0],
  ];
}

/** Of the clients that are there now. */
function largest(clients: Iterable<Connection>, bytesOf: (client: Connection) => number): number {
  let bytes = 0;
  for (const client of clients) bytes = Math.max(bytes, bytesOf(client));
  return bytes;
}

function outputRoomBytes({ out, sendingRoomBytes }: Connection): number {
  return out.buffer.length + sendingRoomBytes;
}

function countBlocked(clients: Iterable<Connection>): number {
  let blocked = 0;
  for (const { late } of clients) if (late.isBlocked) blocked++;
  return blocked;
}

function memoryFields(server: Server): Field[] {
  const { parts, stats, settings, replica, clientMemory } = server;
  const used = server.usedBytes();
  const peak = Math.max(used, stats.peakBytes);
  const resident = parts.process.residentBytes();
  const dataset = replica.store.residentBytes;
  return [
    ...bytesFields("used_memory", used),
    ...bytesFields("used_memory_rss", resident),
    ...bytesFields("used_memory_peak", peak),
    ["used_memory_peak_perc", percent(used, peak)],
    ["used_memory_overhead", used - dataset],
    ["used_memory_startup", stats.emptyProcessBytes],
    ["used_memory_dataset", dataset],
    ["used_memory_dataset_perc", percent(dataset, used)],
    ...bytesFields("total_system_memory", parts.process.systemBytes),
    ...bytesFields("maxmemory", settings.maxmemoryBytes),
    ["maxmemory_policy", "noeviction"],
    ["mem_fragmentation_ratio", (resident / Math.max(1, used)).toFixed(2)],
    ["mem_not_counted_for_evict", clientMemory.bytes],
    ["mem_clients_slaves", 0],
    ["mem_clients_normal", clientMemory.bytes],
  ];
}

function bytesFields(name: string, bytes: number): Field[] {
  return [
    [name, bytes],
    [`${name}_human`, inWords(bytes)],
  ];
}

/** As Redis shows bytes: 512B, 1.25M. */
function inWords(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(5, Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? `${bytes}B` : `${(bytes / 1024 ** power).toFixed(2)}${"KMGTP"[power - 1]}`;
}

function percent(part: number, whole: number): string {
  return `${((part * 100) / Math.max(1, whole)).toFixed(2)}%`;
}

/** Snapshots go by Redis' rdb fields, and the log by its aof fields. */
function persistenceFields(server: Server): Field[] {
  const { replica } = server;
  const { persistence, trouble } = replica;
  const isLoading = trouble?.everything !== undefined;
  const fields: Field[] = [
    ["loading", isLoading ? 1 : 0],
    ["async_loading", 0],
    ["rdb_changes_since_last_save", persistence?.entriesSinceSave ?? 0],
    ["rdb_bgsave_in_progress", persistence?.isSaving ? 1 : 0],
    ["rdb_last_save_time", Math.floor(lastSaveMs(server) / 1000)],
    ["rdb_last_bgsave_status", (persistence?.lastSaveOk ?? true) ? "ok" : "err"],
    ["aof_enabled", persistence === undefined ? 0 : 1],
    ["aof_rewrite_in_progress", 0],
    ["aof_rewrite_scheduled", 0],
    ["aof_last_bgrewrite_status", "ok"],
    ["aof_last_write_status", (persistence?.diskState ?? "ok") === "ok" ? "ok" : "err"],
  ];
  if (persistence === undefined) return fields;
  fields.push(["aof_current_size", persistence.logBytes]);
  fields.push(["fsync", persistence.fsync], ["disk_state", persistence.diskState]);
  if (isLoading) fields.push(["loading_loaded_perc", (persistence.loaded * 100).toFixed(2)]);
  return fields;
}

function statsFields(server: Server): Field[] {
  const { stats, replica, loop } = server;
  const { hits, misses } = server.keyReads();
  return [
    ["total_connections_received", stats.acceptedClients],
    ["total_commands_processed", stats.commandsProcessed],
    ["instantaneous_ops_per_sec", Math.round(stats.commandRate.perSecond)],
    ["total_net_input_bytes", stats.receivedBytes],
    ["total_net_output_bytes", stats.sentBytes],
    ["instantaneous_input_kbps", (stats.receivedRate.perSecond / 1024).toFixed(2)],
    ["instantaneous_output_kbps", (stats.sentRate.perSecond / 1024).toFixed(2)],
    ["rejected_connections", stats.rejectedClients],
    ["expired_keys", replica.store.expiredKeys - stats.expiredKeysBefore],
    ["evicted_keys", 0],
    ["evicted_clients", stats.evictedClients],
    ["keyspace_hits", hits],
    ["keyspace_misses", misses],
    ["pubsub_channels", 0],
    ["pubsub_patterns", 0],
    ["total_error_replies", stats.errorReplies],
    ["protocol_errors", stats.protocolErrors],
    ["client_output_buffer_limit_disconnections", stats.overflowedClients],
    ["eventloop_delay_max_ms", loop.delayMsMax.toFixed(2)],
  ];
}

/** Offsets are entries of the log. A replica that forwards takes writes as well. */
function replicationFields(server: Server): Field[] {
  const standing = standingOf(server);
  return [
    ...(isLedBySelf(standing) ? leaderFields(standing) : followerFields(standing, server)),
    ["master_failover_state", "no-failover"],
    ["master_replid", replicationId(server)],
    ["master_replid2", "0".repeat(40)],
    ["master_repl_offset", standing?.self.index ?? 0],
    ["second_repl_offset", -1],
    ["repl_backlog_active", 0],
    ["repl_backlog_size", 0],
    ["repl_backlog_first_byte_offset", 0],
    ["repl_backlog_histlen", 0],
  ];
}

function leaderFields(standing: Standing): Field[] {
  const followers = followersOf(standing);
  return [
    ["role", "master"],
    ["connected_slaves", followers.length],
    ...followers.map(({ client, link, index, silentMs }, i): Field => {
      const state = link === "loading" ? "send_bulk" : "online";
      const lag = Math.floor(silentMs / 1000);
      return [
        `slave${i}`,
        `ip=${client!.host},port=${client!.port},state=${state},offset=${index},lag=${lag}`,
      ];
    }),
  ];
}

function followerFields(standing: Standing | undefined, { replica, settings }: Server): Field[] {
  const leader = standing?.leader;
  const offset = standing?.self.index ?? 0;
  return [
    ["role", "slave"],
    ["master_host", leader?.client?.host ?? ""],
    ["master_port", leader?.client?.port ?? 0],
    ["master_link_status", leader === undefined ? "down" : "up"],
    ["master_last_io_seconds_ago", leader === undefined ? -1 : 0],
    ["master_sync_in_progress", replica.trouble?.everything === undefined ? 0 : 1],
    ["slave_read_repl_offset", offset],
    ["slave_repl_offset", offset],
    ["slave_priority", 100],
    ["slave_read_only", settings.redirect === "moved" ? 1 : 0],
    ["replica_announced", 1],
    ["connected_slaves", 0],
  ];
}

/** As CLUSTER answers. */
function clusterFields(server: Server): Field[] {
  return [["cluster_enabled", standingOf(server)?.isCluster ? 1 : 0]];
}

function cpuFields({ parts }: Server): Field[] {
  const { user, system } = parts.process.cpuSeconds();
  return [
    ["used_cpu_sys", system.toFixed(6)],
    ["used_cpu_user", user.toFixed(6)],
  ];
}

/** Fast commands are counted and not timed, unless the slow log or LATENCY wants to know. */
function commandFields({ stats }: Server): Field[] {
  const { calls, micros, rejected, failed } = stats;
  return commands
    .filter(({ id }) => calls[id]! > 0 || rejected[id]! > 0)
    .map(({ id, fullName }) => [
      `cmdstat_${fullName}`,
      `calls=${calls[id]},usec=${micros[id]},usec_per_call=${(micros[id]! / Math.max(1, calls[id]!)).toFixed(2)}` +
        `,rejected_calls=${rejected[id]},failed_calls=${failed[id]}`,
    ]);
}

function errorFields({ stats }: Server): Field[] {
  return [...stats.errors].map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
}

function keyspaceFields({ replica }: Server): Field[] {
  const { store } = replica;
  const found: Field[] = [];
  for (let db = 0; db < limits.databases; db++) {
    const { keys, expires } = store.keyspace(db);
    if (keys > 0) found.push([`db${db}`, `keys=${keys},expires=${expires},avg_ttl=0`]);
  }
  return found;
}
