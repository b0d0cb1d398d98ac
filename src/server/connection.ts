import { limits } from "../base/limits.ts";
import type { Stream, StreamHandler } from "../platform/net.ts";
import { Arguments } from "../protocol/arguments.ts";
import { BROKEN, COMMAND, PARTIAL, RequestDecoder } from "../protocol/request-decoder.ts";
import type { Command } from "../protocol/spec/row.ts";
import { TextDecoder } from "../protocol/text.ts";
import { FULL, LATER, type Origin, type Request, type Verdict } from "../replica/contract.ts";
import { multi } from "../replica/words.ts";
import { KeptBytes } from "./kept-bytes.ts";
import { LateAnswer } from "./late-answer.ts";
import { ClientReplies } from "./replies.ts";
import type { Server } from "./server.ts";
import { Session } from "./session.ts";
import { TextFace } from "./text-face.ts";
import { sayDecided } from "./transactions.ts";

const STAR = 42;

/**
 * Why no command is decoded. Leaves only through `turn`, so that what waits is looked at once and in order:
 *
 *     nothing ─► replies   the next command or error is ours, and the replica has not answered those before it
 *             ─► replica   it is full, and will call `drain`
 *             ─► client    it does not take its replies
 *             ─► turn      the next one: the other connections come first
 */
type Wait = "nothing" | "replies" | "replica" | "client" | "turn";

/** What the decoder refused. */
interface Fault {
  readonly isBroken: boolean;
  readonly error: string;
}

/**
 * One client: bytes in, commands out to dispatch, replies back in order.
 *
 *     received ─► [kept bytes] ─► decoder ─► dispatch ─► replica ─► out ─► one write at the end of the turn
 *                      ▲                        │
 *                      └── stays here while ────┘ FULL, or while too many replies are unsent
 *
 * Invariant: replies stand in `out` in the order of their commands. What this connection answers by itself
 * waits until the replica has answered everything before it (`#outstanding` is 0), or takes its turn there (`saysBehind`).
 */
export class Connection implements StreamHandler, Origin {
  readonly out: ClientReplies;
  readonly session: Session;
  readonly server: Server;
  readonly stream: Stream;
  readonly request: Request;
  /** What this client is counted for in `server.clientMemory`. */
  countedBytes = 0;
  /** A command of our own that answers later. */
  readonly late: LateAnswer = new LateAnswer(this);

  #decoder: RequestDecoder | TextDecoder | undefined;
  #text: TextFace | undefined;
  readonly #kept = new KeptBytes();
  /** Commands that the replica took and has not answered; some of them may make values long. */
  #outstanding = 0;
  #lengthens = false;
  #waitsFor: Wait = "nothing";
  /** Called when a command of our own is answered that answers later. */
  #onAnswer: (() => void) | undefined;
  /** A command of our own is carried out as a part of EXEC. */
  #isPerforming = false;
  /** Waits for the replies before it. */
  #heldFault: Fault | undefined;
  /** Buffers of replies that the stream has not sent yet. */
  #sendingRoomBytes = 0;
  /** The client will send no more: what it sent is answered, then the connection closes. */
  #hasEnded = false;
  /** Nothing more is carried out: the connection closes when its replies are sent. */
  #isClosing = false;
  /** All replies are with the stream, which closes when it has sent them. */
  #isFinished = false;
  #isGone = false;
  /** Commands are carried out in this very moment, and have taken so long in this turn, as far as was looked. */
  #isWorking = false;
  #spentMs = 0;
  readonly #send: (bytes: Buffer) => boolean;

  constructor(server: Server, stream: Stream, id: number) {
    this.server = server;
    this.stream = stream;
    this.out = new ClientReplies(this);
    this.session = new Session(id, stream, server.coarseMs);
    this.session.isAuthenticated = server.settings.requirepass === "";
    this.#send = (bytes) => stream.write(bytes);
    this.request = {
      command: server.anyCommand,
      args: noArguments,
      db: 0,
      origin: this,
      readMode: server.settings.readMode,
      readQuorum: server.settings.readQuorum,
      readLagMs: 0,
      writeQuorum: 0,
    };
  }

