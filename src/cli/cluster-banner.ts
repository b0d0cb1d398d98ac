import type { Colors } from "picocolors/types.js";
import { formatAddress } from "../base/address.ts";
import { version } from "../base/version.ts";
import type { PlannedNode } from "./cluster-plan.ts";
import { columns } from "./status-text.ts";

export interface ClusterFacts {
  readonly nodes: readonly (PlannedNode & { readonly pid: number })[];
  /** Empty where nobody may ask. */
  readonly leader: string;
  /** How this program is called: "kvorum", "node bin/kvorum.js". */
  readonly program: string;
  readonly hasPassword: boolean;
}

/** What `kvorum cluster` says once the cluster serves: its members, who leads, and what to try next. */
export function clusterBanner({ nodes, leader, program, hasPassword }: ClusterFacts, colors: Colors): string {
  const rows = nodes.map(({ id, client, data, pid }) => [
    ...["", id, formatAddress(client), data, String(pid)],
    id === leader ? "leads" : "",
  ]);
  const [title, ...lines] = columns([["", "NODE", "CLIENTS", "DATA", "PID", ""], ...rows]);
  const majority = Math.floor(nodes.length / 2) + 1;
  return `
${colors.bold(`kvorum ${version}`)}: ${nodes.length === 1 ? "a cluster of one node serves" : `${nodes.length} nodes serve as one store`}

${colors.dim(title!.trimEnd())}
${lines.map((line, i) => (nodes[i]!.id === leader ? colors.bold(line) : line.trimEnd())).join("\n")}

Each node serves every client. A write is on ${disksText(majority)} before it is answered.

Try next:
${trialLines({ nodes, leader, program, hasPassword }).join("\n")}

Ctrl-C stops all of them; the data stays.
`;
}

function disksText(majority: number): string {
  return majority === 1 ? "the disk" : `${majority} disks`;
}

/** The last one shows what a cluster is for. */
function trialLines({ nodes, leader, program, hasPassword }: ClusterFacts): string[] {
  const password = hasPassword ? " --askpass" : "";
  const [first, last] = [nodes[0]!.client, nodes.at(-1)!.client];
  const own = `${program} get greeting -c ${formatAddress(last)}`;
  const leading = nodes.find(({ id }) => id === leader);
  const lines: [string, string][] = [
    [`redis-cli${hostText(first.host)} -p ${first.port}${password} set greeting "hello world"`, ""],
    [own, ""],
    nodes.length < 3 || leading === undefined
      ? [`${program} status -c ${formatAddress(first)}`, ""]
      : [`kill -9 ${leading.pid}`, `# ${leader}, which leads: the others go on`],
  ];
  const width = Math.max(...lines.map(([command]) => command.length));
  return lines.map(([command, remark]) => `  ${command.padEnd(width)}  ${remark}`.trimEnd());
}

function hostText(host: string): string {
  return host === "127.0.0.1" ? "" : ` -h ${host}`;
}
