import { limits } from "../base/limits.ts";
import { stayAwake } from "../platform/awake.ts";
import { type Reply, ReplyError } from "../protocol/reply.ts";
import type { RequestArgument } from "../protocol/request-encoder.ts";
import { Aborts } from "./aborts.ts";
import type { ClientCluster } from "./cluster.ts";
import type { Outside } from "./connection.ts";
import { linearizable } from "./consistency.ts";
import { Deadlines } from "./deadlines.ts";
import { answeredError, type ConnectionError, KvClientError, refusedError } from "./errors.ts";
import { Freshness } from "./freshness.ts";
import { type ClientNode, isPassing } from "./node.ts";
import type { Operation, Owner } from "./operation.ts";
import type { Settings } from "./options.ts";
import { outcomeOf } from "./outcome.ts";
import { Retries } from "./retries.ts";
import { Router } from "./route.ts";
import { type OpenSession, Sessions } from "./session.ts";
import type { Telemetry } from "./telemetry.ts";

export interface DispatcherParts {
  readonly settings: Settings;
  readonly outside: Outside;
  readonly chance: () => number;
  readonly cluster: ClientCluster;
  readonly telemetry: Telemetry;
  readonly openSession: OpenSession;
}

/** Tries that may follow each other at once; those behind them wait, twice as long each time. */
const promptTries = 3;
const delayMsMin = 20;
const delayMsMax = 500;

/**
 * Carries operations out, over as many nodes and connections as it takes:
 *
 *     start ──► number (writes) ──► try: route ──► lane ──► answered ──► over
 *                                    ▲                        │ not done, or not known and repeatable
 *                                    └── at once, or later ◄──┤
 *                                                             └─► failed: says whether it may have been done
 */
export class Dispatcher implements Owner {
  readonly #freshness: Freshness;
  readonly #parts: DispatcherParts;
  readonly #router: Router;
  readonly #deadlines: Deadlines;
  readonly #aborts = new Aborts();
  readonly #retries: Retries<Operation>;
  readonly #sessions: Sessions<Operation>;
  /** Operations that are not over, and what they take. */
  #count = 0;
  #bytes = 0;
  #isClosing = false;
  #whenIdle: (() => void) | undefined;

