/**
 * What a server answers, as JavaScript values. Maps and sets keep the order and the kind of their
 * elements: a key may be a Buffer or an array.
 */
export type Reply =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | Verbatim
  | ReplyError
  | readonly Reply[]
  | ReadonlyMap<Reply, Reply>
  | ReadonlySet<Reply>;

/** An error that the server answered: a value, since it may stand inside an array. */
export class ReplyError {
  /** The first word: "ERR", "WRONGTYPE", "MOVED". */
  readonly code: string;
  /** The whole text as the server wrote it, code included. */
  readonly message: string;

  constructor(message: string) {
    this.code = /^[A-Z][A-Z0-9_]*(?= |$)/.exec(message)?.[0] ?? "ERR";
    this.message = message;
  }
}

/** Text that says what kind of text it is: "txt" or "mkd". */
export class Verbatim {
  readonly format: string;
  readonly text: string;

  constructor(format: string, text: string) {
    this.format = format;
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}
