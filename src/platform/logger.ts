/**
 * Three levels: error = somebody must look; info = a rare change of state; debug = for developers. The real
 * twin is pino, made by the node.
 */
export interface Logger {
  error(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

export const silentLogger: Logger = { error() {}, info() {}, debug() {} };
