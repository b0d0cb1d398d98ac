import { limits } from "../base/limits.ts";
import { Arguments } from "./arguments.ts";
import { BROKEN, COMMAND, type Found, PARTIAL, TOO_LARGE } from "./request-decoder.ts";
import { writeText } from "./text-bytes.ts";

/**
 * The text protocol, for people with `nc`: one command a line, `\n` or `\r\n`, one line a reply.
 *
 *     SET key value with spaces      OK
 *     GET key                        VALUE value with spaces | NOT_FOUND
 *     DELETE key, DEL key            OK | NOT_FOUND
 *     anything wrong                 ERROR reason
 *
 * A line becomes the RESP command that means the same, and its reply is put back into words.
 */
export type TextVerb =
  | "GET"
  | "SET"
  | "DELETE"
  | "AUTH"
  | "PING"
  | "WHO_IS_LEADER"
  | "STATUS"
  | "HELP"
  | "QUIT";

export class TextDecoder {
  /** The command as RESP, for GET, SET, DELETE and AUTH. */
  readonly args: Arguments = new Arguments();
  position = 0;
  error = "";
  verb: TextVerb = "PING";
  /** A line does not say how long it is. */
  readonly wanted = 0;

  /** Set while a line that is too long is thrown away. */
  #skipping = false;

  /**
   * As RequestDecoder.next. TOO_LARGE also stands for a line that is wrong in any other way: answer
   * `error` and go on. BROKEN: close without a word (a browser or a mail program at the wrong door).
   */
  next(bytes: Buffer, at: number, end: number): Found {
    const newline = bytes.indexOf(0x0a, at);
    const whole = newline >= 0 && newline < end;
    const length = (whole ? newline : end) - at;
    if (this.#skipping || length > limits.textLineBytesMax)
      return this.#skip(whole ? newline + 1 : end, whole);
    if (!whole) {
      this.position = at;
      return PARTIAL;
    }
    this.position = newline + 1;
    const stop = newline > at && bytes[newline - 1] === 0x0d ? newline - 1 : newline;
    return this.#line(bytes, at, stop);
  }

  #skip(position: number, whole: boolean): Found {
    this.position = position;
    this.#skipping = !whole;
    if (!whole) return PARTIAL;
    return this.#wrong(`TOO_LARGE a line may have ${limits.textLineBytesMax} bytes, RESP takes more`);
  }

  #line(bytes: Buffer, at: number, end: number): Found {
    let from = at;
    while (from < end && bytes[from] === 32) from++;
    let stop = from;
    while (stop < end && bytes[stop] !== 32) stop++;
    this.args.count = 0;
    if (stop === from) return this.#wrong("empty line: try HELP");
    const word = bytes.toString("latin1", from, stop).toUpperCase();
    let rest = stop;
    while (rest < end && bytes[rest] === 32) rest++;
    // Somebody speaks HTTP: perhaps a browser was tricked into it. Redis closes, and so do we.
    if (word === "POST" || word === "HOST:") return BROKEN;
    return this.#command(word, bytes, rest, end);
  }

  #command(word: string, bytes: Buffer, rest: number, end: number): Found {
    switch (word) {
      case "GET":
        return this.#oneKey("GET", bytes, rest, end);
      case "DELETE":
      case "DEL":
        return this.#oneKey("DELETE", bytes, rest, end);
      case "SET":
        return this.#set(bytes, rest, end);
      case "AUTH":
        if (rest === end) return this.#wrong("AUTH wants a password: AUTH password");
        return this.#fill("AUTH", "AUTH", bytes, [rest, end]);
      case "PING":
      case "WHO_IS_LEADER":
      case "STATUS":
      case "HELP":
      case "QUIT":
        if (rest !== end) return this.#wrong(`${word} takes no argument`);
        this.verb = word;
        return COMMAND;
      default:
        return this.#wrong(`unknown command '${printable(word.slice(0, 64))}': try HELP`);
    }
  }

  #oneKey(verb: "GET" | "DELETE", bytes: Buffer, rest: number, end: number): Found {
    let stop = end;
    while (stop > rest && bytes[stop - 1] === 32) stop--;
    const space = bytes.indexOf(32, rest);
    if (stop === rest || (space >= 0 && space < stop)) {
      return this.#wrong(`${verb} wants one key without spaces: ${verb} key`);
    }
    return this.#fill(verb, verb === "GET" ? "GET" : "DEL", bytes, [rest, stop]);
  }

  #set(bytes: Buffer, rest: number, end: number): Found {
    const space = bytes.indexOf(32, rest);
    if (rest === end || space < 0 || space >= end) {
      return this.#wrong("SET wants a key and a value: SET key value with spaces");
    }
    return this.#fill("SET", "SET", bytes, [rest, space, space + 1, end]);
  }

  /** Writes the command in RESP; `ranges` are pairs of start and end in `bytes`. */
  #fill(verb: TextVerb, name: string, bytes: Buffer, ranges: readonly number[]): Found {
    const args = this.args;
    const resp = Buffer.allocUnsafe(bytesOfCommand(name, ranges));
    let at = writeText(resp, 0, `*${1 + ranges.length / 2}\r\n$${name.length}\r\n`);
    args.start[0] = at;
    at += writeText(resp, at, name);
    args.end[0] = at;
    at += writeText(resp, at, "\r\n");
    let count = 1;
    for (let i = 0; i < ranges.length; i += 2, count++) {
      const from = ranges[i]!;
      const to = ranges[i + 1]!;
      at += writeText(resp, at, `$${to - from}\r\n`);
      args.start[count] = at;
      at += bytes.copy(resp, at, from, to);
      args.end[count] = at;
      at += writeText(resp, at, "\r\n");
    }
    args.bytes = resp;
    args.count = count;
    args.from = 0;
    args.to = at;
    this.verb = verb;
    return COMMAND;
  }

  #wrong(reason: string): Found {
    this.error = reason;
    return TOO_LARGE;
  }
}

/** The RESP2 reply of `verb` in words. */
export function textReply(verb: TextVerb, reply: Buffer): Buffer {
  const kind = reply[0];
  const lineEnd = reply.indexOf("\r\n");
  const line = reply.toString("latin1", 1, lineEnd);
  if (kind === 0x2d) return textLine(`ERROR ${line.startsWith("ERR ") ? line.slice(4) : line}`);
  if (kind === 0x2b) return textLine(line);
  if (kind === 0x3a) return textLine(verb === "DELETE" ? (line === "0" ? "NOT_FOUND" : "OK") : line);
  if (line === "-1") return textLine("NOT_FOUND");
  const value = reply.subarray(lineEnd + 2, reply.length - 2);
  if (value.includes(0x0a))
    return textLine("ERROR the value holds a line end: read it with RESP, as with redis-cli");
  return Buffer.concat([valueWord, value, newline]);
}

export function textLine(text: string): Buffer {
  return Buffer.from(`${text}\n`, "latin1");
}

/** Space for the command in RESP: each argument with its header and line ends. */
function bytesOfCommand(name: string, ranges: readonly number[]): number {
  let bytes = name.length + 48;
  for (let i = 0; i < ranges.length; i += 2) bytes += ranges[i + 1]! - ranges[i]! + 24;
  return bytes;
}

/** Bytes that would disturb a terminal become a question mark. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

const valueWord = Buffer.from("VALUE ");
const newline = Buffer.from("\n");
