/**
 * For how long this process has been at work, in ms: time of the processor, of which others on the machine take nothing.
 * A machine that is busy is slower all the same, since they share its caches: see slowness.
 */
export function workedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * How many times slower this machine is, just now, than one of the year 2025 with nothing else to do; 1 at least. In
 * computing, and in giving memory that was not used before, whichever is worse.
 */
export function slowness(): number {
  const startMs = workedMs();
  for (let i = 0; i < steps; i++) table[(i * 40_503) & (table.length - 1)]! += i;
  const computedMs = workedMs();
  Buffer.allocUnsafeSlow(freshBytes).fill(1);
  return Math.max(1, (computedMs - startMs) / stepsMs, (workedMs() - computedMs) / freshMs);
}

const table: Uint32Array = new Uint32Array(1 << 22);
const steps = 8_000_000;
const freshBytes = 33_554_432;
/** What they take where nothing else is done. */
const stepsMs = 32;
const freshMs = 12;
