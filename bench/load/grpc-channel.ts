import type { Duplex } from "node:stream";

/** Kinds of frames, flags and settings of HTTP/2: RFC 9113, sections 4 and 6. */
const frame = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const;
const flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;
const setting = { headerTableSize: 1, initialWindowSize: 4 } as const;
const frameHeaderBytes = 9;
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const windowMax = 2 ** 31 - 1;
const windowAtFirst = 65_535;
/** A server is let send as much as it likes; so often it is told so again. */
const windowRenewal = 2 ** 30;

/** One unary gRPC call as bytes, to be sent again and again: only the number of its stream changes. */
export class GrpcRequest {
  readonly bytes: Buffer;
  readonly #message: Buffer;

  /** `path` is "/package.Service/Method". The message may be changed between calls, not in length. */
  constructor(path: string, message: Buffer) {
    const fields = Buffer.concat([
      // Of the static table (RFC 7541, appendix A): POST, http, then names with values of their own.
      Buffer.from([0x83, 0x86]),
      literal([0x04], path),
      literal([0x01], "localhost"),
      literal([0x0f, 0x10], "application/grpc"),
      literal([0x00, 2, ...Buffer.from("te")], "trailers"),
    ]);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    this.bytes = Buffer.concat([
      frameOf(frame.headers, flag.endHeaders, fields),
      frameOf(frame.data, flag.endStream, Buffer.concat([prefix, message])),
    ]);
    this.#message = this.bytes.subarray(this.bytes.length - message.length);
    this.#streamPlaces = [5, frameHeaderBytes + fields.length + 5];
  }

  readonly #streamPlaces: readonly number[];

  /** What may be changed. */
  get message(): Buffer {
    return this.#message;
  }

  forStream(stream: number): Buffer {
    for (const place of this.#streamPlaces) this.bytes.writeUInt32BE(stream, place);
    return this.bytes;
  }
}

/**
 * The client's side of one HTTP/2 connection for unary gRPC calls, one at a time. It does what this benchmark needs and
 * nothing else, so that the generator takes as little of the servers' cores as the one for the other side does.
 */
export class GrpcChannel {
  readonly #socket: Duplex;
  readonly #onDone: (error: string | undefined) => void;
  #stream = -1;
  #isUnderWay = false;
  #left: Buffer = Buffer.alloc(0);
  /** Of the call's answer: the message with its prefix. None comes where the call failed. */
  #answerBytes = 0;
  #receivedBytes = 0;

  /** `onDone` is called at the end of each call. What the server ends or refuses altogether is an error of the socket. */
  constructor(socket: Duplex, onDone: (error: string | undefined) => void) {
    this.#socket = socket;
    this.#onDone = onDone;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    const settings = Buffer.alloc(12);
    settings.writeUInt16BE(setting.headerTableSize, 0);
    settings.writeUInt16BE(setting.initialWindowSize, 6);
    settings.writeUInt32BE(windowMax, 8);
    socket.write(
      Buffer.concat([preface, frameOf(frame.settings, 0, settings), windowUpdate(windowMax - windowAtFirst)]),
    );
  }

  /** Bytes of the last answer's message. */
  get answerBytes(): number {
    return this.#answerBytes;
  }

  call(request: GrpcRequest): void {
    this.#stream += 2;
    this.#isUnderWay = true;
    this.#answerBytes = 0;
    this.#socket.write(request.forStream(this.#stream));
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5);
      this.#take(bytes[at + 3]!, bytes[at + 4]!, stream, bytes.subarray(at + frameHeaderBytes, end));
      at = end;
    }
    this.#left = bytes.subarray(at);
  }

  #take(kind: number, flags: number, stream: number, payload: Buffer): void {
    if (kind === frame.data) this.#takeData(payload);
    else if (kind === frame.settings && (flags & flag.ack) === 0) this.#send(frame.settings, flag.ack);
    else if (kind === frame.ping && (flags & flag.ack) === 0) this.#send(frame.ping, flag.ack, payload);
    else if (kind === frame.goAway) this.#socket.destroy(new Error("the server says GOAWAY"));
    // A server that has answered before it saw the end of the request resets a call that is over (RFC 9113, 8.1).
    else if (kind === frame.reset && stream === this.#stream && this.#isUnderWay)
      this.#done(`the server reset the call: ${payload.toString("hex")}`);
    if (kind === frame.headers && (flags & flag.endStream) !== 0) {
      // A call that fails has no message: its status comes with the first headers, which are also the last.
      this.#done(this.#answerBytes > 0 ? undefined : `the call failed: ${payload.toString("latin1")}`);
    }
  }

  #done(error: string | undefined): void {
    this.#isUnderWay = false;
    this.#onDone(error);
  }

  #takeData(payload: Buffer): void {
    this.#answerBytes += payload.length;
    this.#receivedBytes += payload.length;
    if (this.#receivedBytes < windowRenewal) return;
    this.#socket.write(windowUpdate(this.#receivedBytes));
    this.#receivedBytes = 0;
  }

  #send(kind: number, flags: number, payload: Buffer = Buffer.alloc(0)): void {
    this.#socket.write(frameOf(kind, flags, payload));
  }
}

/** Of the connection itself: stream 0. */
function frameOf(kind: number, flags: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = kind;
  bytes[4] = flags;
  payload.copy(bytes, frameHeaderBytes);
  return bytes;
}

function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frameOf(frame.windowUpdate, 0, payload);
}

/** A header field that goes into no table: its name as it is given, and a value below 127 bytes. */
function literal(name: readonly number[], value: string): Buffer {
  return Buffer.concat([Buffer.from([...name, value.length]), Buffer.from(value, "latin1")]);
}
