/**
 * One reply as its bytes stand on the wire. It knows no more of RESP than where each part ends, so that
 * nothing of what a server wrote is lost before it is compared.
 */
export interface ReplyTree {
  /** The byte that tells the kind: "+", "-", ":", "$", "*", "%" … */
  readonly kind: string;
  /** The first line without its kind and its end. */
  readonly head: string;
  /** Of a string with an announced length; null where it is none. */
  readonly bytes: Buffer | null;
  /** Elements of an aggregate; a map's keys and values in turn. */
  readonly elements: readonly ReplyTree[];
}

interface Found {
  readonly tree: ReplyTree;
  readonly end: number;
}

const strings = "$=!";
const aggregates = "*%~>";

/** The reply that begins at `at`, or undefined where it is not whole yet. Throws where there is none. */
function readReply(bytes: Buffer, at: number): Found | undefined {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return undefined;
  const kind = String.fromCharCode(bytes[at]!);
  const head = bytes.toString("latin1", at + 1, lineEnd);
  if (strings.includes(kind) && head !== "-1") return readString(bytes, kind, head, lineEnd + 2);
  if (aggregates.includes(kind) && head !== "-1") return readElements(bytes, kind, head, lineEnd + 2);
  if (!"+-:,#_($*".includes(kind)) throw new Error(`no reply begins with ${JSON.stringify(kind + head)}`);
  return { tree: { kind, head, bytes: null, elements: [] }, end: lineEnd + 2 };
}

function readString(bytes: Buffer, kind: string, head: string, start: number): Found | undefined {
  const end = start + Number(head);
  if (bytes.length < end + 2) return undefined;
  return { tree: { kind, head, bytes: bytes.subarray(start, end), elements: [] }, end: end + 2 };
}

function readElements(bytes: Buffer, kind: string, head: string, start: number): Found | undefined {
  const count = Number(head) * (kind === "%" ? 2 : 1);
  const elements: ReplyTree[] = [];
  let end = start;
  while (elements.length < count) {
    const element = end < bytes.length ? readReply(bytes, end) : undefined;
    if (element === undefined) return undefined;
    elements.push(element.tree);
    end = element.end;
  }
  return { tree: { kind, head, bytes: null, elements }, end };
}

/** What is no reply becomes a tree of no kind, which is like nothing else. */
export function parseReply(frame: Buffer): ReplyTree {
  const nothing = { kind: "", head: frame.toString("latin1"), bytes: null, elements: [] };
  try {
    return readReply(frame, 0)?.tree ?? nothing;
  } catch {
    return nothing;
  }
}

/** Cuts what arrives into whole replies. */
export class ReplyFrames {
  #bytes: Buffer = Buffer.alloc(0);

  /** Whole replies, each as its raw bytes. */
  push(chunk: Buffer): Buffer[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: Buffer[] = [];
    let at = 0;
    while (at < this.#bytes.length) {
      const found = readReply(this.#bytes, at);
      if (found === undefined) break;
      frames.push(this.#bytes.subarray(at, found.end));
      at = found.end;
    }
    this.#bytes = this.#bytes.subarray(at);
    return frames;
  }

  /** Bytes of a reply that is not whole. */
  get rest(): Buffer {
    return this.#bytes;
  }
}
