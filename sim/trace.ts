import type { PeerMessage } from "../src/peers/message.ts";
import { peerText } from "./peer-text.ts";

/** What happened, kept as it came: lines are made when somebody reads them. */
interface Moment {
  readonly atMs: number;
  readonly text: string;
  readonly message: PeerMessage | undefined;
}

/**
 * What happens in a run: a hash over all of it, by which two runs are seen to be the same, and the last lines, by
 * which people see what it was.
 */
export class Trace {
  /** Called with every line, as it happens. Slow: for looking at one seed. */
  onLine: ((line: string) => void) | undefined;
  #nowMs = 0;
  readonly #last: Moment[] = [];
  readonly #linesMax: number;
  #count = 0;
  #low = 0x811c9dc5;
  #high = 0x2545f491;

  constructor(linesMax = 2_000) {
    this.#linesMax = linesMax;
  }

  /** Of everything until now: 16 hexadecimal digits. */
  get hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** The last lines, the oldest first. */
  get lines(): string[] {
    const start = this.#count % this.#linesMax;
    const inOrder = [...this.#last.slice(start), ...this.#last.slice(0, start)];
    return inOrder.map(lineOf);
  }

  /** An event begins. */
  time(atMs: number): void {
    this.#nowMs = atMs;
    float[0] = atMs;
    this.mix(floatBits[0]!);
    this.mix(floatBits[1]!);
  }

  /** Something happened that this number (32 bits) stands for. */
  mix(value: number): void {
    const low = Math.imul(this.#low ^ value, 0x9e3779b1);
    this.#low = low ^ (low >>> 15);
    const high = Math.imul(this.#high + (value ^ low), 0x85ebca6b);
    this.#high = high ^ (high >>> 13);
  }

  /** Something happened that people want to read. */
  note(text: string): void {
    for (let i = 0; i < text.length; i++) this.mix(text.charCodeAt(i));
    this.#keep({ atMs: this.#nowMs, text, message: undefined });
  }

  /** Something happened to a message. `crc` is that of its bytes. */
  message(what: string, message: PeerMessage, crc: number): void {
    this.mix(crc);
    this.#keep({ atMs: this.#nowMs, text: what, message });
  }

  #keep(moment: Moment): void {
    this.#last[this.#count++ % this.#linesMax] = moment;
    this.onLine?.(lineOf(moment));
  }
}

const float = new Float64Array(1);
const floatBits = new Uint32Array(float.buffer);

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

/** `   12034.512 n1 > n2 VOTE_REQUEST term=6 candidate=n1`. */
function lineOf({ atMs, text, message }: Moment): string {
  const words = message === undefined ? text : `${message.from} ${text} ${message.to} ${peerText(message)}`;
  return `${atMs.toFixed(3).padStart(11)} ${words}`;
}
