import { limits } from "../base/limits.ts";
import type { Arguments } from "../protocol/arguments.ts";
import type { Command } from "../protocol/spec/row.ts";
import { type PagePool, pageBytes } from "./pages.ts";
import { classes } from "./size-classes.ts";

/**
 * How many more pages one keyspace may hold while some commands are carried out: an upper bound that needs no look
 * at the keys, so that it can be compared with what is left before the commands are proposed.
 *
 * A page is opened only where every page of its class is full. So, with p pages of a class and n places taken in it
 * while the commands run, there are never more than p + 1 + n / (places in a page) of them; nor are there ever more
 * than p + n. A place takes at most a quarter of a page, so at least three quarters of a page can be filled, and at
 * most 1.125 of its record and 8 bytes. Summed up over all classes and the records that have a page of their own:
 *
 *     puts     a record of which every byte is in the command, but for a header and a number:
 *              classes + (6 × bytes of the commands + 320 × puts) / bytes of a page, nor more than puts
 *     copies   a record that has bytes from elsewhere, and may be of any size: 1 for each
 */
export class Demand {
  /** Some of the commands are refused when memory is short. */
  grows = false;
  #puts = 0;
  #putBytes = 0;
  #copies = 0;

  clear(): void {
    this.grows = false;
    this.#puts = 0;
    this.#putBytes = 0;
    this.#copies = 0;
  }

  add(command: Command, args: Arguments): void {
    if (!command.isWrite || removing.has(command.fullName)) return;
    if (command.denyOom) this.grows = true;
    if (!putting.has(command.name)) {
      this.#copies++;
      return;
    }
    // MSET and MSETNX put every second argument, the others one.
    this.#puts += command.keyStep === 2 ? args.count >>> 1 : 1;
    this.#putBytes += args.to - args.from;
  }

  get pages(): number {
    return this.#copies + pagesForPuts(this.#puts, this.#putBytes);
  }
}

function pagesForPuts(puts: number, bytes: number): number {
  return Math.min(puts, classes + Math.ceil((6 * bytes + 320 * puts) / pageBytes));
}

/** They take no place. */
const removing: ReadonlySet<string> = new Set([
  ...["del", "delex", "delifeq", "unlink", "getdel", "flushall", "flushdb", "swapdb"],
  ...["session|open", "session|close"],
]);

/** They have the value in their arguments, or it is a whole number. */
const putting: ReadonlySet<string> = new Set([
  ...["set", "setnx", "setex", "psetex", "getset", "mset", "msetnx"],
  ...["incr", "decr", "incrby", "decrby"],
]);

/** A put takes at least so many bytes of a command: `$0\r\n\r\n` twice. */
const putBytesMin = 12;

/** No single command demands more, and no transaction: about 9,700 pages. */
const pagesDemandedMax: number =
  limits.transactionCommandsMax + pagesForPuts(limits.commandBytesMax / putBytesMin, limits.commandBytesMax);

/** Pages that are left to commands which must work where growth is refused: a GiB. */
export function pagesReserved(pool: PagePool): number {
  return pool.numbers >>> 5;
}

/** With so many pages left, nothing needs to be computed. */
export function pagesAmple(pool: PagePool): number {
  return pagesReserved(pool) + pagesDemandedMax;
}
