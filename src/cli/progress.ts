/** Shows how far long work has come. */
export interface Progress {
  readonly update: (done: number, total: number) => void;
  /** Takes the bar away, so that the next line has its place. */
  readonly stop: () => void;
}

/**
 * A bar on standard error where that is a terminal, nothing elsewhere. It appears only when the work takes longer
 * than a moment.
 */
export async function progressBar(what: string): Promise<Progress> {
  if (process.stderr.isTTY !== true) return { update() {}, stop() {} };
  const { SingleBar } = await import("cli-progress");
  const bar = new SingleBar({
    format: `${what} {bar} {percentage} %, {eta_formatted} left`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
  });
  const startMs = performance.now();
  let isShown = false;
  return {
    update(done, total) {
      if (!isShown && performance.now() - startMs < momentMs) return;
      if (!isShown) bar.start(total, done);
      isShown = true;
      bar.setTotal(total);
      bar.update(done);
    },
    stop() {
      if (isShown) bar.stop();
      isShown = false;
    },
  };
}

const momentMs = 300;

/** A line on a terminal about work of which nobody knows how long it takes; nothing elsewhere. */
export function progressNote(what: string): Pick<Progress, "stop"> {
  if (process.stderr.isTTY !== true) return { stop() {} };
  let isShown = true;
  process.stderr.write(`${what} …`);
  return {
    stop() {
      if (isShown) process.stderr.write("\r\u001b[2K");
      isShown = false;
    },
  };
}
