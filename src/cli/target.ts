import { type Command, Option } from "commander";
import { type Address, parseAddress } from "../base/address.ts";
import { UsageError } from "./failure.ts";

/** Which server to talk to, and as whom. */
export interface Target {
  readonly addresses: readonly Address[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

const defaultAddress = "127.0.0.1:6379";
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
