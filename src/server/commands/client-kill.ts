import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import { clientTypeAt, unknownClientType } from "./client-list.ts";
import { isTheUser } from "./hello.ts";
import { integerAt, syntaxError } from "./reading.ts";

/** Which clients CLIENT KILL is for: those that fit everything that was given. */
interface Filter {
  id?: number;
  type?: string;
  address?: string;
  localAddress?: string;
  ageMsMin?: number;
  skipsMe: boolean;
}

/** CLIENT KILL addr, which answers OK, or CLIENT KILL filter value …, which answers how many. */
export function kill(connection: Connection, args: Arguments): void {
  const { out } = connection;
  const isOldForm = args.count === 3;
  const filter = isOldForm ? { address: args.text(2), skipsMe: false } : readFilter(args);
  if (typeof filter === "string") {
    out.error(filter);
    return;
  }
  const killed = killThose(connection, filter);
  if (!isOldForm) out.integer(killed);
  else if (killed > 0) out.ok();
  else out.error("ERR No such client");
}

/** Or what is wrong with it. The last of several filters of one kind counts, as in Redis. */
function readFilter(args: Arguments): Filter | string {
  const filter: Filter = { skipsMe: true };
  for (let i = 2; i < args.count; i += 2) {
    const problem = i + 1 < args.count ? readOption(args, i, filter) : syntaxError;
    if (problem !== "") return problem;
  }
  return filter;
}

/** Reads the option at `i` with its value behind it into the filter. Gives what is wrong, "" if nothing is. */
function readOption(args: Arguments, i: number, filter: Filter): string {
  const value = i + 1;
  if (args.is(i, "id")) {
    const id = integerAt(args, value);
    if (id === undefined || id < 1) return "ERR client-id should be greater than 0";
    filter.id = Number(id);
  } else if (args.is(i, "type")) {
    const type = clientTypeAt(args, value);
    if (type === undefined) return unknownClientType(args, value);
    filter.type = type;
  } else if (args.is(i, "addr")) {
    filter.address = args.text(value);
  } else if (args.is(i, "laddr")) {
    filter.localAddress = args.text(value);
  } else if (args.is(i, "user")) {
    if (!isTheUser(args, value)) return `ERR No such user '${args.quoted(value).slice(0, 128)}'`;
  } else if (args.is(i, "maxage")) {
    const age = integerAt(args, value);
    if (age === undefined) return "ERR maxage is not an integer or out of range";
    if (age < 1) return "ERR maxage should be greater than 0";
    filter.ageMsMin = Number(age) * 1000;
  } else if (args.is(i, "skipme") && (args.is(value, "yes") || args.is(value, "no"))) {
    filter.skipsMe = args.is(value, "yes");
  } else {
    return syntaxError;
  }
  return "";
}

function killThose(me: Connection, filter: Filter): number {
  const { server } = me;
  const found = [...server.clients.values()].filter((connection) =>
    fits(connection, filter, server.coarseMs),
  );
  const victims = filter.skipsMe ? found.filter((connection) => connection !== me) : found;
  for (const victim of victims) {
    // Whoever asks still gets the answer.
    if (victim === me) me.closeWhenSent();
    else victim.kill();
  }
  return victims.length;
}

function fits({ session }: Connection, filter: Filter, nowMs: number): boolean {
  const { id, type, address, localAddress, ageMsMin } = filter;
  return (
    (id === undefined || session.id === id) &&
    (type === undefined || type === "normal") &&
    (address === undefined || session.remoteAddress === address) &&
    (localAddress === undefined || session.localAddress === localAddress) &&
    (ageMsMin === undefined || nowMs - session.connectedMs >= ageMsMin)
  );
}
