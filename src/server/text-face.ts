import type { Arguments } from "../protocol/arguments.ts";
import { type TextDecoder, type TextVerb, textLine, textReply } from "../protocol/text.ts";
import type { Connection } from "./connection.ts";
import { leaderAddress, mustGoElsewhere, statusLine } from "./whereabouts.ts";

const help = `GET key                    VALUE data | NOT_FOUND
SET key value with spaces  OK
DELETE key (or DEL)        OK | NOT_FOUND
WHO_IS_LEADER              LEADER host:port | NO_LEADER
STATUS                     what this node knows of itself
PING                       +PONG
AUTH password              OK
QUIT                       closes the connection`;

/** The text protocol's side of a connection: carries out verbs, and puts replies into words. */
export class TextFace {
  readonly #connection: Connection;
  readonly #decoder: TextDecoder;
  /** Where the reply that is put into words next begins in `out`. */
  #mark = 0;
  /** What it answers: the decoder is at the next line already when the reply comes later. */
  #verb: TextVerb = "PING";
  #isTranslating = false;

  constructor(connection: Connection, decoder: TextDecoder) {
    this.#connection = connection;
    this.#decoder = decoder;
  }

  /** False: not now. One command at a time: people type, and programs speak RESP. */
  carryOut(args: Arguments): boolean {
    const connection = this.#connection;
    if (connection.isWaiting) return false;
    if (args.count === 0) {
      this.#ownVerb();
      return true;
    }
    if (this.#isForLeader()) return true;
    this.#mark = connection.out.length;
    this.#verb = this.#decoder.verb;
    if (!connection.server.dispatch(connection, args)) return false;
    if (connection.isWaiting) this.#awaitReply();
    else this.#translate();
    return true;
  }

  /** A reply may stand in `out` that is not in words yet: nothing must be sent. */
  get isTranslating(): boolean {
    return this.#isTranslating;
  }

  /** The reply of a command that the replica took its time for is there. */
  settled(): void {
    this.#isTranslating = false;
    this.#translate();
  }

  /** Answers what the decoder refused. */
  error(reason: string): void {
    this.#connection.out.raw(textLine(`ERROR ${reason}`));
  }

  /** A write at a node that does not lead is not carried out: who speaks by hand asks the leader. */
  #isForLeader(): boolean {
    const { out, server, session } = this.#connection;
    const { verb } = this.#decoder;
    if ((verb !== "SET" && verb !== "DELETE") || !mustGoElsewhere(server)) return false;
    if (server.mustAuthenticate(session)) return false;
    const leader = leaderAddress(server);
    out.raw(textLine(leader === "" ? "ERROR no leader" : `NOT_LEADER leader=${leader}`));
    return true;
  }

  #awaitReply(): void {
    const { out } = this.#connection;
    // What was answered before does not wait along.
    if (out.length === this.#mark) this.#connection.sendReplies();
    this.#mark = Math.min(this.#mark, out.length);
    this.#isTranslating = true;
  }

  #translate(): void {
    const { out } = this.#connection;
    const reply = Buffer.from(out.buffer.subarray(this.#mark, out.length));
    out.truncate(this.#mark);
    out.raw(textReply(this.#verb, reply));
  }

  #ownVerb(): void {
    const { out, server, session } = this.#connection;
    const { verb } = this.#decoder;
    if (verb === "QUIT") {
      this.#connection.closeWhenSent();
    } else if (verb === "HELP") {
      out.raw(textLine(help));
    } else if (server.mustAuthenticate(session)) {
      out.raw(textLine("ERROR NOAUTH Authentication required."));
    } else if (verb === "PING") {
      // For the inline probes of Redis' clients, which want its line end.
      out.simple("PONG");
    } else if (verb === "STATUS") {
      out.raw(textLine(statusLine(server)));
    } else {
      const leader = leaderAddress(server);
      out.raw(textLine(leader === "" ? "NO_LEADER" : `LEADER ${leader}`));
    }
  }
}
