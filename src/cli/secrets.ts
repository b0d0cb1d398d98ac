import { splitLine, upper } from "./words.ts";

/** Settings of a server whose values are passwords. */
const secretSettings: readonly string[] = ["REQUIREPASS", "MASTERAUTH", "TLS-KEY-FILE-PASS"];

/** Whether a line of the shell holds a password, and so must not be kept. */
export function holdsSecret(line: string): boolean {
  // Where a quote is left open the words are not sure: better one line too few in the history.
  const words =
    splitLine(line) ??
    line
      .split(/[\s"']+/)
      .filter(Boolean)
      .map((word) => Buffer.from(word));
  const [name, second, ...others] = words.map(upper);
  switch (name) {
    case "AUTH":
      return true;
    case "HELLO":
    case "MIGRATE":
      return others.some((word) => word === "AUTH" || word === "AUTH2");
    case "CONFIG":
      return second === "SET" && others.some((word) => secretSettings.includes(word));
    case "ACL":
      return second === "SETUSER";
    default:
      return false;
  }
}
