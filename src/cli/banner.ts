import { basename, relative } from "node:path";
import type { Colors } from "picocolors/types.js";
import { parseAddress } from "../base/address.ts";
import { version } from "../base/version.ts";
import type { NodeConfig } from "../node/config.ts";

export interface BannerFacts {
  readonly config: NodeConfig;
  /** HOST:PORT that clients reach. */
  readonly address: string;
  readonly pid: number;
  /** How this program is called: "kvorum", "node bin/kvorum.js". */
  readonly program: string;
}

/** What `kvorum start` says once it serves: where it is, and what to try next. */
export function banner({ config, address, pid, program }: BannerFacts, colors: Colors): string {
  const { host, port } = parseAddress(address) ?? config;
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  const password = config.server.requirepass === "" ? "" : " --askpass";
  const server = [
    reachable === "127.0.0.1" ? "" : ` -h ${reachable}`,
    port === 6379 ? "" : ` -p ${port}`,
  ].join("");
  const greeting = password === "" ? "" : "AUTH <password>\\n";
  const connect = server === "" ? "" : ` -c ${address.replace(host, reachable)}`;
  return `
${colors.bold(`kvorum ${version}`)} serves on ${colors.bold(address)} (node ${config.id}, pid ${pid})
${whereKept(config)}

Try next:
  redis-cli${server}${password} set greeting "hello world"
  printf '${greeting}GET greeting\\nQUIT\\n' | nc ${reachable} ${port}
  ${program} cli${connect}

Ctrl-C stops it.
`;
}

function whereKept({ memory, data, fsync }: NodeConfig): string {
  if (memory) return "Everything is kept in memory: it is gone when the node stops.";
  const when = fsync === "always" ? "before it is answered" : "within a second";
  return `Data is kept in ${data}: every write is on the disk ${when}.`;
}

/** How to call this program from the current directory. */
export function ownCommand(script: string | undefined, directory: string): string {
  if (script === undefined || basename(script) === "kvorum") return "kvorum";
  return `node ${relative(directory, script)}`;
}
