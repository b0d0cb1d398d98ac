import net from "node:net";
import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { systemClock } from "./clock.ts";
import type { Listener, ListenOptions, Net, Stream, StreamHandler } from "./net.ts";

/** Sockets of the operating system. */
export const systemNet: Net = { listen };

async function listen(options: ListenOptions): Promise<Listener> {
  const server = net.createServer(
    {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: options.keepAliveMs > 0,
      keepAliveInitialDelay: options.keepAliveMs,
      pauseOnConnect: true,
    },
    (socket) => {
      const stream = new SocketStream(socket);
      stream.start(options.accept(stream));
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    // Its own streams are closed by their handlers; Node.js' close would wait for all of them.
    close: async () => void server.close(),
  };
}

function listenError(error: NodeJS.ErrnoException, options: ListenOptions): KvorumError {
  const { host, port, flag = "--listen" } = options;
  const where = `${host}:${port}`;
  const reasons: Record<string, string> = {
    EADDRINUSE: `${where} is in use: stop the other program or choose another ${flag} address`,
    EACCES: `no right to listen on ${where}: ports below 1024 need one, choose a higher port`,
    EADDRNOTAVAIL: `${where} is not an address of this machine: check ${flag}`,
    ENOTFOUND: `the host ${host} is not known: check ${flag}`,
  };
  const reason = reasons[error.code ?? ""] ?? `cannot listen on ${where}: ${error.message}`;
  return new KvorumError("ERR", reason, { cause: error });
}

/** All sockets read into this: what arrives is worked off before the next read. */
const receiveBuffer = Buffer.allocUnsafeSlow(limits.receiveBytes);
const nothing = Buffer.alloc(0);
/** Handles a stream that nobody has to do with, or not yet. */
const nobody: StreamHandler = { received: () => true, drained() {}, ended() {}, closed() {} };

class SocketStream implements Stream {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly #socket: net.Socket;
  #handler: StreamHandler = nobody;
  #error: Error | undefined;
  #waitsForDrain = false;

  constructor(accepted: net.Socket) {
    this.remoteAddress = addressOf(accepted.remoteAddress, accepted.remotePort);
    this.localAddress = addressOf(accepted.localAddress, accepted.localPort);
    this.#socket = readIntoShared(accepted, (length) => this.#handler.received(receiveBuffer, length));
  }

  start(handler: StreamHandler): void {
    this.#handler = handler;
    const socket = this.#socket;
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("end", () => this.#handler.ended());
    socket.on("close", () => this.#handler.closed(this.#error));
    socket.resume();
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    socket.write(bytes);
    // Node.js tries to send at once; what it could send is gone when this returns.
    if (socket.writableLength === 0) return true;
    this.#awaitDrain();
    return false;
  }

  writeAll(parts: readonly Buffer[]): boolean {
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    if (this.#socket.writableLength === 0) return true;
    this.#awaitDrain();
    return false;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  end(): void {
    this.#socket.once("finish", () => this.#linger());
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * All is sent, and the handler has no more to do with it. Were the socket closed with bytes unread, the system
   * would throw away what is on its way to the client; so what still comes is dropped until the client closes
   * its half too, or has had its time.
   */
  #linger(): void {
    const socket = this.#socket;
    this.#handler.closed(undefined);
    this.#handler = nobody;
    if (socket.readableEnded) {
      socket.destroy();
      return;
    }
    const timer = systemClock.after(limits.lingerMsMax, () => socket.destroy());
    socket.once("end", () => socket.destroy());
    socket.once("close", () => timer.cancel());
    socket.resume();
  }

  #awaitDrain(): void {
    if (this.#waitsForDrain) return;
    this.#waitsForDrain = true;
    this.#socket.write(nothing, (error) => {
      this.#waitsForDrain = false;
      if (error || this.#socket.destroyed) return;
      if (this.#socket.writableLength > 0) this.#awaitDrain();
      else this.#handler.drained();
    });
  }
}

/**
 * Gives the accepted connection to a socket that reads into the shared buffer (`onread`, which a listening
 * socket does not offer for those that it accepts): no buffer and no stream event for each read, a
 * fifth of the time of a small request. Where the handle cannot be had, reads go the usual way.
 */
function readIntoShared(accepted: net.Socket, received: (length: number) => boolean): net.Socket {
  const holder = accepted as unknown as { _handle: object | null };
  const handle = holder._handle;
  if (handle === null || handle === undefined) return readAsUsual(accepted, received);
  holder._handle = null;
  return new net.Socket({
    handle,
    allowHalfOpen: true,
    onread: { buffer: receiveBuffer, callback: (length: number) => received(length) },
  } as net.SocketConstructorOpts);
}

function readAsUsual(socket: net.Socket, received: (length: number) => boolean): net.Socket {
  socket.on("data", (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += receiveBuffer.length) {
      const length = bytes.copy(receiveBuffer, 0, at);
      if (!received(length)) socket.pause();
    }
  });
  return socket;
}

function addressOf(host: string | undefined, port: number | undefined): string {
  if (host === undefined) return "?:0";
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
