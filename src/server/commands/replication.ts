import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { isLedBySelf, type MemberStanding, type Standing, standingOf } from "../standing.ts";
import { integerAt, notAnInteger, timeoutProblem } from "./reading.ts";

/** Who leads, who follows, and who has what. Where Redis counts bytes of a stream, offsets are entries of the log. */
export const replicationHandlers: Readonly<Record<string, LocalHandler>> = { role, wait, waitaof: waitAof };

/** As Redis: a leader tells of its followers, and any other member of its leader. */
function role({ out, server }: Connection): void {
  const standing = standingOf(server);
  if (isLedBySelf(standing)) writeLeader(out, standing);
  else writeFollower(out, standing);
}

function writeFollower(out: Connection["out"], standing: Standing | undefined): void {
  const leader = standing?.leader;
  out.array(5);
  out.bulkText("slave");
  out.bulkText(leader?.client?.host ?? "");
  out.integer(leader?.client?.port ?? 0);
  out.bulkText(leader === undefined ? "connect" : "connected");
  out.integer(standing?.self.index ?? 0);
}

function writeLeader(out: Connection["out"], standing: Standing): void {
  const followers = followersOf(standing);
  out.array(3);
  out.bulkText("master");
  out.integer(standing.self.index);
  out.array(followers.length);
  for (const { client, index } of followers) {
    out.array(3);
    out.bulkText(client!.host);
    out.bulkText(String(client!.port));
    out.bulkText(String(index));
  }
}

/** The other members that the leader reaches, and whose address is known. */
export function followersOf({ members, self }: Standing): readonly MemberStanding[] {
  return members.filter((one) => one !== self && one.client !== undefined && one.link !== "lost");
}

/** WAIT numreplicas timeout: how many other members hold durably all that this connection has written. */
function wait(connection: Connection, args: Arguments): void {
  const { out } = connection;
  const wanted = integerAt(args, 1);
  const problem = wanted === undefined ? notAnInteger : timeoutProblem(args, 2);
  if (wanted === undefined || problem !== "") {
    out.error(problem);
    return;
  }
  const held: Held = { here: 1, others: 0 };
  awaitHolders(connection, held, { here: 0, others: Number(wanted) }, Number(integerAt(args, 2)), () =>
    out.integer(held.others),
  );
}

/**
 * WAITAOF numlocal numreplicas timeout, as in Redis 7.2. With `fsync always` a write that was answered is on this disk;
 * with `fsync interval` it is after the next sync.
 */
function waitAof(connection: Connection, args: Arguments): void {
  const { out, server } = connection;
  const { persistence } = server.replica;
  const problem = waitAofProblem(args, persistence !== undefined);
  if (problem !== "") {
    out.error(problem);
    return;
  }
  const held: Held = { here: persistence?.fsync === "always" ? 1 : 0, others: 0 };
  const wanted = { here: Number(integerAt(args, 1)), others: Number(integerAt(args, 2)) };
  awaitHolders(connection, held, wanted, Number(integerAt(args, 3)), () => {
    out.array(2);
    out.integer(held.here);
    out.integer(held.others);
  });
}

/** On how many disks something is: on this one (0 or 1), and on those of other members. */
interface Held {
  here: number;
  others: number;
}

/** Answers when so much is held as is wanted, and at the timeout whatever is; within EXEC at once. */
function awaitHolders(
  connection: Connection,
  held: Held,
  wanted: Readonly<Held>,
  timeoutMs: number,
  answer: () => void,
): void {
  const { late, server } = connection;
  const isEnough = (): boolean => held.here >= wanted.here && held.others >= wanted.others;
  const look = (): void => {
    if (isEnough()) late.unblockFrom(answer);
  };
  const count = server.replica.countHolders((others) => {
    held.others = others;
    look();
  });
  if (isEnough() || !connection.mayAnswerLater) {
    count.end();
    answer();
    return;
  }
  late.block(timeoutMs, answer, () => count.end());
  if (held.here >= wanted.here) return;
  server.replica.persistence?.sync().then(
    () => {
      held.here = 1;
      look();
    },
    // The disk has failed: there is nothing to wait for.
    () => late.unblockFrom(answer),
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
