import { type Address, formatAddress, parseAddress } from "../base/address.ts";
import { KvorumError } from "../base/errors.ts";
import { type Clock, pause, systemClock } from "../platform/clock.ts";
import { type Reply, ReplyError } from "../protocol/reply.ts";
import { dial, type Target } from "./dial.ts";

/** A change of members waits for a majority, a transfer for who catches up. */
const callMs = 15_000;
/** An election is over by then, and so is what makes a leader busy. */
const patienceMs = 10_000;
const againMs = 100;

export interface Patience {
  readonly clock?: Clock;
  /** How long BUSY and CLUSTERDOWN are asked again. */
  readonly waitMs?: number;
  /** What is waited for. Called before each time that it is asked again. */
  readonly onBusy?: (message: string) => Promise<void> | void;
}

/**
 * Has the leader carry out a command that only it can: asks any node of the target, and goes on to the one that it
 * names. Asks again while the cluster is between two leaders or busy. Rejects with KvorumError where it is refused.
 */
export async function callLeader(
  target: Target,
  words: readonly string[],
  { clock = systemClock, waitMs = patienceMs, onBusy = () => {} }: Patience = {},
): Promise<void> {
  const untilMs = clock.monotonicMs() + waitMs;
  let at: Target = target;
  for (;;) {
    const reply = await callAt(at, words);
    if (!(reply instanceof ReplyError)) return;
    const leader = leaderIn(reply);
    if (clock.monotonicMs() > untilMs || !isPassing(reply)) throw refusal(reply);
    if (leader !== undefined) at = { ...target, addresses: [leader, ...target.addresses] };
    else await onBusy(textOf(reply));
    await pauseAwake(clock, leader === undefined ? againMs : 1);
  }
}

async function callAt(target: Target, words: readonly string[]): Promise<Reply> {
  const connection = await dial(target, { callMs });
  try {
    return await connection.call(words);
  } finally {
    await connection.close();
  }
}

/** Nothing has happened, and it may be otherwise soon. */
function isPassing({ message }: ReplyError): boolean {
  return /^(?:NOT_LEADER|CLUSTERDOWN|BUSY|LOADING) /.test(message);
}

function leaderIn({ message }: ReplyError): Address | undefined {
  return parseAddress(/^NOT_LEADER leader=(\S+)$/.exec(message)?.[1] ?? "");
}

function refusal(reply: ReplyError): KvorumError {
  const leader = leaderIn(reply);
  if (leader !== undefined)
    return new KvorumError("ERR", `${formatAddress(leader)} leads and cannot be asked`);
  if (/^ERR unknown command/i.test(reply.message))
    return new KvorumError("ERR", "that server is no kvorum, or an older one");
  return new KvorumError("ERR", textOf(reply));
}

/** Without the code where that says nothing to people. */
function textOf({ message }: ReplyError): string {
  return message.replace(/^(?:ERR|BUSY) /, "");
}

/** The clock's timers do not keep a process alive. */
async function pauseAwake(clock: Clock, ms: number): Promise<void> {
  const awake = setInterval(() => {}, 1000);
  await pause(clock, ms);
  clearInterval(awake);
}
