import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { integerAt, notAnInteger, syntaxError, timeoutProblem } from "./reading.ts";

/** What the node is asked as a whole. */
export const nodeHandlers: Readonly<Record<string, LocalHandler>> = {
  role,
  shutdown,
  time,
  wait,
  waitaof: waitAof,
};

/** Whole milliseconds: the clock gives no more. */
function time({ out, server }: Connection): void {
  const now = server.clock.wallMs();
  out.array(2);
  out.bulkText(String(Math.floor(now / 1000)));
  out.bulkText(String((now % 1000) * 1000));
}

/** One node, which leads and has no followers. */
function role({ out }: Connection): void {
  out.array(3);
  out.bulkText("master");
  out.integer(0);
  out.array(0);
}

/** WAIT numreplicas timeout: nobody else holds the last write, so who wants more than nobody waits in vain. */
function wait(connection: Connection, args: Arguments): void {
  const { out } = connection;
  const wanted = integerAt(args, 1);
  const problem = wanted === undefined ? notAnInteger : timeoutProblem(args, 2);
  if (wanted === undefined || problem !== "") {
    out.error(problem);
    return;
  }
  const answer = (): void => out.integer(0);
  if (wanted <= 0 || !connection.mayAnswerLater) answer();
  else connection.late.block(Number(integerAt(args, 2)), answer);
}

/**
 * WAITAOF numlocal numreplicas timeout, as in Redis 7.2. With `fsync always` a write that was answered is on this
 * disk; with `fsync interval` it is after the next sync. Nobody else holds it.
 */
function waitAof(connection: Connection, args: Arguments): void {
  const { out, server } = connection;
  const { persistence } = server.replica;
  const problem = waitAofProblem(args, persistence !== undefined);
  if (problem !== "") {
    out.error(problem);
    return;
  }
  let local = persistence?.fsync === "always" ? 1 : 0;
  const answer = (): void => {
    out.array(2);
    out.integer(local);
    out.integer(0);
  };
  const wantsOthers = integerAt(args, 2)! > 0;
  if ((local >= integerAt(args, 1)! && !wantsOthers) || !connection.mayAnswerLater) {
    answer();
    return;
  }
  connection.late.block(Number(integerAt(args, 3)), answer);
  persistence?.sync().then(
    () => {
      local = 1;
      if (!wantsOthers) connection.late.unblockFrom(answer);
    },
    // The disk has failed: there is nothing to wait for.
    () => connection.late.unblockFrom(answer),
  );
}

function waitAofProblem(args: Arguments, hasDisk: boolean): string {
  const local = integerAt(args, 1);
  if (local === undefined) return notAnInteger;
  if (local < 0 || local > 1) return "ERR value is out of range, value must between 0 and 1";
  const replicas = integerAt(args, 2);
  if (replicas === undefined) return notAnInteger;
  if (replicas < 0) return "ERR value is out of range, must be positive";
  const problem = timeoutProblem(args, 3);
  if (problem !== "") return problem;
  return local > 0 && !hasDisk
    ? "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."
    : "";
}

/** SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]: answered only where the node does not stop. */
function shutdown(connection: Connection, args: Arguments): void {
  const { out, server } = connection;
  const words = new Set<string>();
  for (let i = 1; i < args.count; i++) {
    words.add(shutdownWords.find((word) => args.is(i, word)) ?? "unknown");
  }
  const isContradiction = words.has("abort") ? words.size > 1 : words.has("save") && words.has("nosave");
  if (words.has("unknown") || isContradiction) {
    out.error(syntaxError);
  } else if (words.has("abort")) {
    out.error("ERR No shutdown in progress.");
  } else if (words.has("save") && !words.has("force") && server.replica.persistence === undefined) {
    out.error("ERR there is no disk to save to: SHUTDOWN NOSAVE stops without saving");
  } else {
    connection.closeWhenSent();
    server.parts.requestShutdown({ saves: !words.has("nosave") });
  }
}

const shutdownWords: readonly string[] = ["nosave", "save", "now", "force", "abort"];
