import { once } from "node:events";
import net from "node:net";

/** Greetings name the member that dials: src/peers/hello.ts. */
const dialerPattern = /"id":"(?<id>[^"]+)"/;
const greetingBytesMax = 4096;

export type LinkState = "open" | "cut" | "slow";

/** What goes from one member to another one. What is cut waits, as what TCP repeats does. */
class Link {
  #state: LinkState = "open";
  #changed: () => void = () => {};
  #isChanged: Promise<void> = Promise.resolve();

  constructor() {
    this.state = "open";
  }

  set state(state: LinkState) {
    this.#state = state;
    this.#changed();
    this.#isChanged = new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  /** Resolves when the link has let so many bytes through. */
  async passes(bytes: number): Promise<void> {
    while (this.#state === "cut") await this.#isChanged;
    if (this.#state === "slow") await new Promise((resolve) => setTimeout(resolve, 30 + bytes / 1000));
  }
}

/** All ways between members, each by itself. */
export class Links {
  readonly #links: Map<string, Link> = new Map();

  between(from: string, to: string): Link {
    const name = `${from}>${to}`;
    const link = this.#links.get(name) ?? new Link();
    this.#links.set(name, link);
    return link;
  }

  set(from: string, to: string, state: LinkState): void {
    this.between(from, to).state = state;
  }

  heal(): void {
    for (const link of this.#links.values()) link.state = "open";
  }
}

/**
 * Stands where others find a member, and passes on what members say to it and what it answers, as far as the links
 * let it through. It is there only while its member's process lives: else a dial is refused, as it would be.
 */
export class PeerProxy {
  readonly #id: string;
  readonly #links: Links;
  readonly #from: net.ListenOptions;
  readonly #to: net.TcpNetConnectOpts;
  readonly #sockets: Set<net.Socket> = new Set();
  #server: net.Server | undefined;

  constructor(id: string, links: Links, from: net.ListenOptions, to: net.TcpNetConnectOpts) {
    this.#id = id;
    this.#links = links;
    this.#from = from;
    this.#to = to;
  }

  async open(): Promise<void> {
    this.#server = net.createServer({ allowHalfOpen: true }, (dialer) => void this.#take(dialer));
    this.#server.listen(this.#from);
    await once(this.#server, "listening");
  }

  close(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }

  async #take(dialer: net.Socket): Promise<void> {
    const target = net.connect({ ...this.#to, allowHalfOpen: true });
    for (const socket of [dialer, target]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    }
    const greeting = await firstBytes(dialer);
    const from = dialerPattern.exec(greeting.toString("latin1"))?.groups?.id ?? "stranger";
    dialer.unshift(greeting);
    await Promise.all([
      carry(dialer, target, this.#links.between(from, this.#id)),
      carry(target, dialer, this.#links.between(this.#id, from)),
    ]);
  }
}

/** Up to where a dialer has said who it is. */
async function firstBytes(socket: net.Socket): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  while (!bytes.includes("\n") && bytes.length < greetingBytesMax) {
    const more: Buffer | null = socket.read();
    if (more !== null) bytes = Buffer.concat([bytes, more]);
    else if (socket.readableEnded || socket.destroyed) break;
    else await oneOf(socket, "readable", "end", "close");
  }
  return bytes;
}

/** Resolves with the first of these events, or an error. */
async function oneOf(socket: net.Socket, ...events: readonly string[]): Promise<void> {
  const listening = new AbortController();
  const { signal } = listening;
  await Promise.race(events.map((event) => once(socket, event, { signal }))).catch(() => {});
  listening.abort();
}

async function carry(from: net.Socket, to: net.Socket, link: Link): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      await link.passes(chunk.length);
      if (!to.write(chunk)) await oneOf(to, "drain", "close");
    }
    await link.passes(0);
    to.end();
  } catch {
    // An end without a farewell is passed on as one.
    await link.passes(0);
    to.destroy();
  }
}
