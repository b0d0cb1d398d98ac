import { join } from "node:path";
import { type Command, Option } from "commander";
import type { Colors } from "picocolors/types.js";
import { formatAddress } from "../base/address.ts";
import { KvorumError } from "../base/errors.ts";
import { peerPortAbove } from "../peers/about.ts";
import { systemDisk } from "../platform/disk-system.ts";
import { systemFiles } from "../platform/files.ts";
import { systemNet } from "../platform/net-system.ts";
import { systemRandom } from "../platform/random.ts";
import { ownCommand } from "./banner.ts";
import { ChildNode } from "./child-node.ts";
import { clusterBanner } from "./cluster-banner.ts";
import { type ClusterPlan, listOf, type PlannedNode, planCluster } from "./cluster-plan.ts";
import { clusterStatus } from "./cluster-status.ts";
import { exitCodes, ReportedError, UsageError } from "./failure.ts";
import { colorsFor, write } from "./output.ts";
import type { Target } from "./target.ts";

export function addClusterCommand(program: Command): void {
  program
    .command("cluster")
    .description("Run a cluster of several nodes on this machine, until Ctrl-C")
    .addOption(
      new Option("--nodes <COUNT>", "how many nodes (default: 3, or as many as the directory holds)"),
    )
    .addOption(
      new Option("--dir <DIR>", "where their data goes, a folder each").default(
        "./kvorum-data",
        "./kvorum-data",
      ),
    )
    .addOption(
      new Option(
        "--base-port <PORT>",
        "clients' port of the first node; the others are behind it (default: 6379)",
      ),
    )
    .addHelpText("after", help)
    .action(runCluster);
}

const help = `
KVORUM_… variables are for all nodes, such as KVORUM_REQUIREPASS and KVORUM_MAXMEMORY. What comes to its end
is said, and not started again.

Examples:
  kvorum cluster
  kvorum cluster --nodes 5 --dir ./five --base-port 7001`;

interface ClusterOptions {
  readonly nodes?: string;
  readonly dir: string;
  readonly basePort?: string;
}

/** A node that has not stopped by then is killed: nothing that was acknowledged is lost by that. */
const stopMsMax = 20_000;
const lookEveryMs = 200;
/** How long to wait for the news of who leads, when all is to be stopped. */
const leaderMsMax = 1_000;
const nodesMax = 9;

async function runCluster({ nodes, dir, basePort }: ClusterOptions): Promise<void> {
  const portMax = 65_535 - peerPortAbove - nodesMax + 1;
  const plan = await planCluster({
    directory: dir,
    nodes: numberOf("--nodes", nodes, nodesMax),
    basePort: numberOf("--base-port", basePort, portMax),
  });
  await refusePortsInUse(plan);
  await systemDisk.makeDirectory(dir);
  const running = new RunningCluster(dir, plan);
  await running.untilEnd();
}

function numberOf(flag: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= max) return number;
  throw new UsageError(`${flag}: expected a whole number from 1 to ${max}, got ${JSON.stringify(text)}`);
}

/** Better told once than by each node for itself. */
async function refusePortsInUse({ nodes }: ClusterPlan): Promise<void> {
  for (const { client, peer } of nodes)
    for (const address of [client, peer]) {
      const accept = (): never => {
        throw new Error("nobody is waited for");
      };
      const listener = await systemNet.listen({ ...address, keepAliveMs: 0, flag: "--base-port", accept });
      await listener.close();
    }
}

class RunningCluster {
  readonly #plan: ClusterPlan;
  readonly #directory: string;
  readonly #children: readonly ChildNode[];
  readonly #password: string | undefined = process.env.KVORUM_REQUIREPASS || undefined;
  readonly #err: Colors = colorsFor(process.stderr);
  #isStopping = false;
  #hasFailed = false;

