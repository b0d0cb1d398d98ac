import { type Reply, ReplyError } from "../protocol/reply.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import { ConnectionError } from "./errors.ts";

export interface Credentials {
  /** Redis' "default" where it is absent. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** What CLIENT LIST shows. */
  readonly name?: string | undefined;
  /** What the connection is told next, before it is used: SELECT, CONSISTENCY. A refusal of any is the end. */
  readonly setup?: readonly (readonly RequestArgument[])[] | undefined;
}

type Ask = (args: readonly RequestArgument[]) => Promise<Reply>;

/** Introduces this client with HELLO 3, or with RESP2's own commands where HELLO is not known. */
export async function handshake(ask: Ask, who: Credentials): Promise<2 | 3> {
  const protocol = await introduce(ask, who);
  for (const reply of await Promise.all((who.setup ?? []).map(ask))) {
    if (reply instanceof ReplyError) throw refused(reply);
  }
  return protocol;
}

async function introduce(ask: Ask, who: Credentials): Promise<2 | 3> {
  const reply = await ask(helloOf(who));
  if (!(reply instanceof ReplyError)) return 3;
  if (!knowsNoHello(reply)) throw refused(reply);
  await handshakeInResp2(ask, who);
  return 2;
}

function helloOf({ username, password, name }: Credentials): RequestArgument[] {
  const hello: RequestArgument[] = ["HELLO", 3];
  if (password !== undefined) hello.push("AUTH", username ?? "default", password);
  if (name !== undefined) hello.push("SETNAME", name);
  return hello;
}

async function handshakeInResp2(ask: Ask, { username, password, name }: Credentials): Promise<void> {
  if (password !== undefined) {
    const reply = await ask(username === undefined ? ["AUTH", password] : ["AUTH", username, password]);
    if (reply instanceof ReplyError) throw refused(reply);
  }
  // A server that cannot note a name serves all the same.
  if (name !== undefined) await ask(["CLIENT", "SETNAME", name]);
}

function knowsNoHello(reply: ReplyError): boolean {
  return reply.code === "NOPROTO" || /^ERR unknown command/i.test(reply.message);
}

function refused(reply: ReplyError): ConnectionError {
  return new ConnectionError("REFUSED", reply.message);
}
