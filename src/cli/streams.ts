import { ConnectionError } from "../client/errors.ts";
import { upper } from "./words.ts";

/** Commands that answer not at all, or without end: waiting for their one reply would never end. */
export function refuseStreams(words: readonly Buffer[]): void {
  const [name, second, third] = words.slice(0, 3).map(upper);
  const isStream = /^(?:MONITOR|SYNC|PSYNC|[PS]?SUBSCRIBE|[PS]?UNSUBSCRIBE)$/.test(name ?? "");
  const isMute = name === "CLIENT" && second === "REPLY" && third !== "ON";
  if (!isStream && !isMute) return;
  throw new ConnectionError(
    "REFUSED",
    `${isMute ? "CLIENT REPLY" : name} is not for this shell: it shows one reply to each command`,
  );
}
