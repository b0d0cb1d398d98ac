import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler, Server } from "../server.ts";
import { standingOf } from "../standing.ts";
import { ofCluster } from "./cluster.ts";
import { integerAt, notAnInteger, syntaxError, timeoutProblem } from "./reading.ts";

/** What a connection wants its reads and writes to promise: N, W and R of docs/configuration.md. */
export const consistencyHandlers: Readonly<Record<string, LocalHandler>> = {
  readonly: ofCluster(({ out, request }) => {
    request.readMode = "stale";
    request.readLagMs = 0;
    out.ok();
  }),
  readwrite: ofCluster((connection) => {
    resetReads(connection);
    connection.out.ok();
  }),
  "consistency|await": awaitRevision,
  "consistency|read": read,
  "consistency|write": write,
  "consistency|show": show,
};

/** As a new connection. */
export function resetConsistency(connection: Connection): void {
  resetReads(connection);
  connection.request.writeQuorum = 0;
}

function resetReads({ request, server }: Connection): void {
  request.readMode = server.settings.readMode;
  request.readQuorum = server.settings.readQuorum;
  request.readLagMs = 0;
}

/** CONSISTENCY READ LINEARIZABLE | QUORUM [R voters] | STALE [MAXLAG ms] */
function read({ out, request, server }: Connection, args: Arguments): void {
  const mode = modes.find((one) => args.is(2, one));
  const hasQuorum = mode === "quorum" && args.count === 5 && args.is(3, "r");
  const hasLag = mode === "stale" && args.count === 5 && args.is(3, "maxlag");
  if (mode === undefined || (args.count > 3 && !hasQuorum && !hasLag)) {
    out.error(syntaxError);
    return;
  }
  const quorum = hasQuorum ? integerAt(args, 4) : 0;
  const lagMs = hasLag ? integerAt(args, 4) : 0;
  const problem = hasLag ? lagProblem(lagMs) : quorumProblem("R", quorum, server);
  if (problem !== "") {
    out.error(problem);
    return;
  }
  request.readMode = mode;
  request.readQuorum = Number(quorum);
  request.readLagMs = Number(lagMs);
  out.ok();
}

function lagProblem(lagMs: ReturnType<typeof integerAt>): string {
  if (lagMs === undefined) return notAnInteger;
  return lagMs >= 1 ? "" : "ERR MAXLAG is at least 1 ms: who wants less reads linearizably";
}

/** CONSISTENCY AWAIT revision timeout-ms: waits until this node has applied it, and tells which revision it has. */
function awaitRevision(connection: Connection, args: Arguments): void {
  const { late, out, server } = connection;
  const wanted = integerAt(args, 2);
  const problem = wanted === undefined ? notAnInteger : timeoutProblem(args, 3);
  if (wanted === undefined || problem !== "") {
    out.error(problem);
    return;
  }
  const { store } = server.replica;
  const answer = (): void => out.integer(store.revision);
  if (store.revision >= wanted || !connection.mayAnswerLater) {
    answer();
    return;
  }
  const look = server.clock.every(lookMs, () => {
    if (store.revision >= wanted) late.unblockFrom(answer);
  });
  late.block(Number(integerAt(args, 3)), answer, () => look.cancel());
}

/** Members hear of a commit with the next entry, or the next heartbeat: some ms. */
const lookMs = 5;

const modes = ["linearizable", "quorum", "stale"] as const;

/** CONSISTENCY WRITE voters; 0: as configured. */
function write({ out, request, server }: Connection, args: Arguments): void {
  const quorum = integerAt(args, 2);
  const problem = quorumProblem("W", quorum, server);
  if (problem !== "") {
    out.error(problem);
    return;
  }
  request.writeQuorum = Number(quorum);
  out.ok();
}

/** The numbers that are in force, as they add up with the voters that there are. */
function show({ out, request, server }: Connection): void {
  const voters = votersOf(server);
  const majority = majorityOf(voters);
  const asked = { linearizable: majority, quorum: Math.max(request.readQuorum, majority), stale: 1 };
  out.map(4);
  out.bulkText("voters");
  out.integer(voters);
  out.bulkText("write");
  out.integer(Math.max(request.writeQuorum || server.parts.writeQuorum, majority));
  out.bulkText("read");
  out.integer(asked[request.readMode]);
  out.bulkText("read-mode");
  out.bulkText(request.readMode);
}

/** What is wrong with a number of voters, which is between a majority and all of them, or 0. */
function quorumProblem(name: "R" | "W", quorum: ReturnType<typeof integerAt>, server: Server): string {
  if (quorum === undefined) return notAnInteger;
  const voters = votersOf(server);
  const majority = majorityOf(voters);
  if (quorum === 0 || (quorum >= majority && quorum <= voters)) return "";
  if (quorum > voters)
    return `ERR ${name} ${quorum} is more than there are: this cluster has ${voters} voters`;
  const why = name === "W" ? "holds every write in any case" : "is needed to see every acknowledged write";
  return `ERR ${name} ${quorum} is too little: a majority, ${majority} of ${voters} voters, ${why}`;
}

function votersOf(server: Server): number {
  return standingOf(server)?.members.filter(({ isVoter }) => isVoter).length ?? 0;
}

function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
