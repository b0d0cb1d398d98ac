import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import { wrongSubcommand } from "../dispatch.ts";
import type { LocalHandler } from "../server.ts";
import { kill } from "./client-kill.ts";
import { describeClient, list } from "./client-list.ts";
import { nameProblem } from "./client-names.ts";
import { integerAt, notAnInteger, syntaxError } from "./reading.ts";

/** CLIENT: what a connection is, and what it may tell of itself. */
export const clientHandlers: Readonly<Record<string, LocalHandler>> = {
  "client|id": ({ out, session }) => out.integer(session.id),
  "client|info": (connection) => connection.out.verbatim("txt", describeClient(connection)),
  "client|list": list,
  "client|kill": kill,
  "client|getname": getName,
  "client|setname": setName,
  "client|setinfo": setInfo,
  "client|reply": reply,
  "client|getredir": ({ out }) => out.integer(-1),
  "client|tracking": tracking,
  "client|trackinginfo": trackingInfo,
  "client|no-evict": noEvict,
  "client|no-touch": noTouch,
  "client|unblock": unblock,
};

function getName({ out, session }: Connection): void {
  if (session.name === "") out.null();
  else out.bulkText(session.name);
}

function setName({ out, session }: Connection, args: Arguments): void {
  const problem = nameProblem(args, 2, "Client names");
  if (problem !== "") {
    out.error(problem);
    return;
  }
  session.name = args.text(2);
  out.ok();
}

/** As in Redis 7.2. */
function setInfo({ out, session }: Connection, args: Arguments): void {
  const option = args.text(2).slice(0, 128);
  const isName = args.is(2, "lib-name");
  const problem =
    isName || args.is(2, "lib-ver") ? nameProblem(args, 3, option) : `ERR Unrecognized option '${option}'`;
  if (problem !== "") {
    out.error(problem);
    return;
  }
  if (isName) session.libraryName = args.text(3);
  else session.libraryVersion = args.text(3);
  out.ok();
}

/** The connection itself counts the command that SKIP is for, and mutes it. */
function reply({ out, session }: Connection, args: Arguments): void {
  if (args.is(2, "on")) {
    session.replyMode = "on";
    out.muted = false;
    out.ok();
  } else if (args.is(2, "off")) {
    session.replyMode = "off";
    out.muted = true;
  } else if (args.is(2, "skip")) {
    if (session.replyMode !== "off") session.replyMode = "skip";
  } else {
    out.error(syntaxError);
  }
}

/** Client-side caching is not spoken here: it is off, and may be turned off. */
function tracking({ out }: Connection, args: Arguments): void {
  if (args.is(2, "on")) {
    out.error("ERR CLIENT TRACKING is not possible here: ask without client-side caching");
    return;
  }
  for (let i = 3; i < args.count; i++) {
    if (trackingFlags.some((flag) => args.is(i, flag))) continue;
    out.error(syntaxError);
    return;
  }
  if (args.is(2, "off")) out.ok();
  else out.error(syntaxError);
}

/** Options that change nothing where tracking is off. */
const trackingFlags: readonly string[] = ["bcast", "optin", "optout", "noloop"];

function trackingInfo({ out }: Connection): void {
  out.map(3);
  out.bulkText("flags");
  out.set(1);
  out.bulkText("off");
  out.bulkText("redirect");
  out.integer(-1);
  out.bulkText("prefixes");
  out.array(0);
}

/** Nothing is ever evicted here; the flag is remembered and shown. */
function noEvict({ out, session }: Connection, args: Arguments): void {
  const wanted = switchAt(args, 2);
  if (wanted !== undefined) session.noEvict = wanted;
  answerSwitch(out, wanted);
}

/** No access time is kept here; the flag is remembered and shown. */
function noTouch({ out, session }: Connection, args: Arguments): void {
  const wanted = switchAt(args, 2);
  if (wanted !== undefined) session.noTouch = wanted;
  answerSwitch(out, wanted);
}

function switchAt(args: Arguments, index: number): boolean | undefined {
  if (args.is(index, "on")) return true;
  return args.is(index, "off") ? false : undefined;
}

function answerSwitch(out: Connection["out"], wanted: boolean | undefined): void {
  if (wanted === undefined) out.error(syntaxError);
  else out.ok();
}

/** CLIENT UNBLOCK id [TIMEOUT | ERROR]: for who waits in WAIT or WAITAOF. */
function unblock({ out, server }: Connection, args: Arguments): void {
  const isError = args.count === 4 && args.is(3, "error");
  if (args.count > 4) out.error(wrongSubcommand("client", args));
  else if (args.count === 4 && !isError && !args.is(3, "timeout")) {
    out.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  } else {
    const id = integerAt(args, 2);
    if (id === undefined) out.error(notAnInteger);
    else out.integer(unblockClient(server.clients.get(Number(id)), isError) ? 1 : 0);
  }
}

/** Its command answers as after its timeout, or with an error. False: it does not wait. */
function unblockClient(client: Connection | undefined, isError: boolean): boolean {
  if (client === undefined) return false;
  return client.late.unblock(isError ? () => client.out.error(unblocked) : undefined);
}

const unblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
