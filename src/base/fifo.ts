/**
 * First in, first out, at a constant cost each. Array.shift would move everything that waits.
 *
 *     items  [ -  -  -  c  d  e ]
 *                       ^head
 */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The one that `shift` would take. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  every(holds: (item: T) => boolean): boolean {
    for (let i = this.#head; i < this.#items.length; i++) if (!holds(this.#items[i]!)) return false;
    return true;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    // Half of the array or more is empty: moving the rest costs less than what was taken since.
    if (this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}
