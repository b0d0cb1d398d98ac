import { createHash, timingSafeEqual } from "node:crypto";
import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";
import type { Connection } from "../connection.ts";
import type { LocalHandler } from "../server.ts";
import { isLedBySelf, standingOf } from "../standing.ts";
import { nameProblem } from "./client-names.ts";
import { integerAt, syntaxError } from "./reading.ts";

/** How a client introduces itself. */
export const helloHandlers: Readonly<Record<string, LocalHandler>> = { auth, hello };

/** The Redis that clients take us for. */
export const redisVersion = "7.0.15";

const wrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";
const noPassword =
  "ERR AUTH <password> called without any password configured for the default user. " +
  "Are you sure your configuration is correct?";
const noNumber = "ERR Protocol version is not an integer or out of range";
const notAuthenticated =
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> " +
  "option can be used to authenticate the client and select the RESP protocol version at the same time";

/** `AUTH password` and `AUTH default password`: there is one user. */
function auth(connection: Connection, args: Arguments): void {
  const { out, server } = connection;
  if (args.count > 3) out.error(syntaxError);
  else if (args.count === 2 && server.settings.requirepass === "") out.error(noPassword);
  else if (args.count === 3 && !isTheUser(args, 1)) out.error(wrongPassword);
  else if (authenticate(connection, args, args.count - 1)) out.ok();
  else out.error(wrongPassword);
}

/** Names of users have their case, unlike everything else. */
export function isTheUser(args: Arguments, index: number): boolean {
  return args.lengthOf(index) === theUser.length && args.text(index) === theUser;
}

export const theUser = "default";

/** Without a password set, every password is right. */
function authenticate({ server, session }: Connection, args: Arguments, password: number): boolean {
  const { requirepass } = server.settings;
  if (requirepass !== "") {
    if (args.lengthOf(password) > limits.passwordBytesMax) return false;
    if (!isSame(Buffer.from(requirepass), args.copyOf(password))) return false;
  }
  session.isAuthenticated = true;
  return true;
}

/** Takes the same time wherever they differ: the digests are compared, which nobody can steer. */
function isSame(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** HELLO [protover [AUTH username password] [SETNAME name]] */
function hello(connection: Connection, args: Arguments): void {
  const { out, server, session } = connection;
  let { protocol } = out;
  if (args.count > 1) {
    const wanted = integerAt(args, 1);
    if (wanted !== 2 && wanted !== 3) {
      out.error(wanted === undefined ? noNumber : "NOPROTO unsupported protocol version");
      return;
    }
    protocol = wanted;
  }
  const problem = followOptions(connection, args);
  if (problem !== "") {
    out.error(problem);
  } else if (server.mustAuthenticate(session)) {
    out.error(notAuthenticated);
  } else {
    out.protocol = protocol;
    introduce(connection);
  }
}

/** One after the other, as in Redis: what stands before a wrong one is done. Gives what is wrong, or "". */
function followOptions(connection: Connection, args: Arguments): string {
  for (let i = 2; i < args.count; i++) {
    const more = args.count - 1 - i;
    if (args.is(i, "auth") && more >= 2) {
      if (!isTheUser(args, i + 1) || !authenticate(connection, args, i + 2)) return wrongPassword;
      i += 2;
    } else if (args.is(i, "setname") && more >= 1) {
      i++;
      const problem = nameProblem(args, i, "Client names");
      if (problem !== "") return problem;
      connection.session.name = args.text(i);
    } else {
      return `ERR Syntax error in HELLO option '${args.quoted(i).slice(0, 128)}'`;
    }
  }
  return "";
}

function introduce({ out, session, server }: Connection): void {
  const standing = standingOf(server);
  out.map(7);
  out.bulkText("server");
  out.bulkText("redis");
  out.bulkText("version");
  out.bulkText(redisVersion);
  out.bulkText("proto");
  out.integer(out.protocol);
  out.bulkText("id");
  out.integer(session.id);
  out.bulkText("mode");
  out.bulkText(standing?.isCluster ? "cluster" : "standalone");
  out.bulkText("role");
  out.bulkText(isLedBySelf(standing) ? "master" : "replica");
  out.bulkText("modules");
  out.array(0);
}
