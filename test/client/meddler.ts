import { once } from "node:events";
import net from "node:net";

/**
 * Connections are killed, end in the middle of a reply, or are refused; replies are garbage, come late, or not at all, and
 * neither do requests, as where a link is cut.
 */
export type Trouble = "kill" | "hold" | "cut" | "slow" | "garbage" | "halve" | "refuse" | "none";

/** How long what is slow pauses behind each piece. */
const slowMs = 40;

/** Stands between a client and a node, and does what it is told to everything that goes through. */
export class Meddler implements AsyncDisposable {
  readonly port: number;
  trouble: Trouble = "none";
  readonly #server: net.Server;
  readonly #pairs = new Set<[net.Socket, net.Socket]>();

  private constructor(server: net.Server) {
    this.#server = server;
    this.port = (server.address() as net.AddressInfo).port;
  }

  static async before(port: number, host: string = "127.0.0.1"): Promise<Meddler> {
    const server = net.createServer((client) => meddler.#join(client, net.connect(port, host)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const meddler: Meddler = new Meddler(server);
    return meddler;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** What is wrong from now on. */
  begin(trouble: Trouble): void {
    this.trouble = trouble;
    for (const pair of this.#pairs) this.#hold(pair);
    if (trouble === "kill") this.#killAll();
    if (trouble === "garbage") for (const [client] of this.#pairs) client.write("\u0000garbage\r\n+PONG\r\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#killAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** What is held comes later, as what TCP repeats does: bytes are never missing in between. */
  #hold([client, node]: readonly [net.Socket, net.Socket]): void {
    const isCut = this.trouble === "cut";
    for (const [socket, isHeld] of [
      [client, isCut],
      [node, isCut || this.trouble === "hold"],
    ] as const) {
      if (isHeld) socket.pause();
      else socket.resume();
    }
  }

  #killAll(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #join(client: net.Socket, node: net.Socket): void {
    const pair: [net.Socket, net.Socket] = [client, node];
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket
        .on("error", () => {})
        .on("close", () => {
          for (const one of pair) one.destroy();
          this.#pairs.delete(pair);
        });
    }
    if (this.trouble === "refuse") client.resetAndDestroy();
    client.on("data", (bytes) => node.write(bytes));
    node.on("data", (bytes) => this.#pass(bytes, pair));
    this.#hold(pair);
  }

  #pass(bytes: Buffer, pair: readonly [net.Socket, net.Socket]): void {
    const [client, node] = pair;
    if (this.trouble === "halve") {
      client.write(bytes.subarray(0, bytes.length >> 1));
      client.destroy();
      return;
    }
    client.write(bytes);
    if (this.trouble !== "slow") return;
    node.pause();
    setTimeout(() => this.#hold(pair), slowMs);
  }
}
