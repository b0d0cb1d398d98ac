/**
 * One table of codes. A code is the first word of an error over RESP, `code` on a client's error and
 * `error.code` over HTTP. Messages may change, codes may not. `applied` tells what became of a write
 * that was answered so: it was not applied, it may have been, or it was.
 */
const errorCodes: Readonly<Record<ErrorCode, { readonly applied: Applied; readonly meaning: string }>> = {
  ERR: { applied: "no", meaning: "the command is wrong" },
  WRONGTYPE: { applied: "no", meaning: "the key holds another kind of value" },
  NOT_LEADER: { applied: "no", meaning: "ask the named node" },
  MOVED: { applied: "no", meaning: "ask the named node" },
  CLUSTERDOWN: { applied: "no", meaning: "no leader within the wait" },
  NOREPLICAS: { applied: "no", meaning: "fewer than W members can be reached" },
  UNKNOWN_OUTCOME: { applied: "maybe", meaning: "logged, but not known to be committed in time" },
  UNDER_REPLICATED: { applied: "yes", meaning: "applied, but fewer than W voters have it in time" },
  OUTDATED_SEQUENCE: {
    applied: "maybe",
    meaning: "a numbered write that its session has done with: it is not applied from now on",
  },
  REPLY_NOT_KEPT: {
    applied: "yes",
    meaning: "a numbered write was applied; its reply was too long to be kept",
  },
  NOSESSION: { applied: "maybe", meaning: "the session of a numbered write is unknown or expired" },
  BUSY: { applied: "no", meaning: "over a limit of memory, queue or connections; try again later" },
  OOM: { applied: "no", meaning: "maxmemory is reached: growth is refused, reads and deletes work" },
  TOO_LARGE: { applied: "no", meaning: "a key, value, line or transaction is over its limit" },
  NOAUTH: { applied: "no", meaning: "authenticate first" },
  WRONGPASS: { applied: "no", meaning: "unknown user or wrong password" },
  NOPERM: { applied: "no", meaning: "this user may not do that" },
  NOPROTO: { applied: "no", meaning: "HELLO asked for a protocol that is not spoken here" },
  LOADING: { applied: "no", meaning: "still recovering" },
  MISCONF: { applied: "maybe", meaning: "the disk refused a write: this node no longer accepts any" },
  EXECABORT: { applied: "no", meaning: "a command of the transaction was refused when it was queued" },
};

export type Applied = "no" | "maybe" | "yes";
export type ErrorCode =
  | "ERR"
  | "WRONGTYPE"
  | "NOT_LEADER"
  | "MOVED"
  | "CLUSTERDOWN"
  | "NOREPLICAS"
  | "UNKNOWN_OUTCOME"
  | "UNDER_REPLICATED"
  | "OUTDATED_SEQUENCE"
  | "REPLY_NOT_KEPT"
  | "NOSESSION"
  | "BUSY"
  | "OOM"
  | "TOO_LARGE"
  | "NOAUTH"
  | "WRONGPASS"
  | "NOPERM"
  | "NOPROTO"
  | "LOADING"
  | "MISCONF"
  | "EXECABORT";

/** What became of a write that was answered with this code; undefined where the code is not in the table. */
export function appliedBy(code: string): Applied | undefined {
  return Object.hasOwn(errorCodes, code) ? errorCodes[code as ErrorCode].applied : undefined;
}

/** Weather: something that can go wrong in a correct program and is answered, not crashed on. */
export class KvorumError extends Error {
  override readonly name = "KvorumError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get applied(): Applied {
    return errorCodes[this.code].applied;
  }
}
