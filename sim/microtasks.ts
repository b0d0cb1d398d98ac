import { setFlagsFromString } from "node:v8";
import { assert } from "../src/base/assert.ts";

/**
 * Runs the continuations of all promises that are settled, and those that follow from them, before it returns. Not
 * from within one: there V8 does nothing.
 *
 * A turn of the event loop would do the same, at a hundred times the price, and there is one for each simulated event.
 * V8 has this function for tests of its own, under a flag that is needed only where the name is read.
 */
export const drainMicrotasks: () => void = makeDrain();

function makeDrain(): () => void {
  setFlagsFromString("--allow-natives-syntax");
  const drain = new Function("%PerformMicrotaskCheckpoint()") as () => void;
  // A function is compiled when it is called first.
  drain();
  setFlagsFromString("--no-allow-natives-syntax");
  return drain;
}

/** Calls `task` in a turn of its own, outside of all promises, where they can be drained. */
export function inOwnTurn<T>(task: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        assertDrains();
        resolve(task());
      } catch (error) {
        reject(error);
      }
    });
  });
}

function assertDrains(): void {
  let hasRun = false;
  queueMicrotask(() => {
    hasRun = true;
  });
  drainMicrotasks();
  assert(hasRun, "promises can be drained here");
}