  received(buffer: Buffer, length: number): boolean {
    this.server.stats.receivedBytes += length;
    // Dropped, and still read: a client that is stuck in sending would not take its replies.
    if (this.#isClosing) return true;
    this.session.lastActiveMs = this.server.coarseMs;
    if (this.#kept.length === 0) {
      const done = this.#work(buffer, 0, length);
      if (done < length) this.#keep(buffer, done, length);
    } else {
      this.#keep(buffer, 0, length);
      this.#workKept();
    }
    this.server.flushSoon(this);
    if (this.#isClosing) return true;
    // Who blocks may do so for ever: read on, as far as that goes, to see when it leaves.
    if (this.late.isBlocked) return this.#kept.length < limits.turnBytesMax;
    if (this.#waitsFor !== "nothing") return false;
    if (length < limits.turnBytesMax) return true;
    // There is surely more to read: the other connections come first.
    this.#goOnSoon();
    return false;
  }

  drained(): void {
    this.#sendingRoomBytes = 0;
    this.sendReplies();
    this.count();
    if (this.#waitsFor === "client") this.#goOnSoon();
  }

  ended(): void {
    this.#hasEnded = true;
    this.late.unblock();
    this.flush();
  }

  closed(error: Error | undefined): void {
    this.#isGone = true;
    this.late.cancel();
    this.#kept.clear();
    this.server.forget(this, error);
  }

  drain(): void {
    if (this.#waitsFor === "replica") this.#goOnSoon();
  }

  settled(count: number): void {
    this.#outstanding -= count;
    if (this.#outstanding === 0) {
      this.#lengthens = false;
      this.#onAnswer?.();
      this.#onAnswer = undefined;
      this.#text?.settled();
      this.#endCommand();
    }
    this.server.flushSoon(this);
  }

  perform(command: Command, args: Arguments): void {
    if (command === multi) {
      sayDecided(this, command, args);
      return;
    }
    this.#isPerforming = true;
    this.out.begins(command, args);
    this.server.perform(this, command, args);
    this.out.ends(command, args);
    this.#isPerforming = false;
  }

  /** Carries out a command of our own in its turn. False: it has to wait for replies before it. */
  performInTurn(command: Command, args: Arguments): boolean {
    if (this.isWaiting) return false;
    this.session.lastCommand = command.fullName;
    this.out.begins(command, args);
    this.server.perform(this, command, args);
    if (this.isWaiting) this.#onAnswer = this.out.endsLater(command, args);
    else this.out.ends(command, args);
    return true;
  }

  /** Lets a reply that is decided already take its turn (transactions.ts). False: not now. */
  saysBehind(item: Arguments): boolean {
    const { request, session } = this;
    if (session.replyMode !== "on") return false;
    const { readMode, readLagMs } = request;
    const { lastCommand } = session;
    request.command = multi;
    request.args = item;
    // It sees nothing, so it waits for nothing but its turn.
    request.readMode = "stale";
    request.readLagMs = 0;
    const isTaken = this.submit();
    request.readMode = readMode;
    request.readLagMs = readLagMs;
    session.lastCommand = lastCommand;
    return isTaken;
  }

  /** Whether a command of our own may answer later: not within EXEC, whose reply is being written. */
  get mayAnswerLater(): boolean {
    return !this.#isPerforming;
  }

  /** The command of our own that is under way is answered later, which `settled` tells; what follows it waits. */
  answersLater(): void {
    this.#outstanding++;
    this.waitForReplies();
  }

  /** A command has taken so long. When a turn has had enough, the other connections come first. */
  spent(ms: number): void {
    this.#spentMs += ms;
    if (this.#spentMs >= limits.turnMsMax && this.#isWorking && this.#waitsFor === "nothing")
      this.#goOnSoon();
  }

  /** At the end of a turn: sends the waiting replies, and does what waited for them. */
  flush(): void {
    this.sendReplies();
    this.count();
    if (this.#outstanding === 0 && !this.#isGone) this.#afterReplies();
  }

  /** Tells the account of all clients what this one holds now. */
  count(): void {
    if (!this.#isGone) this.server.clientMemory.count(this, this.heldBytes);
  }

  /**
   * Sends the waiting replies; in the midst of a turn when there are many. While the client has not taken the last
   * ones they wait in one buffer: handed over as they come, the shortest would keep a whole buffer each.
   */
  sendReplies(): void {
    if (this.#isGone || this.out.length === 0 || this.#text?.isTranslating) return;
    const { overflowed } = this.out;
    if (!overflowed && this.stream.unsentBytes === 0) this.#handOver();
    const { waitingBytes } = this;
    if (overflowed || waitingBytes > limits.outputBytesMax) {
      this.server.stats.overflowedClients++;
      this.cutOff("its replies are over the limit");
    } else if (waitingBytes > limits.outputHighWaterBytes && this.#waitsFor === "nothing") {
      this.#waitsFor = "client";
      this.stream.pause();
    }
  }

  /** Closes without waiting for anything. */
  cutOff(reason: string): void {
    this.#isClosing = true;
    this.#isGone = true;
    this.#kept.clear();
    this.server.cutOff(this, reason);
  }

  /** Nothing came for too long. Whoever does not even take the close is cut off. */
  timeOut(): void {
    if (this.#isClosing) this.cutOff("it is idle and takes no replies");
    else this.closeWhenSent();
  }

  /** Closes once the replies so far are sent; nothing more is carried out. */
  closeWhenSent(): void {
    this.#isClosing = true;
    this.server.flushSoon(this);
  }

  /** Answers what was received, then closes. */
  closeWhenAnswered(): void {
    this.late.unblock();
    this.#hasEnded = true;
    this.stream.pause();
    this.server.flushSoon(this);
  }

  /** Another client wants it gone: it is, at once. */
  kill(): void {
    this.#isClosing = true;
    this.#isGone = true;
    this.stream.destroy();
    this.server.forget(this, undefined);
  }

  /** Whether replies are still to come: then a command of our own has to wait. */
  get isWaiting(): boolean {
    return this.#outstanding > 0;
  }

  /** What was offered last may make values long. */
  lengthens(): void {
    if (this.isWaiting) this.#lengthens = true;
  }

  /** Values may be longer than they are now when the next command is carried out. */
  get mayLengthen(): boolean {
    return this.#lengthens;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Bytes that came and are not worked off. */
  get keptBytes(): number {
    return this.#kept.length;
  }

  /** What they are kept in. */
  get keptRoomBytes(): number {
    return this.#kept.roomBytes;
  }

  /** Buffers of replies that the client has not taken. */
  get sendingRoomBytes(): number {
    return this.#sendingRoomBytes;
  }

  /** Places of the arguments of a command that is under way. */
  get argumentsRoomBytes(): number {
    return this.#decoder?.args.roomBytes ?? 0;
  }

  /** All memory that the node has for this client. */
  get heldBytes(): number {
    return (
      this.session.heldBytes +
      this.#kept.roomBytes +
      this.argumentsRoomBytes +
      this.out.buffer.length +
      this.#sendingRoomBytes
    );
  }

  /** Offers the request to the replica. False: not now; the command stays where it is. */
  submit(): boolean {
    const verdict: Verdict = this.server.replica.submit(this.request);
    if (verdict === FULL) {
      this.#waitsFor = "replica";
      return false;
    }
    if (verdict === LATER) this.#outstanding++;
    this.session.lastCommand = this.request.command.fullName;
    return true;
  }

  /** Replies that the client has not taken. */
  get waitingBytes(): number {
    return this.out.length + this.stream.unsentBytes;
  }

  #handOver(): void {
    this.server.stats.sentBytes += this.out.length;
    this.#sendingRoomBytes += this.out.flush(this.#send);
  }

  /** The next command depends on the replies before it. */
  waitForReplies(): void {
    if (this.isWaiting) this.#waitsFor = "replies";
  }

  /** Works off bytes [at, end) as far as possible. Returns the first byte to keep. */
  #work(bytes: Buffer, at: number, end: number): number {
    this.#isWorking = true;
    this.#spentMs = 0;
    const done = this.#carryOutAll(bytes, at, end);
    this.#isWorking = false;
    return done;
  }

  #carryOutAll(bytes: Buffer, at: number, end: number): number {
    let p = at;
    const decoder = this.#decoder ?? this.#choose(bytes[at]!);
    while (this.#waitsFor === "nothing" && !this.#isClosing) {
      const found = decoder.next(bytes, p, end);
      if (found === COMMAND) {
        if (!this.#carryOut(decoder.args)) {
          // Not FULL, then: it is one of ours.
          if (this.#waitsFor === "nothing") this.#waitsFor = "replies";
          return p;
        }
        p = decoder.position;
        if (this.session.replyMode !== "on") this.#endCommand();
        if (this.out.length > limits.outputFlushBytes) {
          this.spent(this.out.length / limits.replyBytesPerMs);
          this.sendReplies();
        }
        continue;
      }
      p = decoder.position;
      if (found === PARTIAL) return p;
      this.#reject({ isBroken: found === BROKEN, error: decoder.error });
      if (this.session.replyMode !== "on") this.#endCommand();
    }
    return this.#isClosing ? end : p;
  }

  #carryOut(args: Arguments): boolean {
    if (this.#text !== undefined) return this.#text.carryOut(args);
    return args.count === 0 || this.server.dispatch(this, args);
  }

  /** CLIENT REPLY SKIP is for the one command behind it, which may be answered later. */
  #endCommand(): void {
    const { session, out } = this;
    if (session.replyMode === "on" || session.replyMode === "off") return;
    if (this.isWaiting) {
      this.waitForReplies();
      return;
    }
    session.replyMode = session.replyMode === "skip" ? "skipping" : "on";
    out.muted = session.replyMode === "skipping";
  }

  /** Answers an error of the decoder, in its turn. */
  #reject(fault: Fault): void {
    if (this.isWaiting) {
      this.#heldFault = fault;
      this.#waitsFor = "replies";
      return;
    }
    const { isBroken, error } = fault;
    // As any error while commands are queued: EXEC must not carry out the others without this one.
    if (this.session.transaction !== undefined) this.session.transaction.isBroken = true;
    if (this.#text === undefined) this.out.error(error);
    else if (!isBroken) this.#text.error(error);
    if (!isBroken) return;
    this.server.stats.protocolErrors++;
    this.closeWhenSent();
  }

  #choose(first: number): RequestDecoder | TextDecoder {
    if (first === STAR) {
      this.#decoder = new RequestDecoder(() => this.server.mustAuthenticate(this.session));
    } else {
      const decoder = new TextDecoder();
      this.#text = new TextFace(this, decoder);
      this.#decoder = decoder;
    }
    return this.#decoder;
  }

  #keep(buffer: Buffer, from: number, to: number): void {
    if (this.#kept.add(buffer, from, to, this.#decoder?.wanted ?? 0)) this.count();
  }

  #workKept(): void {
    const done = this.#work(this.#kept.bytes, 0, this.#kept.length);
    if (done > 0) this.#kept.drop(done);
  }

  /** Everything that was taken is answered: what had to wait for that comes now. */
  #afterReplies(): void {
    if (this.#heldFault !== undefined) {
      const fault = this.#heldFault;
      this.#heldFault = undefined;
      this.#reject(fault);
      this.sendReplies();
    }
    if (this.#isClosing || (this.#hasEnded && this.#waitsFor === "nothing")) this.#finish();
    else if (this.#waitsFor === "replies") this.#goOnSoon();
  }

  #finish(): void {
    this.#isClosing = true;
    if (this.#isFinished || this.#isGone) return;
    this.#isFinished = true;
    this.#handOver();
    this.stream.end();
    this.stream.resume();
  }

  #goOnSoon(): void {
    this.#waitsFor = "turn";
    this.server.clock.nextTurn(() => this.#goOn());
  }

  #goOn(): void {
    // Something else came up that has to be waited for.
    if (this.#isGone || this.#waitsFor !== "turn") return;
    if (this.stream.unsentBytes > 0 && this.waitingBytes > limits.outputHighWaterBytes) {
      this.#waitsFor = "client";
      return;
    }
    this.#waitsFor = "nothing";
    if (this.#kept.length > 0) this.#workKept();
    this.flush();
    if (this.#waitsFor === "nothing" && !this.#isClosing && !this.#hasEnded) this.stream.resume();
  }
}

const noArguments: Arguments = new Arguments();
