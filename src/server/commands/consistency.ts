import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler, Server } from "../server.ts";
import { standingOf } from "../standing.ts";
import { ofCluster } from "./cluster.ts";
import { integerAt, notAnInteger, syntaxError } from "./reading.ts";

/** What a connection wants its reads and writes to promise: N, W and R of docs/configuration.md. */
export const consistencyHandlers: Readonly<Record<string, LocalHandler>> = {
  readonly: ofCluster(({ out, request }) => {
    request.readMode = "stale";
    out.ok();
  }),
  readwrite: ofCluster((connection) => {
    resetReads(connection);
    connection.out.ok();
  }),
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
}

/** CONSISTENCY READ LINEARIZABLE | QUORUM [R voters] | STALE */
function read({ out, request, server }: Connection, args: Arguments): void {
  const mode = modes.find((one) => args.is(2, one));
  const hasQuorum = args.count === 5 && args.is(3, "r");
  if (mode === undefined || (args.count > 3 && !(hasQuorum && mode === "quorum"))) {
    out.error(syntaxError);
    return;
  }
  const quorum = hasQuorum ? integerAt(args, 4) : 0;
  const problem = quorumProblem("R", quorum, server);
  if (problem !== "") {
    out.error(problem);
    return;
  }
  request.readMode = mode;
  request.readQuorum = Number(quorum);
  out.ok();
}

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