  constructor(parts: DispatcherParts) {
    const { settings, outside, chance, cluster, openSession } = parts;
    const { clock } = outside;
    this.#parts = parts;
    this.#freshness = new Freshness(settings.silenceMs);
    this.#router = new Router(cluster, this.#freshness, settings.readFrom, chance);
    this.#deadlines = new Deadlines(clock, stayAwake);
    this.#retries = new Retries(clock, (operation) => this.#begin(operation));
    this.#sessions = new Sessions(
      openSession,
      () => this.#deadlines.nowMs,
      (operation) => this.#try(operation),
      (operation, error) => operation.fail(failureOf(error)),
    );
  }

  get pending(): number {
    return this.#count;
  }

  get sessionId(): number | bigint | undefined {
    return this.#sessions.current?.id;
  }

  /** Begins. The operation is told of everything, also that it is refused. */
  start(operation: Operation, timeoutMs: number, signal: AbortSignal | undefined): void {
    const bytes = bytesOf(operation.words);
    operation.bytes = Math.max(bytes, 0);
    this.#count++;
    this.#bytes += operation.bytes;
    this.#deadlines.add(operation, timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs);
    this.#parts.telemetry.began(operation);
    const refusal = this.#refusalOf(operation, bytes, signal);
    if (refusal !== undefined) {
      operation.fail(refusal);
      return;
    }
    if (signal !== undefined) {
      operation.signal = signal;
      this.#aborts.add(operation, signal);
    }
    operation.writesBefore = this.#freshness.writes;
    this.#begin(operation);
  }

  /** A write that was not carried out here was acknowledged by this node. */
  wrote(node: ClientNode): void {
    this.#freshness.wrote(node);
  }

  /** Takes no more; resolves when all that was taken is over. */
  close(): Promise<void> {
    this.#isClosing = true;
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** Fails everything that is not over. */
  destroy(message: string): void {
    this.#isClosing = true;
    this.#retries.clear();
    for (const operation of this.#deadlines.all() as Operation[]) {
      operation.fail(new KvClientError("CLOSED", message, appliedTo(operation)));
    }
  }

  answered(operation: Operation, reply: Reply): void {
    this.#left(operation);
    if (operation.isOver) return;
    if (reply instanceof ReplyError) {
      this.#refused(operation, reply);
      return;
    }
    if (operation.sentUnder.isStale && operation.life !== operation.node!.lives) {
      // It was answered by one that may know less than the one that was chosen.
      this.#again(operation);
      return;
    }
    this.#noteSeen(operation);
    this.#freshness.saw(operation.revisionIn(reply));
    operation.succeed(reply);
  }

  failed(operation: Operation, error: ConnectionError): void {
    this.#left(operation);
    if (operation.isOver) return;
    operation.lastError = new KvClientError(error.code, error.message, error.applied, { cause: error });
    if (error.code === "REFUSED" && !isPassing(error.message)) {
      operation.fail(refusedError(error, operation.isInDoubt));
      return;
    }
    if (error.applied !== "no") operation.isInDoubt = true;
    if (operation.isInDoubt && !operation.isRepeatable) this.#unknown(operation, error.message);
    else this.#again(operation);
  }

  expired(operation: Operation): void {
    const lastError = operation.isInLine ? this.#sessions.trouble : operation.lastError;
    const reason = lastError === undefined ? "" : `; last: ${lastError.message}`;
    const message = `${operation.name} was not over in time${reason}`;
    if (appliedTo(operation) === "maybe") this.#unknown(operation, message);
    else operation.fail(new KvClientError("TIMEOUT", message, "no", { cause: lastError }));
  }

  over(operation: Operation): void {
    this.#deadlines.remove(operation);
    this.#leave(operation);
    this.#sessions.leave(operation);
    if (operation.signal !== undefined) this.#aborts.remove(operation, operation.signal);
    this.#count--;
    this.#bytes -= operation.bytes;
    this.#parts.telemetry.ended(operation);
    if (operation.number !== undefined) this.#sessions.release(operation.number);
    if (this.#count === 0) this.#whenIdle?.();
  }

  #refusalOf({ kind }: Operation, bytes: number, signal: AbortSignal | undefined): KvClientError | undefined {
    if (bytes < 0) return new KvClientError("ERR", "an argument is neither text, bytes nor a number");
    // What was begun may still need a session.
    if (this.#isClosing && kind !== "harmless") return new KvClientError("CLOSED", "the client is closed");
    if (signal?.aborted)
      return new KvClientError("ABORTED", "the operation was aborted", "no", { cause: signal.reason });
    if (this.#count <= limits.clientOperationsMax && this.#bytes <= limits.clientBytesMax) return undefined;
    return new KvClientError("BUSY", "too many operations wait already: call again later");
  }

  /** Tries, once it has a number where it needs one. */
  #begin(operation: Operation): void {
    if (operation.isOver) return;
    const isNumbered = operation.kind === "write" && this.#parts.settings.exactlyOnce;
    if (isNumbered && operation.number === undefined) this.#sessions.number(operation);
    else this.#try(operation);
  }

  #try(operation: Operation): void {
    if (operation.isOver) return;
    if (!operation.consistency.isStale) this.#sendTo(operation, this.#router.pick(operation));
    else if (this.#freshness.covers(operation.writesBefore)) this.#sendToFresh(operation);
    else this.#tryWhenKnown(operation);
  }

  #tryWhenKnown(operation: Operation): void {
    this.#freshness.learn().then(
      () => this.#try(operation),
      () => this.#sendToAny(operation),
    );
  }

  #sendToFresh(operation: Operation): void {
    const node = this.#router.pickFresh(operation);
    if (node === undefined) this.#sendToAny(operation);
    else this.#sendTo(operation, node);
  }

  /** Where nobody is known to have all own writes, the stale read is one that sees all writes. */
  #sendToAny(operation: Operation): void {
    if (!operation.isOver) this.#sendTo(operation, this.#router.pick(operation), linearizable);
  }

  /** What is known of its node, now that it has answered. */
  #noteSeen(operation: Operation): void {
    const node = operation.node!;
    if (!operation.changesNothing) this.#freshness.wrote(node);
    else if (operation.sentUnder === linearizable) this.#freshness.sawAll(node, operation.writesBefore);
  }

  #sendTo(operation: Operation, node: ClientNode | undefined, consistency = operation.consistency): void {
    operation.attempts++;
    operation.sentUnder = consistency;
    if (node === undefined) {
      operation.lastError ??= new KvClientError("UNREACHABLE", "no node can be reached at the moment");
      this.#again(operation);
      return;
    }
    operation.node = node;
    operation.life = node.lives;
    operation.isAssigned = true;
    node.inFlight++;
    node.lane(consistency).send(operation);
  }

  /** It is not with a node any more. */
  #left(operation: Operation): void {
    operation.isSent = false;
    this.#leave(operation);
  }

  #leave(operation: Operation): void {
    if (!operation.isAssigned) return;
    operation.isAssigned = false;
    operation.node!.inFlight--;
  }

  #refused(operation: Operation, reply: ReplyError): void {
    const outcome = outcomeOf(reply);
    operation.lastError = answeredError(reply, operation.isInDoubt);
    if (operation.lastError.applied === "yes") this.#noteSeen(operation);
    switch (outcome.type) {
      case "elsewhere":
        this.#redirect(operation, outcome.leader && this.#parts.cluster.hinted(outcome.leader));
        break;
      case "refused":
        // Another node may be ready, or know a leader; what is too much for the cluster is not better there.
        this.#again(operation, reply.code !== "BUSY" && reply.code !== "NOREPLICAS");
        break;
      case "unknown":
        operation.isInDoubt = true;
        if (operation.isRepeatable) this.#again(operation);
        else operation.fail(operation.lastError);
        break;
      case "noSession":
        this.#newNumber(operation);
        break;
      case "final":
        operation.fail(operation.lastError);
    }
  }

  #redirect(operation: Operation, node: ClientNode | undefined): void {
    // Nobody knows what a node has applied that a stale read is pointed to.
    const isOpen = !operation.sentUnder.isStale && operation.attempts <= promptTries;
    if (node === undefined || !isOpen || node.isResting) this.#again(operation);
    else this.#sendTo(operation, node, operation.sentUnder);
  }

  /**
   * The only copy that was ever sent met a session that there is no more: it was not applied, and is sent under another.
   * Of several copies the first may have been applied, before the session was forgotten: that nobody can tell any more.
   */
  #newNumber(operation: Operation): void {
    const { number } = operation;
    if (number === undefined || operation.isInDoubt) {
      this.#unknown(operation, "the session of the write has expired, and it was sent more than once");
      return;
    }
    operation.number = undefined;
    this.#sessions.lost(number.session);
    this.#sessions.number(operation);
  }

  /** Tries again: at once for a few times, then later. */
  #again(operation: Operation, mayBePrompt: boolean = true): void {
    if (operation.isOver) return;
    const { attempts } = operation;
    this.#parts.telemetry.retried();
    if (attempts > 1) void this.#parts.cluster.refresh();
    const isPrompt = mayBePrompt && attempts < promptTries && operation.node !== undefined;
    const delayMs = Math.min(delayMsMax, delayMsMin * 2 ** Math.max(0, attempts - promptTries));
    if (isPrompt) {
      queueMicrotask(() => this.#try(operation));
      return;
    }
    this.#retries.after(delayMs * (0.5 + this.#parts.chance()), operation);
    if (!operation.isInDoubt) this.#giveNumberBack(operation);
  }

  /** No copy can have been applied: while it waits, nobody else's number waits for its own. */
  #giveNumberBack(operation: Operation): void {
    const { number } = operation;
    if (number === undefined) return;
    operation.number = undefined;
    this.#sessions.release(number);
  }

  #unknown(operation: Operation, message: string): void {
    const cause = operation.lastError;
    operation.fail(
      new KvClientError("UNKNOWN_OUTCOME", message, "maybe", cause === undefined ? {} : { cause }),
    );
  }
}

/** What became of one that ends now. */
function appliedTo({ changesNothing, isInDoubt, isSent }: Operation): "maybe" | "no" {
  return !changesNothing && (isInDoubt || isSent) ? "maybe" : "no";
}

/** What the words take, about; negative where one is nothing that can be sent. */
function bytesOf(words: readonly RequestArgument[]): number {
  let bytes = 0;
  for (const word of words) {
    if (typeof word === "string" || word instanceof Uint8Array) bytes += word.length;
    else if (typeof word === "bigint" || (typeof word === "number" && !Number.isNaN(word))) bytes += 8;
    else return -1;
  }
  return bytes;
}

function failureOf(error: Error): KvClientError {
  return error instanceof KvClientError
    ? error
    : new KvClientError("ERR", error.message, "no", { cause: error });
}
