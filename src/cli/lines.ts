import { KvorumError } from "../base/errors.ts";

const LF = 10;
const CR = 13;

/** The lines of a stream of bytes, without their line ends. Throws where one is longer than `bytesMax`. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  /** Pieces of the line that is under way, joined once it is whole. */
  let pieces: Buffer[] = [];
  let pieceBytes = 0;
  for await (const chunk of chunks) {
    let at = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, at)) {
      yield withoutReturn(Buffer.concat([...pieces, chunk.subarray(at, end)]));
      pieces = [];
      pieceBytes = 0;
      at = end + 1;
    }
    pieces.push(chunk.subarray(at));
    pieceBytes += chunk.length - at;
    if (pieceBytes > bytesMax) throw new KvorumError("TOO_LARGE", `a line has more than ${bytesMax} bytes`);
  }
  if (pieceBytes > 0) yield withoutReturn(Buffer.concat(pieces));
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
