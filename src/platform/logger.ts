/**
 * Three levels: error = somebody must look; info = a rare change of state; debug = for developers. The real
 * twin is pino, made by the node.
 */
export interface Logger {
  error(message: string): void;
  info(message: string): void;
  debug(message: string): void;
  /** What is told to `debug` is written: for who would have to put together much that nobody reads. */
  readonly isDebugging?: boolean;
}

export const silentLogger: Logger = { error() {}, info() {}, debug() {} };
