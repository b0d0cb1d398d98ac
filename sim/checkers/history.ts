import { hasChanged, type Operation } from "../history.ts";
import type { Violation } from "./checker.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";
import { checkExpiry } from "./expiry.ts";
import { checkLinearizability } from "./linearizability/index.ts";
import { checkPipeline } from "./pipeline.ts";
import { checkReads } from "./reads.ts";
import type { Tolerance } from "./register.ts";
import { checkRevisions } from "./revisions.ts";
import { checkSessions } from "./sessions.ts";
import { checkStaleReads } from "./stale-reads.ts";

/** What one checker has to say about a history. */
export interface Judgement {
  readonly name: string;
  /** What holds where it found nothing. */
  readonly promise: string;
  /** What of the history it could not judge; empty: nothing. */
  readonly left: string;
  readonly violations: readonly Violation[];
  /** Keys for which a search gave up, where it may. */
  readonly undecided?: number;
}

export interface JudgeOptions {
  readonly tolerance: Tolerance;
  /** Of the search for an order: how much it remembers and weighs, and whether it may give up where the replay judges the same. */
  readonly configurationsMax: number;
  readonly stepsMax: number;
  readonly mayGiveUp: boolean;
}

/** All checkers of histories, one after the other. */
export function* checkHistory(
  recorded: readonly Operation[],
  options: Partial<JudgeOptions> = {},
): Generator<Judgement> {
  const { tolerance } = options;
  const { violations, keysLeft, keysUndecided } = checkLinearizability(recorded, options);
  yield {
    name: "linearizability",
    promise: "each key has an order that explains every reply",
    left: [
      ...(keysLeft === 0 ? [] : [`${keysLeft} keys of RENAME left to replay`]),
      ...(keysUndecided === 0 ? [] : [`${keysUndecided} keys undecided`]),
    ].join(", "),
    violations,
    undecided: keysUndecided,
  };
  yield judged("sessions", "a repeated write is one write", checkSessions(recorded));
  const evidence = evidenceOf(recorded, tolerance);
  if (evidence.realTime.changes.length > 0) yield* byRevision(evidence);
  else
    yield { ...judged("replay", replayPromise, []), left: "nothing to judge: no write tells its revision" };
}

const replayPromise = "in the order of revisions, a plain model answers the same";

/** Those that need to know which write came after which. */
function* byRevision(evidence: Evidence): Generator<Judgement> {
  const untold = evidence.history.filter(
    (one) => one.revision === undefined && hasChanged(one) !== false,
  ).length;
  const left = untold === 0 ? "" : `${untold} writes without a revision may have happened or not`;
  yield {
    ...judged("replay", replayPromise, evidence.misreplayed),
    left,
  };
  yield judged("revisions", "each write has its own, in the order of time", checkRevisions(evidence));
  yield judged("reads", "a read sees every write that was acknowledged before it", [
    ...checkReads(evidence, "linearizable"),
    ...checkReads(evidence, "quorum"),
  ]);
  yield judged("stale reads", "a connection's reads of one node never go back", checkStaleReads(evidence));
  yield judged("pipeline", "a connection's commands happen in the order sent", checkPipeline(evidence));
  yield judged("expiry", "no key is seen after its deadline, or gone before", checkExpiry(evidence));
}

function judged(name: string, promise: string, violations: readonly Violation[]): Judgement {
  return { name, promise, left: "", violations };
}
