import { once } from "node:events";
import { Duplex } from "node:stream";

export interface DuplexTwin {
  readonly socket: Duplex;
  readonly written: readonly Buffer[];
  /** Lets bytes arrive, and waits until they were read. */
  readonly answer: (text: string) => Promise<void>;
}

/** A socket's twin for tests: what was written is kept, and answers come when a test says so. */
export function duplexTwin(): DuplexTwin {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  const answer = async (text: string): Promise<void> => {
    // Before the push: a stream that flows gives the bytes out at once.
    const arrived = once(socket, "data");
    socket.push(text);
    await arrived;
  };
  return { socket, written, answer };
}
