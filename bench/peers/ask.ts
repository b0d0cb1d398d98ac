import { connect } from "../../src/client/connection.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDialer } from "../../src/platform/net-connect.ts";
import { type Reply, ReplyError } from "../../src/protocol/reply.ts";

/** Long enough for a server that has just been flooded, or that saves everything before it answers. */
const answerMs = 120_000;

/** Asks a server one thing, on a connection of its own. An error reply is thrown. */
export async function ask(port: number, ...words: readonly string[]): Promise<Reply> {
  const connection = await connect(
    { host: "127.0.0.1", port, bulkForm: "text", connectMs: answerMs, callMs: answerMs },
    { dialer: systemDialer, clock: systemClock },
  );
  try {
    const reply = await connection.call(words);
    if (reply instanceof ReplyError) throw new Error(`${words.join(" ")}: ${reply.message}`);
    return reply;
  } finally {
    await connection.close();
  }
}

/** A number that INFO shows, or undefined where the server does not have the field. */
export async function infoNumber(port: number, field: string): Promise<number | undefined> {
  return fieldOf(String(await ask(port, "INFO")), field);
}

export function fieldOf(info: string, field: string): number | undefined {
  const value = Number(textOf(info, field));
  return Number.isFinite(value) ? value : undefined;
}

export function textOf(info: string, field: string): string | undefined {
  const line = info.split(/\r?\n/).find((each) => each.startsWith(`${field}:`));
  return line?.slice(field.length + 1);
}
