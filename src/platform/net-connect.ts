import net from "node:net";
import tls from "node:tls";
import { limits } from "../base/limits.ts";
import type { Stream, StreamHandler } from "./net.ts";

/** Outgoing byte streams: the other half of net.ts. */
export interface Dialer {
  /** Begins to connect and gives the stream at once. `connected` or `closed` of the handler follows. */
  connect(options: ConnectOptions): DialledStream;
}

export interface DialledStream extends Stream {
  /** Of the write under way, what the system has not taken yet: `unsentBytes` counts it whole until its end. */
  readonly queuedBytes: number;
}

/** What Node.js' tls.connect takes: certificates, names, versions. */
export type TlsOptions = tls.SecureContextOptions &
  Pick<tls.ConnectionOptions, "servername" | "rejectUnauthorized" | "checkServerIdentity" | "ALPNProtocols">;

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** The stream is encrypted, and `connected` comes when that stands; absent: plain. */
  readonly tls?: TlsOptions | undefined;
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

class OutgoingStream implements DialledStream {
  readonly #socket: net.Socket;
  readonly #handler: ConnectHandler;
  #error: Error | undefined;
  #waitsForDrain = false;

  constructor({ host, port, keepAliveMs, handler, tls: secure }: ConnectOptions) {
    this.#handler = handler;
    const options = {
      host,
      port,
      noDelay: true,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: keepAliveMs,
      onread: {
        buffer: receiveBuffer,
        callback: (length: number) => handler.received(receiveBuffer, length),
      },
    };
    this.#socket =
      secure === undefined ? net.connect(options) : tls.connect({ ...namedAs(host), ...secure, ...options });
    this.#socket
      .on(secure === undefined ? "connect" : "secureConnect", () => handler.connected())
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

  get queuedBytes(): number {
    // As Node.js' own socket.setTimeout tells a slow write from one that stands still.
    const { _handle: handle } = this.#socket as unknown as { _handle: { writeQueueSize?: number } | null };
    return handle?.writeQueueSize ?? 0;
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

/** An address of numbers is no name that a server could choose its certificate by. */
function namedAs(host: string): { servername?: string } {
  return net.isIP(host) === 0 ? { servername: host } : {};
}

function addressOf(host: string | undefined, port: number | undefined): string {
  if (host === undefined) return "?:0";
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
