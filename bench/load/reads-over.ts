import { once } from "node:events";
import type { Duplex } from "node:stream";
import { keyOf, valueBytes } from "./set-batch.ts";

const dollar = 36;
const minus = 45;
const answerBytes = `$${valueBytes}\r\n\r\n`.length + valueBytes;

/** GET of one key after the other over a connection to kvorum; `onAnswer` gets the error of each, or undefined. */
export async function readsOver(
  socket: Duplex,
  isStale: boolean,
  onAnswer: (error: string | undefined) => void,
): Promise<(index: number) => void> {
  if (isStale) {
    socket.write("*1\r\n$8\r\nREADONLY\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    if (answer.toString() !== "+OK\r\n") throw new Error(`READONLY was answered with ${answer}`);
  }
  let received = 0;
  socket.on("data", (chunk: Buffer) => {
    if (received === 0 && (chunk[0] !== dollar || chunk[1] === minus)) {
      onAnswer(`GET was answered with ${chunk}`);
      return;
    }
    received += chunk.length;
    if (received < answerBytes) return;
    received = 0;
    onAnswer(undefined);
  });
  return (index) => socket.write(`*2\r\n$3\r\nGET\r\n$16\r\n${keyOf(index)}\r\n`, "latin1");
}
