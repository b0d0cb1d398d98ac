import { type Operation, partsOf } from "../history.ts";
import { withoutRepeats } from "./attempts.ts";
import type { Violation } from "./checker.ts";
import { RealTime } from "./real-time.ts";
import { defaultTolerance, type Tolerance } from "./register.ts";
import { replay } from "./replay.ts";
import { describePossible, showOperation } from "./show.ts";
import type { Timeline, Window } from "./timeline.ts";

/** A history, and what follows from the revisions that its writes told. */
export interface Evidence {
  /** As it was recorded, each attempt of a repeated write by itself. */
  readonly recorded: readonly Operation[];
  /** Each write once. */
  readonly history: readonly Operation[];
  readonly realTime: RealTime;
  readonly timeline: Timeline;
  /** Writes whose replies do not follow from the writes before them. */
  readonly misreplayed: readonly Violation[];
}

export function evidenceOf(
  recorded: readonly Operation[],
  tolerance: Tolerance = defaultTolerance,
): Evidence {
  const history = withoutRepeats(recorded);
  const realTime = new RealTime(history);
  const { timeline, violations } = replay(history, realTime, tolerance);
  return { recorded, history, realTime, timeline, misreplayed: violations };
}

/** Why a read that no revision of its window explains is wrong. */
export function whyUnexplained(timeline: Timeline, read: Operation, window: Window, why: string): string {
  const { from, to } = window;
  const range = to === Infinity ? `from revision ${from} on` : `of revisions ${from} to ${to}`;
  const held = heldIn(timeline, read, window).join(", ");
  return `${showOperation(read)}: nothing ${range} explains it (${why}). ${held}.`;
}

const valuesShown = 4;

/** `x held "1" at 5, "2" from 7` */
function heldIn(timeline: Timeline, read: Operation, window: Window): string[] {
  const keys = new Set(partsOf(read).flatMap(({ action }) => (action.type === "flush" ? [] : [action.key])));
  const changes = timeline.changes(read, window);
  return [...keys].map((key) => {
    const values = changes
      .slice(0, valuesShown)
      .map((revision) => `${describePossible(timeline.at(key, revision))} from ${revision}`);
    const more = changes.length > valuesShown ? ", and others later" : "";
    const first = `${describePossible(timeline.at(key, window.from))} at ${window.from}`;
    return `${key} held ${[first, ...values].join(", ")}${more}`;
  });
}
