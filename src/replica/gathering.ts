/** So many turns at most: some tenths of a millisecond, less than a quick disk takes to sync. */
const turnsMax = 12;
/** Where waiting did not pay, so many entries at most leave without, before it is tried again. */
const pauseMax = 64;

/**
 * Whether the next entry had better wait for a few turns of the event loop. Who has just been answered asks again within
 * some turns, and would always miss an entry that leaves at once: those who came meanwhile fill it alone, and the two
 * halves take turns, with a sync for each.
 *
 *     at once    A A A │ B B B │ A A A │ B B B │        gathered    A A A B B B │ A A A B B B │
 *                sync    sync    sync    sync                       sync          sync
 *
 * Nobody waits for somebody who does not come: an entry leaves as soon as all are there who may be expected, and where
 * waiting brought few, the next ones leave at once. One client alone never waits.
 */
export class Gathering {
  /** Writes that may be expected in the next entry: those that wait, and as many as have just been answered. */
  #expected = 0;
  #answered = 0;
  #turns = 0;
  /** Entries that leave at once, and how many it will be when waiting does not pay again. */
  #paused = 0;
  #pause = 1;

  /** So many writes were answered, while so many wait for the next entry. */
  answered(writes: number, waiting: number): void {
    this.#answered += writes;
    this.#expected = waiting + this.#answered;
  }

  /** Whether an entry of so many writes is to leave now. */
  isOver(writes: number): boolean {
    return writes >= this.#expected || this.#turns >= turnsMax || this.#paused > 0;
  }

  /** A turn has passed in which nothing left. */
  passTurn(): void {
    this.#turns++;
  }

  /** An entry of so many writes leaves. */
  left(writes: number): void {
    if (this.#paused > 0) this.#paused--;
    else if (this.#turns > 0) this.#judge(writes);
    this.#answered = 0;
    this.#expected = 0;
    this.#turns = 0;
  }

  /** Less than half of those who were waited for have come: so the turns were wasted. */
  #judge(writes: number): void {
    const missing = this.#expected - writes;
    if (2 * missing <= this.#answered) {
      this.#pause = 1;
      return;
    }
    this.#paused = this.#pause;
    this.#pause = Math.min(pauseMax, 2 * this.#pause);
  }
}
