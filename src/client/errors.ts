import { type Applied, appliedBy, type ErrorCode } from "../base/errors.ts";
import { ReplyError } from "../protocol/reply.ts";

/** Why a call got no answer. What the server answered is a Reply, also where it is an error. */
export const connectionErrorCodes = {
  UNREACHABLE: "no connection came about",
  REFUSED: "the server did not let this client in",
  TIMEOUT: "no answer came in time",
  CLOSED: "the connection is closed",
  BROKEN: "the server sent what is no reply",
  BUSY: "too much waits on this connection already",
} as const;

export type ConnectionErrorCode = keyof typeof connectionErrorCodes;

export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: ConnectionErrorCode;
  /** What became of the call, if it was a write. */
  readonly applied: Applied;

  constructor(code: ConnectionErrorCode, message: string, applied: Applied = "no", options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.applied = applied;
  }
}

/**
 * What a client's error may have as its `code`: those of the server's table, those of a connection, and ABORTED where the
 * caller's signal ended the operation. A server that is not kvorum may have others.
 */
export type KvClientErrorCode = ErrorCode | ConnectionErrorCode | "ABORTED" | (string & {});

/**
 * Why an operation of KvClient failed. Match `code`: messages may change. `applied` tells what became of a write: it was
 * not applied ("no"), it may have been ("maybe"), or it was ("yes").
 */
export class KvClientError extends Error {
  override readonly name = "KvClientError";
  readonly code: KvClientErrorCode;
  readonly applied: Applied;

  constructor(code: KvClientErrorCode, message: string, applied: Applied = "no", options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.applied = applied;
  }
}

/** A server's error. `isInDoubt`: another copy of the write was sent before, so that a refusal of this one proves nothing. */
export function answeredError({ code, message }: ReplyError, isInDoubt: boolean): KvClientError {
  const applied = appliedBy(code) ?? "no";
  const isProven = !isInDoubt || applied === "yes" || definite.test(message);
  return new KvClientError(code, message, isProven ? applied : "maybe");
}

/** A server that lets no connection in. Its words begin with a code of the table, and tell nothing of other copies. */
export function refusedError(error: ConnectionError, isInDoubt: boolean): KvClientError {
  const { message } = error;
  const { code } = new ReplyError(message);
  return new KvClientError(code, message, isInDoubt ? "maybe" : (appliedBy(code) ?? "no"), { cause: error });
}

/**
 * Answers of a command that was carried out, and came to nothing: they hold for every copy of it. Other words of ERR may be
 * those of one node that refused its copy (a W that is too large, a command that it does not know yet).
 */
const definite =
  /^WRONGTYPE |^ERR (?:value is not an? |(?:increment or )?decrement would overflow|increment would produce |string exceeds |no such key)/;

/** The same, for a call of which nothing was sent, or something was. */
export function withApplied(error: ConnectionError, applied: Applied): ConnectionError {
  if (error.applied === applied) return error;
  return new ConnectionError(error.code, error.message, applied, { cause: error });
}

/** Says in words why the socket to `where` could not be opened, or broke. */
export function socketFailure(
  where: string,
  error: NodeJS.ErrnoException,
  wasOpen: boolean,
): ConnectionError {
  const code = error.code ?? "";
  if (wasOpen) {
    return new ConnectionError(
      "CLOSED",
      `the connection to ${where} broke (${code || error.message})`,
      "no",
      {
        cause: error,
      },
    );
  }
  const reason = reasons[code] ?? `cannot connect to ${where}: ${error.message || code}`;
  return new ConnectionError("UNREACHABLE", reason.replace("WHERE", where), "no", { cause: error });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens on WHERE",
  ENOTFOUND: "the host of WHERE is not known",
  EAI_AGAIN: "the host of WHERE cannot be looked up at present",
  EHOSTUNREACH: "there is no way to the host of WHERE",
  ENETUNREACH: "there is no way to the network of WHERE",
  ETIMEDOUT: "WHERE does not answer",
  ECONNRESET: "WHERE closed the connection at once",
};
