import type { Clock } from "../platform/clock.ts";
import { KvClientError } from "./errors.ts";

export interface Patience {
  readonly clock: Clock;
  /** 0: as long as it takes. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Node.js' timers count ms in 31 bits: weeks, for which nobody waits. */
const longestMs = 2 ** 31 - 1;

/**
 * What is to come, if it comes in time; else rejects with KvClientError TIMEOUT or ABORTED. What comes later nobody has
 * any more: it goes to `late`.
 */
export function inTime<T>(coming: Promise<T>, patience: Patience, late: (value: T) => void): Promise<T> {
  const { clock, timeoutMs, signal } = patience;
  return new Promise((resolve, reject) => {
    let isOver = false;
    const giveUp = (error: KvClientError): void => {
      end();
      reject(error);
    };
    const abort = (): void => giveUp(aborted(signal!));
    const timer =
      timeoutMs === 0 || timeoutMs > longestMs
        ? undefined
        : clock.after(timeoutMs, () =>
            giveUp(new KvClientError("TIMEOUT", `no connection came within ${timeoutMs} ms`)),
          );
    const end = (): void => {
      isOver = true;
      timer?.cancel();
      signal?.removeEventListener("abort", abort);
    };
    coming.then(
      (value) => {
        if (isOver) return late(value);
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
    signal?.addEventListener("abort", abort);
  });
}

/** A call whose signal was given, of which nothing was sent. */
export function aborted({ reason: cause }: AbortSignal): KvClientError {
  return new KvClientError("ABORTED", "the call was aborted", "no", { cause });
}
