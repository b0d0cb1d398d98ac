/** The longest rest, and the first: each failure doubles it. */
const restMsMin = 50;
const restMsMax = 4_000;

/**
 * Rests a node that cannot be connected to: for longer with each failure, and by chance for a little more or less, so that
 * clients who lost a node together do not come back together. After the rest one attempt goes first.
 *
 *     closed ── failed ──► resting ── time ──► half-open ── succeeded ──► closed
 *                             ▲────── failed ──────┘
 */
export class Breaker {
  readonly #chance: () => number;
  #failures = 0;
  #restsUntilMs = 0;
  #isProbing = false;

  /** `chance` gives numbers in [0, 1). */
  constructor(chance: () => number) {
    this.#chance = chance;
  }

  /** Nothing is wrong there, as far as is known. */
  get isClosed(): boolean {
    return this.#failures === 0;
  }

  /** Nobody is to be sent there now. */
  isResting(nowMs: number): boolean {
    return this.#failures > 0 && (this.#isProbing || nowMs < this.#restsUntilMs);
  }

  /** Whether a connection may be tried now; the one who is told so tells how it went. */
  tries(nowMs: number): boolean {
    if (this.isResting(nowMs)) return false;
    this.#isProbing = this.#failures > 0;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#isProbing = false;
  }

  failed(nowMs: number): void {
    const restMs = Math.min(restMsMax, restMsMin * 2 ** Math.min(this.#failures, 16));
    this.#failures++;
    this.#isProbing = false;
    this.#restsUntilMs = nowMs + restMs * (0.5 + this.#chance());
  }
}
