/** Time and turns of the event loop. The only place that reads a clock or sets a timer. */
export interface Clock {
  /** Wall time, in ms since 1970, whole. May jump. */
  wallMs(): number;
  /** Time that only grows, in ms with a fraction. For durations. */
  monotonicMs(): number;
  /** Runs `task` once after `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` again and again. The timer does not keep the process alive. */
  every(intervalMs: number, task: () => void): Timer;
  /** Runs `task` in the next turn of the event loop, behind the I/O that is waiting. */
  nextTurn(task: () => void): void;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(intervalMs, task) {
    const timer = setInterval(task, intervalMs);
    timer.unref();
    return { cancel: () => clearInterval(timer) };
  },
  nextTurn(task) {
    setImmediate(task);
  },
};

/** Resolves in the next turn of the event loop. For slow paths that take turns with everything else. */
export function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.nextTurn(resolve));
}

/** Resolves after so long. For slow paths that look again and again. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
