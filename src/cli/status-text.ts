import type { Colors } from "picocolors/types.js";
import type { ClusterStatus, MemberStatus } from "./cluster-status.ts";

/** The members of a cluster for people: a line each, then what N, W and R add up to. */
export function statusText(cluster: ClusterStatus, colors: Colors): string {
  const rows = cluster.members.map((member) => rowOf(member, cluster));
  const table = columns([titles, ...rows]);
  const lines = table.map((line, i) => {
    if (i === 0) return colors.dim(line);
    const { id, problem } = cluster.members[i - 1]!;
    return problem !== undefined ? colors.red(line) : id === cluster.leader ? colors.bold(line) : line;
  });
  return `${[...lines, "", ...sentences(cluster)].join("\n")}\n`;
}

const titles = [
  "MEMBER",
  "ROLE",
  "CLIENTS",
  "TERM",
  "COMMIT",
  "APPLIED",
  "LAG",
  "LOG",
  "DATA",
  "DISK",
  "VERSION",
];

function rowOf(member: MemberStatus, { leader }: ClusterStatus): string[] {
  const { id, kind, address, report, problem, lag } = member;
  if (report === undefined)
    return [id, kind, address || "?", "-", "-", "-", lag === undefined ? "-" : lagText(lag), problem ?? ""];
  const { role, term, commit, applied, logBytes, dataBytes, disk, version, state } = report;
  const behind = id === leader || lag === undefined ? "-" : lagText(lag);
  const row = [id, role, address || "?", String(term), String(commit), String(applied), behind];
  return [
    ...row,
    bytesText(logBytes),
    bytesText(dataBytes),
    disk,
    version,
    ...(state === "ok" ? [] : [state]),
  ];
}

/** "0", "12 entries, 3.4 KiB, 120 ms" */
export function lagText({ entries, bytes, ms }: NonNullable<MemberStatus["lag"]>): string {
  if (entries === 0) return "0";
  const time = ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`;
  return `${entries} ${entries === 1 ? "entry" : "entries"}, ${bytesText(bytes)}, ${time}`;
}

function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${"KMGT"[power - 1]}iB`;
}

/** Each column as wide as its widest cell; a last cell takes what it wants. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      if (i < row.length - 1) widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows.map((row) =>
    row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]!) : cell)).join("  "),
  );
}

function sentences({ leader, members, writeQuorum }: ClusterStatus): string[] {
  const voters = members.filter(({ kind }) => kind === "voter").length;
  const majority = Math.floor(voters / 2) + 1;
  const missing = members.filter((member) => member.kind === "voter" && member.report === undefined).length;
  const spare = voters - Math.max(writeQuorum, majority);
  const lost = spare === 0 ? "no voter may be lost" : `goes on without any ${spare} of them`;
  const learners = members.length - voters;
  const said = [
    leader === "" ? "No leader is known: writes wait, stale reads are answered." : `${leader} leads.`,
    voters === 1
      ? `One voter${learners > 0 ? `, ${learners} ${learners === 1 ? "replica" : "replicas"} that it never waits for` : ""}: what it acknowledged is ${whereFor(members)}.`
      : `Strong: W ${writeQuorum} + R ${majority} > N ${voters}, so a read sees every acknowledged write; ${lost}.`,
  ];
  if (missing > 0 && spare - missing < 0)
    said.push(`${missing} of ${voters} voters cannot be reached: no write can be acknowledged.`);
  return said;
}

/** Where writes are for sure that the only voter has acknowledged. */
function whereFor(members: readonly MemberStatus[]): string {
  const { report } = members.find(({ kind }) => kind === "voter")!;
  if (report?.fsync === "never") return "in its memory alone, and goes with it";
  return report?.fsync === "interval" ? "on its disk alone, within a second" : "on its disk alone for sure";
}
