import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";
import { theUser } from "./hello.ts";
import { integerAt, syntaxError } from "./reading.ts";

/** The kinds of clients that Redis tells apart. Here all are of the first. */
const clientTypes: readonly string[] = ["normal", "master", "slave", "replica", "pubsub"];

/** The argument as a kind of client, or undefined. */
export function clientTypeAt(args: Arguments, index: number): string | undefined {
  return clientTypes.find((type) => args.is(index, type));
}

export function unknownClientType(args: Arguments, index: number): string {
  return `ERR Unknown client type '${args.quoted(index).slice(0, 128)}'`;
}

/** CLIENT LIST [TYPE type | ID id [id ...]] */
export function list({ out, server }: Connection, args: Arguments): void {
  const found = chosenClients(server, args);
  if (typeof found === "string") out.error(found);
  else out.verbatim("txt", found.map(describeClient).join(""));
}

/** Or what is wrong with the choice. */
function chosenClients({ clients }: Server, args: Arguments): Connection[] | string {
  if (args.count === 2) return [...clients.values()];
  if (args.count === 4 && args.is(2, "type")) {
    const type = clientTypeAt(args, 3);
    if (type === undefined) return unknownClientType(args, 3);
    return type === "normal" ? [...clients.values()] : [];
  }
  if (args.count < 4 || !args.is(2, "id")) return syntaxError;
  if (args.count - 3 > limits.clientIdsMax) {
    return `TOO_LARGE at most ${limits.clientIdsMax} clients are looked up at once`;
  }
  const found: Connection[] = [];
  for (let i = 3; i < args.count; i++) {
    const id = integerAt(args, i);
    if (id === undefined) return "ERR Invalid client ID";
    const connection = clients.get(Number(id));
    if (connection !== undefined) found.push(connection);
  }
  return found;
}

/**
 * A line with the fields of Redis 7.0, and behind them the two of 7.2. What has no counterpart here is 0, or
 * -1 where 0 would be a lie: descriptors belong to Node.js.
 */
export function describeClient(connection: Connection): string {
  const { server, session, out, keptBytes, keptRoomBytes, waitingBytes } = connection;
  const { transaction } = session;
  return (
    `id=${session.id} addr=${session.remoteAddress} laddr=${session.localAddress} fd=-1 name=${session.name}` +
    ` age=${seconds(server.coarseMs - session.connectedMs)}` +
    ` idle=${seconds(server.coarseMs - session.lastActiveMs)}` +
    ` flags=${flagsOf(connection)} db=${session.db} sub=0 psub=0 ssub=0 multi=${transaction?.queued.length ?? -1}` +
    ` qbuf=${keptBytes} qbuf-free=${keptRoomBytes - keptBytes} argv-mem=${connection.argumentsRoomBytes}` +
    ` multi-mem=${transaction?.heldBytes ?? 0}` +
    ` rbs=${out.buffer.length} rbp=0 obl=${out.length} oll=${connection.sendingRoomBytes > 0 ? 1 : 0}` +
    ` omem=${connection.sendingRoomBytes} tot-mem=${connection.heldBytes}` +
    ` events=${waitingBytes > 0 ? "rw" : "r"} cmd=${session.lastCommand} user=${theUser} redir=-1` +
    ` resp=${out.protocol} lib-name=${session.libraryName} lib-ver=${session.libraryVersion}\n`
  );
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}

/** In Redis' letters and its order: in MULTI, blocked, closing, spared from eviction, leaving no trace. */
function flagsOf({ session, isClosing, late }: Connection): string {
  const flags = [
    session.transaction === undefined ? "" : "x",
    late.isBlocked ? "b" : "",
    isClosing ? "c" : "",
    session.noEvict ? "e" : "",
    session.noTouch ? "T" : "",
  ].join("");
  return flags === "" ? "N" : flags;
}
