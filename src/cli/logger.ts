import pino from "pino";
import type { LogLevel } from "../node/config-schema.ts";
import type { Logger } from "../platform/logger.ts";
import { colorsFor } from "./output.ts";

/** Logs to standard error: a line of text for a person at a terminal, a line of JSON for anything else. */
export function createLogger(level: LogLevel, nodeId: string): Logger {
  const isTerminal = process.stderr.isTTY === true;
  const options: pino.LoggerOptions = {
    level,
    base: { node: nodeId },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  // Written at once: the last line before an end is the one that is wanted.
  const log = isTerminal
    ? pino(options, { write: writeText })
    : pino(options, pino.destination({ dest: 2, sync: true }));
  return {
    error: (message) => log.error(message),
    info: (message) => log.info(message),
    debug: (message) => log.debug(message),
    isDebugging: log.isLevelEnabled("debug"),
  };
}

function writeText(line: string): void {
  process.stderr.write(`${textOfLine(line, process.stderr)}\n`);
}

/**
 * Makes of pino's line of JSON one for people: "12:34:56.789 info  a client connected". What is none stays as it is.
 */
export function textOfLine(line: string, stream: NodeJS.WriteStream): string {
  if (!line.startsWith('{"level":')) return line;
  const { level, time, msg } = JSON.parse(line) as { level: string; time: string; msg: string };
  const colors = colorsFor(stream);
  const paint = level === "error" ? colors.red : level === "debug" ? colors.dim : String;
  return `${colors.dim(time.slice(11, 23))} ${paint(`${level.padEnd(5)} ${msg}`)}`;
}
