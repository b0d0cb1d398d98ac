import net from "node:net";
import { limits } from "../base/limits.ts";
import type { Stream, StreamHandler } from "./net.ts";

/** Outgoing byte streams: the other half of net.ts. */
export interface Dialer {
  /** Begins to connect and gives the stream at once. `connected` or `closed` of the handler follows. */
  connect(options: ConnectOptions): Stream;
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** TCP keep-alive probes after this much silence; 0: none. */
  readonly keepAliveMs: number;
  readonly handler: ConnectHandler;
}

export interface ConnectHandler extends StreamHandler {
  /** The other side took the connection. Comes once, before any `received`. */
  connected(): void;
}

/** Sockets of the operating system. */
export const systemDialer: Dialer = { connect: (options) => new OutgoingStream(options) };

/** All outgoing sockets read into this: what arrives is worked off before the next read. */
const receiveBuffer = Buffer.allocUnsafeSlow(limits.receiveBytes);

class OutgoingStream implements Stream {
  readonly #socket: net.Socket;
  readonly #handler: ConnectHandler;
  #error: Error | undefined;
  #waitsForDrain = false;

  constructor({ host, port, keepAliveMs, handler }: ConnectOptions) {
    this.#handler = handler;
    this.#socket = net.connect({
      host,
      port,
      noDelay: true,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: keepAliveMs,
      onread: { buffer: receiveBuffer, callback: (length) => handler.received(receiveBuffer, length) },
    });
    this.#socket
      .on("connect", () => handler.connected())
      .on("end", () => handler.ended())
      .on("error", (error) => {
        this.#error = error;
      })
      .on("close", () => handler.closed(this.#error));
  }

  get remoteAddress(): string {
    return addressOf(this.#socket.remoteAddress, this.#socket.remotePort);
  }

  get localAddress(): string {
    return addressOf(this.#socket.localAddress, this.#socket.localPort);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    socket.write(bytes, () => this.#written());
    if (socket.writableLength === 0) return true;
    this.#waitsForDrain = true;
    return false;
  }

  writeAll(parts: readonly Buffer[]): boolean {
    this.#socket.cork();
    for (const part of parts) this.write(part);
    this.#socket.uncork();
    return this.#socket.writableLength === 0;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  end(): void {
    // The other side's goodbye is not waited for: it may never come.
    this.#socket.once("finish", () => this.#socket.destroy());
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #written(): void {
    const isDrained = this.#waitsForDrain && this.#socket.writableLength === 0;
    if (!isDrained || this.#socket.destroyed) return;
    this.#waitsForDrain = false;
    this.#handler.drained();
  }
}

function addressOf(host: string | undefined, port: number | undefined): string {
  if (host === undefined) return "?:0";
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
