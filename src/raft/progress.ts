import { assert } from "../base/assert.ts";
import { reached } from "../base/reached.ts";
import { Inflights } from "./inflights.ts";
import type { LogIndex, NodeId } from "./types.ts";

export type ProgressState = "probe" | "replicate" | "snapshot";

export interface Window {
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
}

/**
 * A follower as its leader sees it.
 *
 *     ……………………… match ……………… next ………………… lastIndex
 *      equal and      sent, or      to send
 *      durable        assumed
 *
 * Invariants: match < next. In `probe`, next is a guess and at most one message is under way; in `replicate`, next
 * runs ahead of what is acknowledged, and `inflights` holds what lies between; in `snapshot`, nothing is sent.
 */
export class Progress {
  readonly id: NodeId;
  match: LogIndex = 0;
  next: LogIndex;
  state: ProgressState = "probe";
  /** The index of the snapshot that is on its way, in state `snapshot`; else 0. */
  pendingSnapshot: LogIndex = 0;
  readonly inflights: Inflights;
  /** The probe is out, and nothing has answered since. */
  isProbeSent = false;
  /** The entries to send next are being loaded by the host. */
  isLoading = false;
  /** What was sent may be lost: a message finds out, also where the window has no room for entries. */
  isCheckDue = false;
  /** The leader's tick at which this member last answered. */
  heardAt: number;
  /** The last read round that it answered. */
  round = 0;
  /** The highest commit index it was told. */
  sentCommit: LogIndex = 0;

  constructor(id: NodeId, next: LogIndex, now: number, window: Window) {
    this.id = id;
    this.next = next;
    this.heardAt = now;
    this.inflights = new Inflights(window.inflightMessagesMax, window.inflightBytesMax);
  }

  get isPaused(): boolean {
    if (this.isLoading || this.state === "snapshot") return true;
    if (this.state === "probe") return this.isProbeSent;
    return this.inflights.isFull && !this.isCheckDue;
  }

  /** It has, or has been sent, all that it needs to be of use at once. */
  isCaughtUp(commitIndex: LogIndex): boolean {
    return this.state === "replicate" && this.next > commitIndex;
  }

  /** Where the logs agree has to be found out (again). */
  becomeProbe(): void {
    // A reported snapshot has brought it up to there, even if its acknowledgement is still on its way.
    const from = Math.max(this.match, this.pendingSnapshot);
    this.#enter("probe");
    this.next = from + 1;
  }

  becomeReplicate(): void {
    this.#enter("replicate");
    this.next = this.match + 1;
  }

  becomeSnapshot(index: LogIndex): void {
    this.#enter("snapshot");
    this.pendingSnapshot = index;
  }

  /**
   * The host brought the snapshot over, or gave up. Either way it waits for a sign of life first: the receiver may
   * still be installing, or be gone.
   */
  snapshotEnded(isDone: boolean): void {
    if (this.state !== "snapshot") return;
    if (!isDone) {
      reached("snapshot-given-up");
      this.pendingSnapshot = 0;
    }
    this.becomeProbe();
    this.isProbeSent = true;
  }

  /** A message with entries up to `last`, or with none, was sent. */
  sent(last: LogIndex, entries: number, bytes: number): void {
    assert(!this.isPaused, "nothing is sent to a member that has to be waited for");
    this.isCheckDue = false;
    if (this.state === "probe") this.isProbeSent = true;
    else if (entries > 0) {
      this.inflights.add(last, bytes);
      this.next = last + 1;
    }
  }

  /**
   * It acknowledged all up to `index`. Returns false if that is old news. `firstIndex` is the leader's: from there on
   * it can send entries.
   */
  acknowledged(index: LogIndex, firstIndex: LogIndex): boolean {
    const isNews = index > this.match;
    if (isNews) {
      this.match = index;
      this.next = Math.max(this.next, index + 1);
    }
    if (this.state === "replicate") this.inflights.freeTo(index);
    else if (this.state === "probe" && index >= this.match) this.becomeReplicate();
    else if (isNews && (index >= this.pendingSnapshot || index >= firstIndex)) {
      if (index < this.pendingSnapshot) reached("caught-up-without-snapshot");
      this.becomeReplicate();
    }
    return isNews;
  }

  /**
   * It refused the message behind entry `index`; `mayAgree` is the last entry that both logs may have. Returns
   * false if the refusal answers something that no longer matters.
   */
  refused(index: LogIndex, mayAgree: LogIndex): boolean {
    if (this.state === "replicate") {
      if (index <= this.match) return false;
      reached("refused-behind-acknowledged");
      this.becomeProbe();
      this.next = Math.max(Math.min(index, mayAgree + 1), this.match + 1);
      return true;
    }
    if (this.state !== "probe" || index !== this.next - 1) {
      reached("old-refusal");
      return false;
    }
    this.next = Math.max(Math.min(index, mayAgree + 1), this.match + 1);
    this.isProbeSent = false;
    return true;
  }

  /** It answered a heartbeat, so it is there. Whatever is still unanswered may have been lost. */
  answered(lastIndex: LogIndex): void {
    this.isProbeSent = false;
    if (this.state === "replicate" && this.match !== lastIndex) this.isCheckDue = true;
  }

  #enter(state: ProgressState): void {
    this.state = state;
    this.pendingSnapshot = 0;
    this.isProbeSent = false;
    this.isLoading = false;
    this.isCheckDue = false;
    this.inflights.clear();
  }
}
