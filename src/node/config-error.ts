import { KvorumError } from "../base/errors.ts";

/** Everything that is wrong with a configuration, a line each. */
export class ConfigError extends KvorumError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super("ERR", problems.join("\n"));
    this.problems = problems;
  }
}
