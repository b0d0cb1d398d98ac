import { ConnectionError } from "../client/errors.ts";

/** A server's refusal, with what to do about it. */
export function inWords(error: ConnectionError, where: string, db: number): ConnectionError {
  if (error.code !== "REFUSED") return error;
  if (/^ERR (?:DB index|invalid DB)/.test(error.message)) {
    return new ConnectionError("REFUSED", `${where} has no database ${db}: ${error.message}`);
  }
  if (wantsPassword(error)) {
    return new ConnectionError(
      "REFUSED",
      `NOAUTH ${where} wants a password: set KVORUM_PASSWORD, or give --password`,
    );
  }
  return new ConnectionError("REFUSED", `${where} refused this client: ${error.message}`);
}

/** Whether the server only let us not in because no password was given. */
export function wantsPassword(error: unknown): boolean {
  return error instanceof ConnectionError && error.code === "REFUSED" && error.message.startsWith("NOAUTH");
}

/** Why none of them lets us in. */
export function noServer(failures: readonly ConnectionError[]): ConnectionError {
  const [first] = failures;
  const reasons = failures.map(({ message }) => message).join("; ");
  if (first?.code !== "UNREACHABLE")
    return failures.length === 1 ? first! : new ConnectionError("UNREACHABLE", reasons);
  const advice = "start a node with `kvorum start --memory`, or name another server with --connect";
  return new ConnectionError("UNREACHABLE", `${reasons}; ${advice}`);
}
