/** What a signal ends. */
export interface Abortable {
  abort(): void;
}

/** All that one signal ends, behind one listener: each listener of a signal costs, and Node.js warns from the eleventh on. */
class Group {
  readonly members = new Set<Abortable>();

  /** For the signal. */
  handleEvent(): void {
    for (const member of this.members) member.abort();
  }
}

/** Who listens to which signal. */
export class Aborts {
  readonly #groups = new WeakMap<AbortSignal, Group>();

  add(member: Abortable, signal: AbortSignal): void {
    let group = this.#groups.get(signal);
    if (group === undefined) {
      group = new Group();
      this.#groups.set(signal, group);
      signal.addEventListener("abort", group);
    }
    group.members.add(member);
  }

  /** Nothing happens where it does not listen. */
  remove(member: Abortable, signal: AbortSignal): void {
    const group = this.#groups.get(signal);
    if (group?.members.delete(member) !== true || group.members.size > 0) return;
    this.#groups.delete(signal);
    signal.removeEventListener("abort", group);
  }
}
