import { type Command, Option } from "commander";
import { type Address, formatAddress, parseAddress } from "../base/address.ts";
import { type Connection, connect } from "../client/connection.ts";
import { ConnectionError } from "../client/errors.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDialer } from "../platform/net-connect.ts";
import { UsageError } from "./failure.ts";

/** Which server to talk to, and as whom. */
export interface Target {
  readonly addresses: readonly Address[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

const defaultAddress = "127.0.0.1:6379";
const connectMs = 5_000;
/** Redis' default; a server that has more says so itself when it is asked. */
const databaseMax = 65_535;

/** Adds the options of a command that talks to a server about one database. */
export function addTargetOptions(command: Command): Command {
  return addServerOptions(command).addOption(
    new Option("-n, --db <NUMBER>", "database to select").default("0", "0"),
  );
}

/** Adds the options of a command that talks to a server. */
export function addServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option("-c, --connect <HOST:PORT,...>", "servers to try, in this order")
        .env("KVORUM_CONNECT")
        .default(defaultAddress, defaultAddress),
    )
    .addOption(
      new Option("--user <NAME>", "user to log in as, where the server has users").env("KVORUM_USER"),
    )
    .addOption(
      new Option("--password <PASSWORD>", "password; better set it with the variable").env("KVORUM_PASSWORD"),
    );
}

/** Reads the options that these have added. */
export function targetOf(options: Readonly<Record<string, unknown>>): Target {
  const { connect: list, user, password, db = "0" } = options;
  const addresses = String(list)
    .split(",")
    .map((text) => readAddress(text.trim()));
  const number = Number(db);
  if (!/^\d+$/.test(String(db)) || number > databaseMax) {
    throw new UsageError(`--db: expected the number of a database, got ${JSON.stringify(db)}`);
  }
  return {
    addresses,
    username: user as string | undefined,
    password: password as string | undefined,
    db: number,
  };
}

function readAddress(text: string): Address {
  // A host alone means Redis' port there.
  const address = parseAddress(text) ?? parseAddress(`${text}:6379`);
  if (address !== undefined) return address;
  throw new UsageError(
    `--connect: expected HOST:PORT, such as ${defaultAddress}, got ${JSON.stringify(text)}`,
  );
}

export interface DialOptions {
  /** A call's deadline; 0: none. */
  readonly callMs: number;
  /** For connecting and the first words; five seconds where it is absent. */
  readonly connectMs?: number;
  readonly onClosed?: (error: ConnectionError | undefined) => void;
}

/** Connects to the first server of the target that lets us in, and selects the database. */
export async function dial(target: Target, options: DialOptions): Promise<Connection> {
  const failures: ConnectionError[] = [];
  for (const address of target.addresses) {
    try {
      return await dialOne(address, target, options);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      failures.push(error);
    }
  }
  throw noServer(failures);
}

async function dialOne(address: Address, target: Target, options: DialOptions): Promise<Connection> {
  const { username, password } = target;
  const setup = target.db === 0 ? [] : [["SELECT", target.db]];
  return connect(
    { ...address, username, password, setup, name: "kvorum-cli", bulkForm: "bytes", connectMs, ...options },
    { dialer: systemDialer, clock: systemClock },
  ).catch((error: unknown) => {
    throw error instanceof ConnectionError ? inWords(error, formatAddress(address), target.db) : error;
  });
}

/** A server's refusal, with what to do about it. */
export function inWords(error: ConnectionError, where: string, db: number): ConnectionError {
  if (error.code !== "REFUSED") return error;
  if (/^ERR (?:DB index|invalid DB)/.test(error.message)) {
    return new ConnectionError("REFUSED", `${where} has no database ${db}: ${error.message}`);
  }
  if (wantsPassword(error)) {
    return new ConnectionError(
      "REFUSED",
      `NOAUTH ${where} wants a password: set KVORUM_PASSWORD, or give --password`,
    );
  }
  return new ConnectionError("REFUSED", `${where} refused this client: ${error.message}`);
}

/** Whether the server only let us not in because no password was given. */
export function wantsPassword(error: unknown): boolean {
  return error instanceof ConnectionError && error.code === "REFUSED" && error.message.startsWith("NOAUTH");
}

/** Why none of them lets us in. */
export function noServer(failures: readonly ConnectionError[]): ConnectionError {
  const [first] = failures;
  const reasons = failures.map(({ message }) => message).join("; ");
  if (first?.code !== "UNREACHABLE")
    return failures.length === 1 ? first! : new ConnectionError("UNREACHABLE", reasons);
  const advice = "start a node with `kvorum start --memory`, or name another server with --connect";
  return new ConnectionError("UNREACHABLE", `${reasons}; ${advice}`);
}
