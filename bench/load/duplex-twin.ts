import { Duplex } from "node:stream";

/** A socket's twin for tests: what was written is kept, and answers are pushed by hand. */
export function duplexTwin(): { readonly socket: Duplex; readonly written: Buffer[] } {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  return { socket, written };
}
