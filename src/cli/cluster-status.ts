import { parseAddress } from "../base/address.ts";
import { KvorumError } from "../base/errors.ts";
import type { KvClient } from "../client/client.ts";
import { type Reply, ReplyError } from "../protocol/reply.ts";
import { dial, type Line } from "./line.ts";
import type { Target } from "./target.ts";

/** How far a member is behind its leader's log. */
export interface MemberLag {
  readonly entries: number;
  readonly bytes: number;
  readonly ms: number;
}

/** What a member says of itself. */
export interface NodeReport {
  readonly role: string;
  /** "ok", or why it does not take everything. */
  readonly state: string;
  readonly version: string;
  readonly term: number;
  readonly commit: number;
  readonly applied: number;
  readonly last: number;
  readonly disk: string;
  readonly fsync: string;
  readonly logBytes: number;
  readonly dataBytes: number;
}

export interface MemberStatus {
  readonly id: string;
  readonly kind: "voter" | "learner";
  /** HOST:PORT of its clients' port; empty where nobody knows. */
  readonly address: string;
  /** It was announced and has never come. */
  readonly isAwaited: boolean;
  /** As the leader sees it; absent for the leader itself, and while there is none. */
  readonly lag?: MemberLag;
  /** Since the leader heard it last. */
  readonly heardMs?: number;
  readonly report?: NodeReport;
  /** Why there is no report. */
  readonly problem?: string;
}

export interface ClusterStatus {
  /** Empty while no leader is known. */
  readonly leader: string;
  readonly term: number;
  /** W: voters that hold a write before it is answered. */
  readonly writeQuorum: number;
  readonly members: readonly MemberStatus[];
}

interface Answer extends NodeReport {
  readonly id: string;
  readonly client: string;
  readonly leader: string;
  readonly writeQuorum: number;
  readonly members: readonly Fields[];
}

type Fields = Readonly<Record<string, string | number>>;

/** A node that is there answers at once; one that is not is not waited for. */
const memberMs = 1_500;
const firstMs = 5_000;

/**
 * Asks the first node of the target that answers, then the leader that it names for the lags, then each member for
 * itself. Rejects where no node answers.
 */
export async function clusterStatus(target: Target): Promise<ClusterStatus> {
  const line = await dial(target, { callMs: firstMs });
  try {
    const first = answerTo(await line.call(status), line.address);
    return await new Survey(line, first).result();
  } finally {
    await line.close();
  }
}

const status = ["KVORUM", "STATUS"];

/** What the members say, each asked once. */
class Survey {
  readonly #client: KvClient;
  readonly #failures: ReadonlyMap<string, Error>;
  readonly #first: Answer;
  readonly #known: Map<string, Answer>;

  constructor({ client, failures }: Line, first: Answer) {
    this.#client = client;
    this.#failures = failures;
    this.#first = first;
    this.#known = new Map([[first.id, first]]);
  }

  async result(): Promise<ClusterStatus> {
    const first = this.#first;
    const leaderAt = first.members.find(({ id }) => id === first.leader)?.client ?? "";
    const leader = first.leader === first.id ? first : await this.#askAt(String(leaderAt));
    const answer = typeof leader === "string" ? first : leader;
    const rows = answer.members.length > 0 ? answer.members : [{ id: answer.id, kind: "voter" }];
    const members = await Promise.all(rows.map((row) => this.#member(row)));
    const { term, writeQuorum } = answer;
    return {
      leader: answer.leader || (answer.members.length === 0 ? answer.id : ""),
      term,
      writeQuorum,
      members,
    };
  }

  async #member(row: Fields): Promise<MemberStatus> {
    const id = String(row.id);
    const isAwaited = row.awaited === 1;
    const client = String(row.client ?? "");
    const said = isAwaited ? "has still to come" : (this.#known.get(id) ?? (await this.#askAt(client)));
    const address = client === "" && typeof said !== "string" ? said.client : client;
    return {
      ...{ id, kind: row.kind === "voter" ? "voter" : "learner", address, isAwaited },
      ...(typeof row.lag_entries === "number" && {
        lag: { entries: row.lag_entries, bytes: Number(row.lag_bytes), ms: Number(row.lag_ms) },
        heardMs: Number(row.heard_ms),
      }),
      ...(typeof said === "string" ? { problem: said } : { report: reportOf(said) }),
    };
  }

  /** What the node there says, or why it says nothing. */
  async #askAt(node: string): Promise<Answer | string> {
    if (parseAddress(node) === undefined) return "its address is not known";
    try {
      using lease = await this.#client.acquire({ node, timeout: memberMs });
      const answer = answerTo(await lease.send(status, { as: "bytes", timeout: memberMs }), node);
      this.#known.set(answer.id, answer);
      return answer;
    } catch (error) {
      const { message } = this.#failures.get(node.toLowerCase()) ?? (error as Error);
      return message.replace(/;.*$/, "");
    }
  }
}

function answerTo(reply: Reply, address: string): Answer {
  if (!(reply instanceof ReplyError)) return answerOf(plain(reply) as Fields);
  if (!/^ERR unknown command/i.test(reply.message)) throw new KvorumError("ERR", reply.message);
  throw new KvorumError("ERR", `${address} is no kvorum, or an older one`);
}

function answerOf(fields: Fields): Answer {
  const text = (name: string): string => String(fields[name] ?? "");
  const number = (name: string): number => Number(fields[name] ?? 0);
  return {
    ...{ id: text("id"), client: text("client"), leader: text("leader"), role: text("role") },
    ...{ state: text("state"), version: text("version"), disk: text("disk"), fsync: text("fsync") },
    ...{ term: number("term"), commit: number("commit"), applied: number("applied"), last: number("last") },
    ...{ logBytes: number("log_bytes"), dataBytes: number("data_bytes") },
    writeQuorum: number("write_quorum"),
    members: fields.members as unknown as readonly Fields[],
  };
}

function reportOf(answer: Answer): NodeReport {
  const { role, state, version, term, commit, applied, last, disk, fsync, logBytes, dataBytes } = answer;
  return { role, state, version, term, commit, applied, last, disk, fsync, logBytes, dataBytes };
}

/** Maps as objects, bytes as text. */
function plain(reply: Reply): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (Array.isArray(reply)) return reply.map(plain);
  if (reply instanceof Map)
    return Object.fromEntries([...reply].map(([key, value]) => [String(plain(key)), plain(value)]));
  return typeof reply === "bigint" ? Number(reply) : reply;
}
