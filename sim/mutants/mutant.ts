/** A piece of a built file, and what a hasty hand would have written there. */
export interface Patch {
  /** From the folder of the built sources on: "raft/raft.js". */
  readonly file: string;
  /** Stands there exactly once. */
  readonly right: string;
  readonly wrong: string;
}

/** A bug that somebody might make, or has made. */
export interface Mutant extends Patch {
  /** As the command line has it: words with dashes. */
  readonly name: string;
  /** What the node does with the bug. */
  readonly bug: string;
  /** What it breaks, and who says so. */
  readonly rule: string;
  /** Of the checklist of known mistakes; absent where the rule is one of our own. */
  readonly point?: number;
}
