import {
  type Change,
  CONFIGURATION,
  decodeConfiguration,
  type Entry,
  type LogIndex,
  type Message,
  messageText,
  NOOP,
  type NodeId,
  type Ready,
  type Role,
} from "../../src/raft/index.ts";
import { Cluster, type Scene } from "../raft/cluster.ts";

/**
 * A cluster whose every move is written down, for people to read. What the script does begins at the margin; what
 * the members do upon it stands below:
 *
 *     n1 campaigns
 *       n1 is preCandidate in term 0
 *       n1 → n2 PRE_VOTE_REQUEST term=0 candidate=n1 last=0/0
 *       n1 disk term=1 vote=n1 entries=1/1
 *       n1 commit 2
 */
export class Stage {
  readonly cluster: Cluster;
  readonly #lines: string[] = [];
  readonly #commits: Map<NodeId, LogIndex> = new Map();

  constructor(scene: Scene) {
    this.cluster = new Cluster({ ...scene, onReady: (id, ready) => this.#ready(id, ready) });
    this.cluster.onMessage = (message, fate) => this.#message(message, fate);
    for (const id of this.cluster.ids) this.#commits.set(id, 0);
  }

  get text(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  /** A remark of the script. */
  say(text: string): void {
    if (this.#lines.length > 0) this.#lines.push("");
    this.#lines.push(`# ${text}`);
  }

  // What the script does

  campaign(id: NodeId): void {
    this.#act(`${id} campaigns`, () => this.cluster.act(id, (node) => node.campaign()));
  }

  propose(id: NodeId, text: string): void {
    this.#act(`${id} is offered "${text}"`, () => this.#answer(id, this.cluster.propose(id, text)));
  }

  change(id: NodeId, change: Change): void {
    this.#act(`${id} is asked to ${change.type} ${change.id}`, () =>
      this.#answer(id, this.cluster.change(id, change)),
    );
  }

  transfer(id: NodeId, to: NodeId): void {
    this.#act(`${id} is asked to hand over to ${to}`, () =>
      this.#answer(id, this.cluster.act(id, (node) => node.transfer(to)) ?? "under way"),
    );
  }

  read(id: NodeId, token: number): void {
    this.#act(`${id} is asked to read (${token})`, () => this.cluster.read(id, token));
  }

  refused(id: NodeId, by: NodeId): void {
    this.#act(`${id} is refused a connection to ${by}`, () =>
      this.cluster.act(id, (node) => node.reportRefused(by)),
    );
  }

  /** Ticks of one member, nothing delivered. */
  tick(id: NodeId, ticks: number): void {
    this.#act(`${id} waits ${ticks} ticks`, () => this.cluster.tick(id, ticks));
  }

  /** Ticks of all, everything delivered. */
  run(ticks: number): void {
    this.#act(`all wait ${ticks} ticks`, () => this.cluster.run(ticks));
  }

  settle(): void {
    this.#act("all arrives", () => this.cluster.settle());
  }

  deliver(what: string, isWanted: (message: Message) => boolean): void {
    this.#act(`what arrives: ${what}`, () => this.cluster.deliver(isWanted));
  }

  lose(what: string, isLost: (message: Message) => boolean = () => true): void {
    this.#act(`what is lost: ${what}`, () => this.cluster.lose(isLost));
  }

  crash(id: NodeId): void {
    this.#act(`${id} crashes`, () => this.cluster.crash(id));
  }

  start(id: NodeId): void {
    this.#commits.set(id, 0);
    this.#act(`${id} starts again`, () => this.cluster.start(id));
  }

  cut(some: readonly NodeId[], others: readonly NodeId[]): void {
    this.#act(`${some.join(" ")} and ${others.join(" ")} do not hear each other`, () =>
      this.cluster.cut(some, others),
    );
  }

  heal(): void {
    this.#act("all hear each other", () => this.cluster.heal());
  }

  slowDisk(id: NodeId): void {
    this.#act(`${id}'s disk hangs`, () => {
      this.cluster.member(id).isDiskSlow = true;
    });
  }

  fastDisk(id: NodeId): void {
    this.#act(`${id}'s disk works again`, () => {
      const member = this.cluster.member(id);
      member.isDiskSlow = false;
      while (member.finishWrite()) this.#look(id);
    });
  }

  compact(id: NodeId): void {
    const member = this.cluster.member(id);
    this.#act(`${id} takes a snapshot at ${member.appliedIndex}, and drops the log before it`, () =>
      member.compact(member.appliedIndex + 1),
    );
  }

  // What is written down

  #act(text: string, act: () => void): void {
    if (this.#lines.length > 0 && !this.#lines.at(-1)!.startsWith("# ")) this.#lines.push("");
    this.#lines.push(text);
    act();
    for (const id of this.cluster.ids) this.#look(id);
  }

  #note(text: string): void {
    this.#lines.push(`  ${text}`);
  }

  #answer(id: NodeId, answer: LogIndex | string): void {
    this.#note(`${id} answers ${answer}`);
  }

  #ready(id: NodeId, { write, status, reads, failedReads }: Ready): void {
    this.#look(id);
    if (status !== undefined)
      this.#note(`${id} ${roleText(status.role, status.leaderId)} in term ${status.term}`);
    if (write !== undefined) {
      const { hardState, snapshot, entries } = write;
      const parts = [
        ...(hardState === undefined ? [] : [`term=${hardState.term} vote=${hardState.vote ?? "-"}`]),
        ...(snapshot === undefined ? [] : [`snapshot=${snapshot.index}/${snapshot.term}`]),
        ...entries.map(entryText),
      ];
      this.#note(`${id} writes ${parts.join(" ")}`);
    }
    for (const { token, index } of reads) this.#note(`${id} may read (${token}) when ${index} is applied`);
    for (const token of failedReads) this.#note(`${id} failed to read (${token})`);
  }

  #message(message: Message, fate: "delivered" | "lost"): void {
    const arrow = fate === "delivered" ? "→" : "↛";
    this.#note(`${message.from} ${arrow} ${message.to} ${messageText(message)}`);
  }

  /** Commits are seen when they are told of, since no message need follow. */
  #look(id: NodeId): void {
    const { commitIndex } = this.cluster.node(id);
    if (this.#commits.get(id) === commitIndex) return;
    this.#commits.set(id, commitIndex);
    this.#note(`${id} commits ${commitIndex}`);
  }
}

function roleText(role: Role, leaderId: NodeId | undefined): string {
  if (role !== "follower") return `is ${role}`;
  return leaderId === undefined ? "is follower" : `follows ${leaderId}`;
}

function entryText({ index, term, kind, payload }: Entry): string {
  const what =
    kind === NOOP
      ? "no-op"
      : kind === CONFIGURATION
        ? decodeConfiguration(payload)
            .members.map(({ id, isVoter }) => (isVoter ? id : `(${id})`))
            .join("+")
        : payload.toString();
  return `${index}/${term}:${what}`;
}
