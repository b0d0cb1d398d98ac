import { KvorumError } from "../base/errors.ts";
import { KvClientError } from "../client/errors.ts";
import { openClient } from "./cluster-client.ts";
import type { Target } from "./target.ts";

/** An election is over by then, and so is what makes a leader busy; a transfer waits for who catches up. */
const patienceMs = 15_000;

/**
 * Has the leader carry out a command that only it can, asked of any node. Waits while the cluster is between two leaders or
 * busy. Rejects with KvorumError where it is refused.
 */
export async function callLeader(
  target: Target,
  words: readonly string[],
  waitMs: number = patienceMs,
): Promise<void> {
  const client = await openClient(target, { timeoutMs: Math.max(1, waitMs), silenceMs: patienceMs });
  try {
    await client.send(words);
  } catch (error) {
    throw error instanceof KvClientError ? refusal(error) : error;
  } finally {
    await client.close();
  }
}

function refusal(error: KvClientError): KvorumError {
  // Where time was over, what counts is what the last answer was.
  const { message } = error.code === "TIMEOUT" && error.cause instanceof KvClientError ? error.cause : error;
  const leader = /^NOT_LEADER leader=(\S+)$/.exec(message)?.[1];
  if (leader !== undefined) return new KvorumError("ERR", `${leader} leads and cannot be asked`);
  if (/^ERR unknown command/i.test(message))
    return new KvorumError("ERR", "that server is no kvorum, or an older one");
  // Without the code where that says nothing to people.
  const doubt = error.applied === "maybe" ? "; it may have been carried out" : "";
  return new KvorumError("ERR", `${message.replace(/^(?:ERR|BUSY) /, "")}${doubt}`);
}
