import { type Address, formatAddress, parseAddress } from "../base/address.ts";
import type { TlsOptions } from "../platform/net-connect.ts";
import type { ConsistencyOptions } from "./consistency.ts";
import { KvClientError } from "./errors.ts";
import { type PoolOptions, poolDefaults } from "./pool.ts";

/** Where a read goes, of the nodes that may answer it. */
export type ReadPolicy = "least-in-flight" | "random" | "round-robin" | "leader" | "nearest";

/** How a client is made. Only `addresses` may be needed; all times are in ms. */
export interface KvClientOptions extends ConsistencyOptions {
  /** Some nodes, "HOST:PORT" each: the others are learnt from them. "127.0.0.1:6379" by default. */
  readonly addresses?: readonly string[];
  /** Redis' "default" where it is absent. */
  readonly username?: string;
  readonly password?: string;
  /** What CLIENT LIST shows; "kvorum-client" by default. */
  readonly name?: string;
  /** 0 by default; kvorum has 0 to 15. */
  readonly database?: number;
  /** True, or what Node.js' tls.connect takes (ca, cert, key, servername …). */
  readonly tls?: boolean | TlsOptions;
  /** How long an operation may take, with all that is done for it again; 10 s by default, 0: as long as it takes. */
  readonly timeout?: number;
  /** For one connection and its first words; 3 s by default. */
  readonly connectTimeout?: number;
  /** A connection that owes replies and is silent for so long is given up, and its operations go elsewhere; 2 s by default. */
  readonly silence?: number;
  /** After so long without use a connection is tested; 5 s by default. */
  readonly heartbeat?: number;
  /** "least-in-flight" by default. */
  readonly readFrom?: ReadPolicy;
  /** Where members are reached from here, by where they say they are: for NAT and containers. */
  readonly translateAddress?: (address: string) => string;
  /** How often it is asked who the members are, in ms, when nothing else gives a reason to; 15 s by default. */
  readonly refreshInterval?: number;
  /** Whether writes are numbered, so that they can be sent again and are applied once all the same; true by default. */
  readonly exactlyOnce?: boolean;
  /** Nothing is connected to before something is asked for; false by default. */
  readonly lazyConnect?: boolean;
  /** Connections that are lent out by `acquire`, for each node. */
  readonly pool?: PoolOptions;
}

const defaultAddress = "127.0.0.1:6379";

/** The options, checked, with everything that was left out. */
export interface Settings {
  readonly seeds: readonly Address[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly name: string;
  readonly database: number;
  readonly tls: TlsOptions | undefined;
  readonly timeoutMs: number;
  readonly connectMs: number;
  readonly silenceMs: number;
  readonly heartbeatMs: number;
  readonly readFrom: ReadPolicy;
  readonly translate: (address: string) => string;
  readonly refreshMs: number;
  readonly exactlyOnce: boolean;
  readonly pool: Required<PoolOptions>;
  readonly consistency: ConsistencyOptions;
  readonly isLazy: boolean;
}

/** Throws KvClientError ERR that names what is wrong. */
export function settingsOf(given: string | readonly string[] | KvClientOptions = {}): Settings {
  const options: KvClientOptions =
    typeof given === "string"
      ? { addresses: given.split(",") }
      : isList(given)
        ? { addresses: given }
        : given;
  const { addresses = [defaultAddress], tls = false, pool = {}, readFrom = "least-in-flight" } = options;
  if (addresses.length === 0) throw wrong("addresses", "at least one HOST:PORT", addresses);
  if (!readPolicies.includes(readFrom)) throw wrong("readFrom", readPolicies.join(", "), readFrom);
  return {
    seeds: addresses.map((text) => addressIn("addresses", text)),
    username: options.username,
    password: options.password,
    name: options.name ?? "kvorum-client",
    database: number(options, "database", 0, databaseMax, 0),
    tls: tls === true ? {} : tls === false ? undefined : tls,
    timeoutMs: number(options, "timeout", 0, longestMs, 10_000),
    connectMs: number(options, "connectTimeout", 1, longestMs, 3_000),
    silenceMs: number(options, "silence", 1, longestMs, 2_000),
    heartbeatMs: number(options, "heartbeat", 1, longestMs, 5_000),
    readFrom,
    translate: translatorOf(options),
    refreshMs: number(options, "refreshInterval", 100, longestMs, 15_000),
    exactlyOnce: options.exactlyOnce ?? true,
    pool: poolOf(pool),
    consistency: options,
    isLazy: options.lazyConnect ?? false,
  };
}

/** A server says itself how many it has. */
const databaseMax = 65_535;
/** Node.js' timers count ms in 31 bits. */
const longestMs = 2 ** 31 - 1;
const readPolicies: readonly ReadPolicy[] = ["least-in-flight", "random", "round-robin", "leader", "nearest"];

/** In lower case, so that one node has one name. What throws translates nothing, and harms nobody. */
function translatorOf({ translateAddress = (address) => address }: KvClientOptions): Settings["translate"] {
  return (address) => {
    try {
      return translateAddress(address).toLowerCase();
    } catch (error) {
      process.emitWarning(`translateAddress threw: ${String(error)}`, "KvClientWarning");
      return address;
    }
  };
}

function isList(given: readonly string[] | KvClientOptions): given is readonly string[] {
  return Array.isArray(given);
}

/** The address that the option has. Throws KvClientError ERR where it is none. */
export function addressIn(option: string, text: string): Address {
  const trimmed = String(text).trim();
  const address = parseAddress(trimmed) ?? parseAddress(`${trimmed}:6379`);
  if (address === undefined) throw wrong(option, `HOST:PORT, such as ${defaultAddress}`, text);
  return address;
}

/** Throws KvClientError ERR where a call's timeout or signal is none. */
export function checkCall({
  timeout,
  signal,
}: {
  readonly timeout?: unknown;
  readonly signal?: unknown;
}): void {
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0))
    throw wrong("timeout", "a number of ms, 0 or more", timeout);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw wrong("signal", "an AbortSignal", signal);
}

function poolOf(pool: PoolOptions): Required<PoolOptions> {
  const { maxOpen, ...others } = poolDefaults;
  const checked = { maxOpen: number(pool, "maxOpen", 1, longestMs, maxOpen) };
  const rest = Object.entries(others).map(([name, otherwise]) => [
    name,
    number(pool, name as keyof PoolOptions, 0, longestMs, otherwise),
  ]);
  return { ...checked, ...Object.fromEntries(rest) };
}

function number<N extends string>(
  options: { readonly [name in N]?: unknown },
  name: N,
  min: number,
  max: number,
  otherwise: number,
): number {
  const value = options[name] ?? otherwise;
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
    throw wrong(name, `a whole number from ${min} to ${max}`, value);
  return value;
}

function wrong(name: string, expected: string, got: unknown): KvClientError {
  return new KvClientError(
    "ERR",
    `${name}: expected ${expected}, got ${typeof got === "number" ? got : JSON.stringify(got)}`,
  );
}

/** "a:1" and "A:1" are one. */
export function nameOf(address: Address): string {
  return formatAddress(address).toLowerCase();
}
