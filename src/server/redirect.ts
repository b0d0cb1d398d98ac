import type { Arguments } from "../protocol/arguments.ts";
import { keySlot } from "../protocol/key-slot.ts";
import type { Command } from "../protocol/spec/row.ts";
import type { Connection } from "./connection.ts";
import { standingOf } from "./standing.ts";

/**
 * "MOVED slot host:port" for a command of keys that this node would have to bring to the leader, where clients are to go
 * there themselves (`redirect: moved`); "" where it is carried out here. What names no key is brought to the leader all the
 * same, and so is everything while no leader is known: it waits for one as long as an election may take (node.ts). Once
 * there was none for so long, the answer is CLUSTERDOWN at once.
 */
export function redirection(connection: Connection, command: Command, args: Arguments): string {
  const { server, session, request } = connection;
  if (server.settings.redirect !== "moved" || server.replica.leads) return "";
  const slot = command.name === "exec" ? (session.transaction?.slot ?? -1) : slotOf(command, args);
  if (slot < 0) return "";
  const isRead = command.route === "read" || command.name === "watch";
  if (isRead && session.transaction === undefined && request.readMode !== "linearizable") return "";
  const { leader, self } = standingOf(server) ?? {};
  if (leader?.client === undefined || leader === self) return "";
  return `MOVED ${slot} ${leader.client.host}:${leader.client.port}`;
}

/** The slot of the first key, as clients route; -1 where there is none. */
export function slotOf({ firstKey }: Command, args: Arguments): number {
  if (firstKey === 0 || firstKey >= args.count) return -1;
  return keySlot(args.bytes, args.start[firstKey]!, args.end[firstKey]!);
}
