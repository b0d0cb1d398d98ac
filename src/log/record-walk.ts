import { crc32 } from "../platform/crc32.ts";
import { CORRUPT, type Judgement, RecordView, recordHeaderBytes, UNFINISHED, WHOLE } from "./record.ts";
import type { SegmentHeader } from "./segment-header.ts";
import type { Window } from "./window.ts";

/** More of the file is needed: `load`, then look again. */
export const MORE = 3;

/**
 * Goes over the records of one segment. `look` judges the place where the walk is; `pass` goes behind the record
 * that was found whole there. Waits only where the file must be read, which is once for many records.
 */
export class RecordWalk {
  /** The record that was looked at. */
  readonly view: RecordView = new RecordView();
  readonly window: Window;
  /** Where the walk is in the file, and the sequence that the record there must have. */
  position: number;
  sequence: number;
  /** Of the record that was looked at, where its header is whole. */
  index: number | undefined;
  readonly #header: SegmentHeader;
  #needed = 0;
  /** Checksum of the first bytes of the payload, and how many those are. */
  #crc = 0;
  #summedBytes = 0;

  constructor(window: Window, header: SegmentHeader, position: number, sequence: number) {
    this.window = window;
    this.#header = header;
    this.position = position;
    this.sequence = sequence;
  }

  /** Where in `window.bytes` the walk is. */
  get at(): number {
    return this.position - this.window.position;
  }

  look(isPayloadJudged = true): Judgement | typeof MORE {
    if (this.position + recordHeaderBytes > this.#header.fileBytes) return UNFINISHED;
    if (!this.window.has(this.position, recordHeaderBytes)) return this.#more(recordHeaderBytes);
    const { view, window } = this;
    const judgement = view.readHeader(window.bytes, this.at, this.#header.salt);
    this.index = judgement === WHOLE ? view.index : undefined;
    if (judgement !== WHOLE) return judgement;
    if (view.sequence !== this.sequence) return this.#corrupt(`record ${view.sequence} stands in its place`);
    const end = this.position + view.bytes;
    if (end > this.#header.fileBytes) return this.#corrupt("it ends behind the end of its file");
    if (!isPayloadJudged) return WHOLE;
    this.#sum();
    if (!window.has(this.position, view.bytes)) return this.#more(view.bytes);
    return view.judgePayload(window.bytes, this.at, this.#crc, this.position);
  }

  pass(): void {
    this.position += this.view.bytes;
    this.sequence++;
    this.#crc = 0;
    this.#summedBytes = 0;
  }

  /**
   * Reads some of what `look` asked for: a long record takes several turns. Resolves with false where the file is
   * shorter than it was.
   */
  async load(): Promise<boolean> {
    const { window } = this;
    const rest = this.#header.fileBytes - this.position;
    const before = window.position + window.length;
    await window.load(this.position, Math.min(this.#needed, rest));
    return window.position + window.length > before;
  }

  /** Takes what there is of the payload into its checksum. */
  #sum(): void {
    const { window, view } = this;
    const from = this.at + recordHeaderBytes;
    const end = Math.min(window.length - from, view.length);
    if (end <= this.#summedBytes) return;
    this.#crc = crc32(window.bytes, from + this.#summedBytes, from + end, this.#crc);
    this.#summedBytes = end;
  }

  #more(bytes: number): typeof MORE {
    this.#needed = bytes;
    return MORE;
  }

  #corrupt(reason: string): Judgement {
    this.view.reason = reason;
    return CORRUPT;
  }
}
