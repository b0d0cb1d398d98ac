import { isAdmitted } from "./censor.ts";
import { compare, type Difference, type Pair } from "./compare.ts";
import type { Conversation, Pipeline, Step, Turn } from "./conversation.ts";

/** A conversation in which two systems differ. */
export interface Failure {
  readonly conversation: Conversation;
  readonly difference: Difference;
}

/**
 * Drops from a conversation what the difference does not need: turns, then commands, then how they were
 * sent, then arguments. Stops in time with what it has got so far.
 */
export async function shrink(pair: Pair, failure: Failure, budgetMs: number): Promise<Failure> {
  const shrinker = new Shrinker(pair, failure, performance.now() + budgetMs);
  await shrinker.shrink();
  return shrinker.best;
}

class Shrinker {
  best: Failure;
  readonly #pair: Pair;
  #endMs: number;

  constructor(pair: Pair, failure: Failure, endMs: number) {
    this.#pair = pair;
    this.best = failure;
    this.#endMs = endMs;
  }

  async shrink(): Promise<void> {
    const { conversation, difference } = this.best;
    await this.#try(conversation.slice(0, difference.turn + 1));
    for (let size = -1; size !== sizeOf(this.best.conversation) && this.#hasTime; ) {
      size = sizeOf(this.best.conversation);
      await this.#fewer(this.best.conversation, (turns) => turns);
      for (let i = 0; i < this.best.conversation.length; i++) await this.#shrinkTurn(i);
    }
  }

  get #hasTime(): boolean {
    return performance.now() < this.#endMs;
  }

  async #shrinkTurn(index: number): Promise<void> {
    const turn = this.best.conversation[index]!;
    if (turn.kind !== "pipeline") return;
    await this.#try(this.#with(index, { ...turn, cuts: 0, steps: turn.steps.map(plain) }));
    const found = this.best.conversation[index] as Pipeline;
    await this.#fewer(found.steps, (steps) => this.#with(index, { ...found, steps }));
    for (let i = 0; i < (this.best.conversation[index] as Pipeline | undefined)!.steps.length; i++) {
      await this.#shrinkStep(index, i);
    }
  }

  async #shrinkStep(index: number, stepIndex: number): Promise<void> {
    const turn = this.best.conversation[index] as Pipeline;
    await this.#fewer(turn.steps[stepIndex]!.args, (args) => {
      const steps = turn.steps.with(stepIndex, { args, isInline: false });
      return this.#with(index, { ...turn, steps: args.length === 0 ? turn.steps : steps });
    });
  }

  /** Leaves out parts of a list, large ones first, as long as the difference stays. */
  async #fewer<T>(list: readonly T[], conversationWith: (list: readonly T[]) => Conversation): Promise<void> {
    let kept = list;
    for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < kept.length && this.#hasTime; ) {
        const less = [...kept.slice(0, at), ...kept.slice(at + size)];
        if (await this.#try(conversationWith(less))) kept = less;
        else at += size;
      }
    }
  }

  #with(index: number, turn: Turn): Conversation {
    return this.best.conversation.with(index, turn);
  }

  /** Keeps a smaller conversation if it fails as well. */
  async #try(conversation: Conversation): Promise<boolean> {
    if (sizeOf(conversation) > sizeOf(this.best.conversation) || !isAdmitted(conversation)) return false;
    const difference = await compare(this.#pair, conversation).catch(() => {
      // A system that has gone cannot be asked any more: what there is must do.
      this.#endMs = 0;
    });
    if (difference === undefined) return false;
    this.best = { conversation, difference };
    return true;
  }
}

function plain({ args }: Step): Step {
  return { args, isInline: false };
}

/** Turns, commands and arguments, all in all. */
function sizeOf(conversation: Conversation): number {
  return conversation.reduce((sum, turn) => sum + 1 + (turn.kind === "pipeline" ? stepsSize(turn) : 0), 0);
}

function stepsSize({ steps }: Pipeline): number {
  return steps.reduce((sum, { args }) => sum + 1 + args.length, 0);
}
