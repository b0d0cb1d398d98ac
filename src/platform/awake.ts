import type { Timer } from "./clock.ts";

/** Node.js' longest timer. */
const intervalMs = 2 ** 31 - 1;

/** Keeps the process alive until it is cancelled: the clock's own timers do not. */
export function stayAwake(): Timer {
  const timer = setInterval(() => {}, intervalMs);
  return { cancel: () => clearInterval(timer) };
}
