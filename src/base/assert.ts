/**
 * Assertions stay on in production. An assertion that fails is a bug in kvorum, never bad input
 * and never weather: the process stops rather than continue wrong.
 */
class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
