/**
 * Does some work, and tells how long the longest turn of the event loop took meanwhile, in ms. Of the time that went
 * by and the time for which this process was computing the shorter one counts: others who keep the machine busy add
 * to the first, threads that write to a disk to the second.
 */
export async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let isOver = false;
  let wallMs = performance.now();
  let cpuMs = computedMs();
  function look(): void {
    const [wallNowMs, cpuNowMs] = [performance.now(), computedMs()];
    longestMs = Math.max(longestMs, Math.min(wallNowMs - wallMs, cpuNowMs - cpuMs));
    [wallMs, cpuMs] = [wallNowMs, cpuNowMs];
    if (!isOver) setImmediate(look);
  }
  look();
  try {
    await work();
  } finally {
    isOver = true;
  }
  // The last turn too.
  await new Promise(setImmediate);
  return longestMs;
}

function computedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
