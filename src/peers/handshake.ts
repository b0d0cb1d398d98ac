import { hmac, isSameDigest } from "../platform/hmac.ts";
import { type Hello, parseHello, protocolVersion } from "./hello.ts";

/**
 * Who speaks, and that both know the cluster's secret, before anything else is said. Lines of text:
 *
 *     dialer     KVORUM {hello}
 *     acceptor   KVORUM {hello}
 *     acceptor   PROOF digest          of both hellos and its part in it, by the secret
 *     dialer     PROOF digest
 *     acceptor   WELCOME               from here on frames, or lines for "ask"
 *
 * Whoever does not like what it hears says REFUSED and why, and closes. Neither side says anything of the cluster's
 * data, and the acceptor does not say why it refuses, to somebody without the secret. A proof is good for this
 * connection alone, since both nonces are in it, and not for the other's part.
 */
export class Handshake {
  /** Of the other side, proven once `isDone`. */
  theirs: Hello | undefined;
  isDone = false;
  /** Why there will be no connection. */
  refusal: string | undefined;
  /** It was the other side that refused. */
  isRefusedByThem = false;
  readonly #isDialer: boolean;
  readonly #secret: string;
  readonly #own: string;
  readonly #judge: (theirs: Hello) => Judgement;
  readonly #say: (line: string) => void;
  #theirs = "";
  #isProven = false;

  constructor(role: "dialer" | "acceptor", parts: HandshakeParts) {
    this.#isDialer = role === "dialer";
    this.#secret = parts.secret;
    this.#own = `KVORUM ${JSON.stringify(parts.own)}`;
    this.#judge = parts.judge;
    this.#say = parts.say;
    if (this.#isDialer) this.#say(this.#own);
  }

  /** A line of the other side, without its end. Nothing more once it is refused or done. */
  async take(line: string): Promise<void> {
    const space = line.indexOf(" ");
    const [word, rest] = space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
    if (word === "REFUSED") this.#refusedByThem(rest);
    else if (word === "KVORUM" && this.theirs === undefined) this.#hello(line, rest);
    else if (word === "PROOF" && this.theirs !== undefined && !this.#isProven) await this.#proof(rest);
    else if (word === "WELCOME" && this.#isDialer && this.#isProven) this.isDone = true;
    else this.#refuse("no member speaks like that", undefined);
  }

  #hello(line: string, json: string): void {
    const hello = parseHello(json);
    if (hello === undefined) {
      this.#refuse("its greeting is none", "your greeting is none");
    } else if (!("nonce" in hello)) {
      const versions = `${hello.protocol}, and this node ${protocolVersion}`;
      this.#refuse(`it speaks version ${versions}`, `this node speaks version ${protocolVersion}`);
    } else {
      this.theirs = hello;
      this.#theirs = line;
      if (this.#isDialer) return;
      this.#say(this.#own);
      this.#say(`PROOF ${this.#digest("acceptor")}`);
    }
  }

  async #proof(digest: string): Promise<void> {
    const part = this.#isDialer ? "acceptor" : "dialer";
    if (!isSameDigest(digest, this.#digest(part))) {
      this.#refuse("it has another cluster secret", "another cluster secret");
      return;
    }
    this.#isProven = true;
    const reason = await this.#judge(this.theirs!);
    if (this.refusal !== undefined) return;
    if (reason !== undefined) this.#refuse(reason, reason);
    else if (this.#isDialer) this.#say(`PROOF ${this.#digest("dialer")}`);
    else {
      this.#say("WELCOME");
      this.isDone = true;
    }
  }

  #digest(part: "dialer" | "acceptor"): string {
    const [first, second] = this.#isDialer ? [this.#own, this.#theirs] : [this.#theirs, this.#own];
    return hmac(this.#secret, `${part}\n${first}\n${second}`);
  }

  #refuse(reason: string, told: string | undefined): void {
    this.refusal = reason;
    if (told !== undefined) this.#say(`REFUSED ${told}`);
  }

  #refusedByThem(reason: string): void {
    this.refusal = printable(reason);
    this.isRefusedByThem = true;
  }
}

export interface HandshakeParts {
  readonly own: Hello;
  readonly secret: string;
  /** Why somebody who has the secret is not talked to; undefined: it is. May have to ask the disk. */
  judge(theirs: Hello): Judgement;
  say(line: string): void;
}

export type Judgement = string | undefined | Promise<string | undefined>;

/** What a stranger wrote is for a log: one short line of it. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 300);
}
