import { parseAddress } from "../base/address.ts";
import { KvorumError } from "../base/errors.ts";
import type { DataDirectory } from "../log/data-directory.ts";
import { decodeAbout, encodeAbout, isAbout, type MemberAbout } from "../peers/about.ts";
import type { Answer, Question } from "../peers/asks.ts";
import type { Hello } from "../peers/hello.ts";
import type { PeerNetwork } from "../peers/network.ts";
import { type Clock, pause, type Timer } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Change, Member as Configured } from "../raft/configuration.ts";
import type { NodeId } from "../raft/types.ts";
import type { Member } from "../replica/member.ts";
import type { Who } from "./founding.ts";

export interface MembershipParts {
  readonly member: Member;
  readonly network: PeerNetwork;
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This directory has no part in the cluster any more: why. */
  readonly removed: (reason: string) => void;
}

const lookMs = 500;
/** A change waits for the one before, and for the leader's first entry. */
const retryMs = 50;
const retriesMax = 100;

/**
 * Who is taken in, and what the leader does about members by itself: learners that want to vote are promoted when they
 * have caught up, and addresses that have changed are written down.
 */
export class Membership {
  readonly #parts: MembershipParts;
  readonly #looks: Timer;
  #isBusy = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    this.#looks = parts.clock.every(lookMs, () => void this.#look());
  }

  close(): void {
    this.#looks.cancel();
  }

  /** For PeerNetwork.answer. */
  async answer(question: Question, from: Hello): Promise<Answer> {
    if (question.type === "join") return this.#join(question.about, from);
    throw new KvorumError("ERR", `nobody answers ${question.type}`);
  }

  /** As of the last entry applied. */
  get members(): Pick<Who, "members" | "membersIndex"> {
    const { index, configuration } = this.#parts.member.placed;
    return { members: configuration.members, membersIndex: index };
  }

  async #join(about: unknown, from: Hello): Promise<Answer> {
    const { network, directory } = this.#parts;
    if (!isAbout(about) || about.incarnation !== from.incarnation)
      throw new KvorumError("ERR", "it does not say who it is");
    const leader = this.#leader;
    if (leader !== directory.identity.nodeId)
      return { leader: leader === undefined ? undefined : network.addressOf(leader) };
    await this.#describeSelf();
    await this.#takeIn(from.id, about);
    const joinedAt = this.#parts.member.status?.configurationIndex ?? 0;
    return { hashKey: directory.identity.hashKey, joinedAt };
  }

  /** A new member begins as a learner; one that has lost its directory begins anew. */
  async #takeIn(id: NodeId, about: MemberAbout): Promise<void> {
    const { network, logger, directory } = this.#parts;
    const known = this.#find(id);
    const text = encodeAbout(about);
    if (about.wantsVote && this.#parts.member.persistence?.fsync === "interval")
      throw new KvorumError(
        "ERR",
        "its only voter syncs now and then (fsync interval): take replicas, or no others",
      );
    if (known === undefined) {
      await this.#change({ type: "addLearner", id, about: text });
      logger.info(`${id} (${about.peer}) is a member now`);
      return;
    }
    const before = decodeAbout(known.about)?.incarnation;
    if (before === about.incarnation) return;
    if (before === "") {
      // It was announced: it votes if that is what both want.
      const { wantsVote: _, ...plain } = about;
      const mayVote = decodeAbout(known.about)?.wantsVote === true;
      await this.#change({ type: "describe", id, about: mayVote ? text : encodeAbout(plain) });
      logger.info(`${id} (${about.peer}), which was announced, has come`);
      return;
    }
    if (id === directory.identity.nodeId || network.isUp(id))
      throw new KvorumError(
        "ERR",
        `${id} is running elsewhere: give this node another --id, or stop that one`,
      );
    logger.info(`${id} has a new data directory: it begins anew as a learner`);
    if (known.isVoter)
      await this.#change({ type: "demote", id, about: encodeAbout({ ...about, wantsVote: true }) });
    else {
      await this.#change({ type: "remove", id });
      await this.#change({ type: "addLearner", id, about: text });
    }
  }

  /** A node that began alone has said nothing of itself yet, and addresses change. */
  async #describeSelf(): Promise<void> {
    const { directory, network } = this.#parts;
    const { nodeId, incarnation } = directory.identity;
    const own = this.#find(nodeId);
    const { peer, client } = network.self;
    const about = encodeAbout({ peer, client, incarnation });
    if (own !== undefined && own.about !== about) await this.#change({ type: "describe", id: nodeId, about });
  }

  async #change(change: Change): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.#parts.member.changeMembers(change);
        return;
      } catch (error) {
        if (!(error instanceof KvorumError) || error.code !== "BUSY" || tries >= retriesMax) throw error;
      }
      await pause(this.#parts.clock, retryMs);
    }
  }

  async #look(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      if (this.#leader === this.#parts.directory.identity.nodeId) await this.#lead();
      else await this.#follow();
    } catch (error) {
      this.#parts.logger.debug(`members: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#isBusy = false;
  }

  async #lead(): Promise<void> {
    const { network, directory } = this.#parts;
    const others = this.#members.filter(({ id }) => id !== directory.identity.nodeId);
    if (others.length > 0) await this.#describeSelf();
    for (const { id, isVoter, about } of others) {
      const known = decodeAbout(about);
      const moved = network.movedTo(id);
      if (known !== undefined && moved !== undefined)
        await this.#change({ type: "describe", id, about: encodeAbout({ ...known, ...moved }) });
      // Refused as long as it lags.
      else if (!isVoter && known?.wantsVote) await this.#promote(id);
    }
  }

  async #promote(id: NodeId): Promise<void> {
    await this.#parts.member.changeMembers({ type: "promote", id });
    this.#parts.logger.info(`${id} has caught up: it votes from now on`);
  }

  /** Who the leader is no more told of is told by nobody: it asks. */
  async #follow(): Promise<void> {
    if (this.#leader !== undefined) return;
    const { network, directory, member } = this.#parts;
    const { nodeId, joinedAt = 0 } = directory.identity;
    const { index, configuration } = member.placed;
    // One that has joined goes through all that was before.
    const from = Math.max(index, joinedAt);
    if (this.#isOut({ members: configuration.members, membersIndex: index }, joinedAt)) return;
    for (const { id } of this.#members) {
      const address = parseAddress(network.addressOf(id) ?? "");
      if (id === nodeId || address === undefined) continue;
      const answered = await network.ask(address, { type: "who" }).catch(ignore);
      if (answered === undefined) continue;
      const who = answered.answer as Who;
      if (this.#isOut(who, from) || this.#isForgotten(who, answered.from)) return;
    }
  }

  /** Whether members of behind that entry, which are committed, are without this node; tells it, then. */
  #isOut({ members, membersIndex = 0 }: Pick<Who, "members" | "membersIndex">, from: number): boolean {
    const { nodeId, incarnation } = this.#parts.directory.identity;
    if (members === undefined || membersIndex <= from) return false;
    const own = members.find((one) => one.id === nodeId);
    const about = decodeAbout(own?.about ?? "");
    if (own !== undefined && (about === undefined || about.incarnation === "")) return false;
    if (about?.incarnation === incarnation) return false;
    const why =
      own === undefined ? "was removed from its cluster" : "has come anew with another data directory";
    this.#parts.removed(
      `${nodeId} ${why}: this directory takes no part any more; to come back, start with --join and an empty one`,
    );
    return true;
  }

  /**
   * Whether the only voter, whose members are the members, does not know this node, though it has had time to: it syncs now and
   * then, and has lost the entry that took this one in. Tells it, then.
   */
  #isForgotten({ members }: Pick<Who, "members">, { id, syncsLate }: Hello): boolean {
    const { nodeId } = this.#parts.directory.identity;
    const voters = this.#members.filter(({ isVoter }) => isVoter);
    if (members === undefined || !syncsLate || voters.length !== 1 || voters[0]!.id !== id) return false;
    if (members.some((one) => one.id === nodeId)) return false;
    this.#parts.removed(
      `${id} has lost the entry that made ${nodeId} a member: to come back, start with --replica-of and an empty directory`,
    );
    return true;
  }

  get #leader(): NodeId | undefined {
    return this.#parts.member.status?.leaderId;
  }

  get #members(): readonly Configured[] {
    return this.#parts.member.status?.configuration.members ?? [];
  }

  #find(id: NodeId): Configured | undefined {
    return this.#members.find((member) => member.id === id);
  }
}

function ignore(): undefined {}
