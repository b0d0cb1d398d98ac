import pc from "picocolors";
import type { Colors } from "picocolors/types.js";
import type { Reply } from "../protocol/reply.ts";
import { json } from "./print-json.ts";
import { pretty } from "./print-pretty.ts";
import { raw } from "./print-raw.ts";

/** Writes to a stream and waits where it is full, so that a slow reader bounds our memory. */
export async function write(stream: NodeJS.WriteStream, bytes: string | Buffer): Promise<void> {
  if (stream.write(bytes)) return;
  await new Promise<void>((resolve) => stream.once("drain", resolve));
}

export type Printer = (reply: Reply) => Promise<void>;

/** For a person where standard output is a terminal, for a program where it is none, JSON where asked. */
export function printer(asJson: boolean): Printer {
  const { stdout } = process;
  if (asJson) return (reply) => write(stdout, `${json(reply)}\n`);
  if (stdout.isTTY) return (reply) => write(stdout, `${pretty(reply, colorsFor(stdout))}\n`);
  return (reply) => write(stdout, Buffer.concat([raw(reply), newline]));
}

const newline = Buffer.from("\n");

/** Colours where the stream is a terminal and nobody asked for none (NO_COLOR). */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  return pc.createColors(stream.isTTY === true && pc.isColorSupported);
}
