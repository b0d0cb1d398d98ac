import { limits } from "../../base/limits.ts";
import type { Arguments } from "../../protocol/arguments.ts";

const FIRST_VISIBLE = 0x21;
const LAST_VISIBLE = 0x7e;

/** What is wrong with a name that CLIENT LIST will show, "" if nothing is: one word of visible ASCII. */
export function nameProblem(args: Arguments, index: number, what: string): string {
  if (args.lengthOf(index) > limits.clientNameBytesMax) {
    return `TOO_LARGE a name may have ${limits.clientNameBytesMax} bytes`;
  }
  for (let i = args.start[index]!; i < args.end[index]!; i++) {
    const byte = args.bytes[i]!;
    if (byte < FIRST_VISIBLE || byte > LAST_VISIBLE) {
      return `ERR ${what} cannot contain spaces, newlines or special characters.`;
    }
  }
  return "";
}
