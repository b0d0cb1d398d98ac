import { once } from "node:events";
import net from "node:net";
import { COMMAND, RequestDecoder } from "../../src/protocol/request-decoder.ts";
import { encodeReply, type Said } from "./say.ts";

/** What a server does with one command: says something, or nothing, or whatever it likes to its socket. */
export type Answer = (words: readonly string[], socket: net.Socket) => Said | Promise<Said> | undefined;

/** A server whose every reply is up to its test. HELLO is answered, unless the test wants it. */
export class BadServer implements AsyncDisposable {
  readonly port: number;
  /** All commands but HELLO, in the order in which they came. */
  readonly commands: string[][] = [];
  connections = 0;
  readonly #server: net.Server;
  readonly #sockets: Set<net.Socket>;

  private constructor(server: net.Server, sockets: Set<net.Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as net.AddressInfo).port;
  }

  static async start(answer: Answer): Promise<BadServer> {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      bad.connections++;
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
      bad.#serve(socket, answer);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const bad: BadServer = new BadServer(server, sockets);
    return bad;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Ends its connections behind what it has said, and takes no more. */
  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: net.Socket, answer: Answer): void {
    const decoder = new RequestDecoder();
    let bytes: Buffer = Buffer.alloc(0);
    /** Replies behind one that comes later. */
    let line: Promise<void> | undefined;
    const say = (said: Said | undefined): void => {
      if (said !== undefined) socket.write(encodeReply(said));
    };
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      let at = 0;
      while (socket.writable && decoder.next(bytes, at, bytes.length) === COMMAND) {
        at = decoder.position;
        const words = Array.from({ length: decoder.args.count }, (_, i) => decoder.args.text(i));
        if (words[0] !== "HELLO") this.commands.push(words);
        const said = answer(words, socket) ?? (words[0] === "HELLO" ? new Map() : undefined);
        if (line === undefined && !(said instanceof Promise)) say(said);
        else line = (line ?? Promise.resolve()).then(async () => say(await said));
      }
      bytes = bytes.subarray(at);
    });
  }
}