  constructor(directory: string, plan: ClusterPlan) {
    this.#directory = directory;
    this.#plan = plan;
    const environment = this.#environment();
    let ready = 0;
    this.#children = plan.nodes.map((node, i) => {
      const child = this.#start(node, i, environment, () => {
        if (++ready === plan.nodes.length) void this.#greet();
      });
      void child.ended.then(({ problem }) => this.#ended(node, problem));
      return child;
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => void this.#stop(signal));
    for (const id of plan.others)
      this.#say(`${id} in ${directory} came to the cluster later: start it with kvorum start`);
  }

  async untilEnd(): Promise<void> {
    await Promise.all(this.#children.map(({ ended }) => ended));
    if (!this.#isStopping) throw new KvorumError("ERR", "all nodes have come to their end");
    if (this.#hasFailed) throw new ReportedError("a node did not stop in order");
    this.#say("all nodes have stopped");
  }

  #start(node: PlannedNode, at: number, env: NodeJS.ProcessEnv, onReady: () => void): ChildNode {
    const { id, client, peer, data } = node;
    const paint = [this.#err.cyan, this.#err.yellow, this.#err.magenta, this.#err.green, this.#err.blue];
    const prefix = paint[at % paint.length]!(id.padEnd(2));
    return new ChildNode({
      id,
      args: [
        ...["start", "--supervised", "--id", id, "--data", data],
        ...["--listen", formatAddress(client), "--peer-listen", formatAddress(peer)],
        ...["--cluster", listOf(this.#plan)],
      ],
      environment: env,
      say: (line) => process.stderr.write(`${prefix} ${line}\n`),
      onReady,
    });
  }

  /** Settings are for all nodes, but for those that tell them apart. */
  #environment(): NodeJS.ProcessEnv {
    const own = ["KVORUM_JOIN", "KVORUM_REPLICA_OF", "KVORUM_ANNOUNCE"];
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !own.includes(name)),
    );
    const secret = environment.KVORUM_CLUSTER_SECRET || this.#secret();
    return secret === undefined ? environment : { ...environment, KVORUM_CLUSTER_SECRET: secret };
  }

  /** Where clients have to give a password, members need one too: on loopback they find it in the directory. */
  #secret(): string | undefined {
    const path = join(this.#directory, "cluster-secret");
    try {
      return systemFiles.readText(path, 1024).trim();
    } catch (error) {
      if ((error as { cause?: NodeJS.ErrnoException }).cause?.code !== "ENOENT") throw error;
    }
    if (this.#password === undefined || !this.#plan.isNew) return undefined;
    const secret = systemRandom.bytes(32).toString("hex");
    systemFiles.writePrivate(path, `${secret}\n`);
    return secret;
  }

  get #target(): Target {
    const addresses = this.#plan.nodes.map(({ client }) => client);
    return { addresses, username: undefined, password: this.#password, db: 0 };
  }

  /** Once somebody leads. Where nobody may ask, it does without that news. */
  async #greet(): Promise<void> {
    let leader = "";
    let isLet = true;
    while (leader === "" && isLet && !this.#isStopping) {
      const status = await clusterStatus(this.#target).catch((error: Error) => error);
      if (status instanceof Error) isLet = !status.message.includes("NOAUTH");
      else leader = status.leader;
      if (leader === "") await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    if (this.#isStopping) return;
    const nodes = this.#plan.nodes.map((node, i) => ({ ...node, pid: this.#children[i]!.pid }));
    const program = ownCommand(process.argv[1], process.cwd());
    await write(
      process.stdout,
      clusterBanner(
        { nodes, leader, program, hasPassword: this.#password !== undefined },
        colorsFor(process.stdout),
      ),
    );
  }

  #ended({ id, client, data }: PlannedNode, problem: string | undefined): void {
    if (this.#isStopping) {
      if (problem === undefined) return;
      this.#hasFailed = true;
      this.#say(`${id} did not stop in order (${problem})`);
      return;
    }
    const command = `${ownCommand(process.argv[1], process.cwd())} start --id ${id} --listen ${formatAddress(client)} --data ${data}`;
    this.#say(
      `${id} has ended (${problem ?? "exit code 0"}): the others go on; start it again with: ${command}`,
    );
  }

  /** One after the other, the leader before the last: as long as a majority is there, what was accepted is answered. */
  async #stop(signal: string): Promise<void> {
    if (this.#isStopping) {
      for (const child of this.#children) child.kill();
      process.exit(exitCodes.failed);
    }
    this.#isStopping = true;
    this.#say(`${signal}: stopping one node after the other; a second signal ends all at once`);
    const leader = await this.#leader();
    const alive = this.#children.filter(({ hasEnded }) => !hasEnded);
    const followers = alive.filter(({ id }) => id !== leader);
    const last = followers.length > 1 ? followers.pop() : undefined;
    const leading = alive.filter(({ id }) => id === leader);
    for (const child of [...followers, ...leading, ...(last === undefined ? [] : [last])])
      await child.stop(stopMsMax);
  }

  async #leader(): Promise<string> {
    const tooLate = new Promise<string>((resolve) => setTimeout(resolve, leaderMsMax, "").unref());
    const asked = clusterStatus(this.#target).then(
      ({ leader }) => leader,
      () => "",
    );
    return Promise.race([asked, tooLate]);
  }

  #say(text: string): void {
    process.stderr.write(`${this.#err.bold("kvorum")}: ${text}\n`);
  }
}
