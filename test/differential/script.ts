import { type Conversation, type Step, step, type Turn } from "./conversation.ts";

/**
 * Reads a conversation from one line:
 *
 *     SET a 1 ; GET a            two commands sent at once
 *     SET a 1 | @1 GET a         one after the other, the second over connection 1
 *     "\x00\n"                   a word in quotes, as redis-cli takes it
 *     SET a 1 PX 30 ; gone a     waits until the key is gone
 *     raw "*x\r\n"               bytes that are no command
 */
export function readScript(text: string): Conversation {
  return text.split(" | ").map(readTurn);
}

function readTurn(text: string): Turn {
  const [, at = "0", rest = ""] = /^(?:@(\d+) )?(.*)$/s.exec(text.trim())!;
  const connection = Number(at);
  const steps = rest.split(" ; ").map(readStep);
  const [name, ...operands] = steps.at(-1)!.args;
  if (name?.toString() === "gone") {
    return { kind: "expiry", connection, steps: steps.slice(0, -1), keys: operands };
  }
  if (name?.toString() === "raw") return { kind: "garbage", connection, bytes: operands[0]! };
  return { kind: "pipeline", connection, steps, cuts: 0 };
}

function readStep(text: string): Step {
  const words = text.matchAll(/"((?:\\.|[^"\\])*)"|[^\s"]+/gs);
  return step(...Array.from(words, ([word, quoted]) => (quoted === undefined ? word : unquote(quoted))));
}

function unquote(quoted: string): Buffer {
  const text = quoted.replace(
    /\\(?:x([0-9a-f]{2})|(.))/gis,
    (_all, hex: string | undefined, letter: string) =>
      hex === undefined ? (escapes.get(letter) ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(text, "latin1");
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
