/** What both sides measured, pair by pair. */
export interface Pairs<T> {
  readonly ours: readonly T[];
  readonly peer: readonly T[];
}

/** One run of one side; pairs count from 0. */
export type PairRun<T> = (pair: number) => Promise<T>;

/**
 * Runs ours and the peer's by turns, A B A B …, so that both see the same machine. Where there is no peer, ours alone.
 */
export async function inPairs<T>(
  count: number,
  ours: PairRun<T>,
  peer: PairRun<T> | undefined,
): Promise<Pairs<T>> {
  const pairs = { ours: [] as T[], peer: [] as T[] };
  for (let i = 0; i < count; i++) {
    pairs.ours.push(await ours(i));
    if (peer !== undefined) pairs.peer.push(await peer(i));
  }
  return pairs;
}

/** One number of each run. */
export function pick<T>({ ours, peer }: Pairs<T>, of: (run: T) => number): Pairs<number> {
  return { ours: ours.map(of), peer: peer.map(of) };
}
