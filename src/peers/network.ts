import { type Address, formatAddress } from "../base/address.ts";
import { limits } from "../base/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Listener, Net, Stream, StreamHandler } from "../platform/net.ts";
import type { Dialer } from "../platform/net-connect.ts";
import type { Random } from "../platform/random.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { NodeId } from "../raft/types.ts";
import { decodeAbout, type MemberAbout } from "./about.ts";
import { type Answer, type Answered, answering, ask, type Question } from "./asks.ts";
import type { PeerListener, Peers } from "./contract.ts";
import { Greeting } from "./greeting.ts";
import type { Judgement } from "./handshake.ts";
import type { Hello, Purpose } from "./hello.ts";
import { protocolVersion } from "./hello.ts";
import { Incoming } from "./incoming.ts";
import { Link } from "./link.ts";
import type { PeerMessage } from "./message.ts";

/** Who this node is for others. Without a cluster it can ask and answer, and nothing else. */
export interface Self {
  readonly cluster: string;
  readonly id: NodeId;
  readonly incarnation: string;
  readonly boot: number;
  /** As others reach them. */
  readonly peer: string;
  readonly client: string;
  readonly syncsLate?: true;
}

export interface NetworkParts {
  readonly net: Net;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Everybody who knows it may become a member. */
  readonly secret: string;
  /** Where somebody says that members hear each other now, whatever they themselves know: all may have moved at once. */
  readonly hints?: ReadonlyMap<NodeId, Address>;
  /** Keeps the highest boot number of each member; the answer comes when it is durable. Undefined: welcome. */
  readonly boots: Boots;
}

export interface Boots {
  /** Why this start of a member is not believed. */
  judge(hello: Hello): Promise<string | undefined>;
}

/** Who asked is in `from`. Rejections are told to the other side. */
export type Answerer = (question: Question, from: Hello) => Promise<Answer>;

/** The members of a cluster on real sockets. */
export class PeerNetwork implements Peers {
  readonly #parts: NetworkParts;
  readonly #run: string;
  readonly #links = new Map<NodeId, Link>();
  readonly #incoming = new Set<Incoming>();
  readonly #greetings = new Set<Greeting>();
  /** What the configuration says of the others. */
  readonly #members = new Map<NodeId, MemberAbout | undefined>();
  /** Addresses that others told of themselves since: newer than the configuration's. */
  readonly #heard = new Map<NodeId, Hello>();
  /** Why somebody was refused the last time. */
  readonly #toldRefused = new Map<string, string>();
  readonly #ticks: Timer;
  readonly #self: () => Self;
  #listener: PeerListener | undefined;
  #answerer: Answerer | undefined;
  #port: Listener | undefined;

  /** `self` may change: a node finds its cluster, and learns the ports that it got. */
  constructor(self: () => Self, parts: NetworkParts) {
    this.#self = self;
    this.#parts = parts;
    this.#run = parts.random.bytes(8).toString("hex");
    this.#ticks = parts.clock.every(limits.peerAliveMs, () => this.#tick());
  }

  /** Hears others. Rejects with KvorumError where the address cannot be had. */
  async open({ host, port }: Address): Promise<number> {
    this.#port = await this.#parts.net.listen({
      host,
      port,
      keepAliveMs: 0,
      flag: "--peer-listen",
      accept: (stream) => this.#accept(stream),
    });
    return this.#port.port;
  }

  get self(): Self {
    return this.#self();
  }

  /** Links are kept to all of them but this one. */
  setMembers({ members }: Configuration): void {
    this.#members.clear();
    for (const { id, about } of members) if (id !== this.self.id) this.#members.set(id, decodeAbout(about));
    for (const id of this.#links.keys()) this.#unlinkStranger(id);
    for (const id of this.#members.keys()) if (!this.#links.has(id)) this.#links.set(id, this.#link(id));
  }

  send(message: PeerMessage): void {
    this.#links.get(message.to)?.send(message);
  }

  listen(listener: PeerListener): void {
    this.#listener = listener;
  }

  /** What is asked by members and by those who want to be one. */
  answer(answerer: Answerer): void {
    this.#answerer = answerer;
  }

  ask(address: Address, question: Question): Promise<Answered> {
    return ask(address, question, { ...this.#parts, own: this.#hello("ask") });
  }

  /** Whether messages that must not wait get through to the member. */
  isUp(id: NodeId): boolean {
    return this.#links.get(id)?.isUp ?? false;
  }

  syncsLate(id: NodeId): boolean {
    return this.#heard.get(id)?.syncsLate === true;
  }

  /** Where a member hears the others, as far as it is known. */
  addressOf(id: NodeId): string | undefined {
    return this.#heard.get(id)?.peer ?? this.#members.get(id)?.peer;
  }

  /** Where a member may be: where it says itself, else where the members know it, or where it is said to be now. */
  #placesOf(id: NodeId): readonly string[] {
    const known = this.addressOf(id);
    const hint = this.#heard.has(id) ? undefined : this.#parts.hints?.get(id);
    const places = [known, hint && formatAddress(hint)].filter((place) => place !== undefined);
    return [...new Set(places)];
  }

  /** Where a member says that it lives now, where the configuration says otherwise. */
  movedTo(id: NodeId): { readonly peer: string; readonly client: string } | undefined {
    const [heard, known] = [this.#heard.get(id), this.#members.get(id)];
    if (heard === undefined || known === undefined || heard.incarnation !== known.incarnation)
      return undefined;
    const { peer, client } = heard;
    return peer === known.peer && client === known.client ? undefined : { peer, client };
  }

  async close(): Promise<void> {
    this.#ticks.cancel();
    this.#listener = undefined;
    await this.#port?.close();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    for (const greeting of this.#greetings) greeting.cancel();
    for (const incoming of [...this.#incoming]) incoming.close("this node stops");
  }

  #hello(purpose: Purpose): Hello {
    const nonce = this.#parts.random.bytes(16).toString("hex");
    return { protocol: protocolVersion, ...this.self, run: this.#run, purpose, nonce };
  }

  #link(id: NodeId): Link {
    return new Link({
      ...this.#parts,
      ends: { from: this.self.id, to: id },
      hello: (channel) => this.#hello(channel),
      addresses: () => this.#placesOf(id),
      judge: (theirs) =>
        theirs.id === id ? this.#judge(theirs, false) : `${theirs.id} lives there, not ${id}`,
      unreachable: () => this.#listener?.unreachable(id),
      refused: () => this.#listener?.refused(id),
    });
  }

  #accept(stream: Stream): StreamHandler {
    if (this.#greetings.size >= limits.peerGreetingsMax) {
      stream.destroy();
      return nobody;
    }
    const greeting: Greeting = new Greeting("acceptor", {
      ...this.#parts,
      own: this.#hello("ask"),
      judge: (theirs) => this.#judge(theirs, theirs.purpose === "ask"),
      opened: (_stream, theirs) => {
        this.#greetings.delete(greeting);
        return theirs.purpose === "ask" ? this.#answering(stream, theirs) : this.#incomingOf(stream, theirs);
      },
      failed: ({ reason, theirs }) => {
        this.#greetings.delete(greeting);
        this.#tellRefused(theirs?.id, stream.remoteAddress, reason);
      },
    });
    this.#greetings.add(greeting);
    return greeting.use(stream);
  }

  /** Who is refused tries again and again: that is told once, until something else is. */
  #tellRefused(id: string | undefined, from: string, reason: string): void {
    const isNews = id === undefined || this.#toldRefused.get(id) !== reason;
    if (this.#toldRefused.size >= limits.peerGreetingsMax) this.#toldRefused.clear();
    if (id !== undefined) this.#toldRefused.set(id, reason);
    const text = `refused ${id ?? "a connection"} from ${from}: ${reason}`;
    if (isNews) this.#parts.logger.info(text);
    else this.#parts.logger.debug(text);
  }

  /** Of somebody who has the secret. */
  #judge(theirs: Hello, isAsking: boolean): Judgement {
    const { cluster, id } = this.self;
    if (cluster === "" && !isAsking) return `${id} belongs to no cluster yet`;
    if (theirs.cluster === "" && !isAsking) return `${theirs.id} belongs to no cluster yet`;
    if (theirs.cluster !== cluster && !(isAsking && (theirs.cluster === "" || cluster === "")))
      return `${theirs.id} belongs to another cluster than ${id}`;
    if (isAsking) return undefined;
    if (theirs.id === id) return `two nodes have the id ${id}: give one of them another --id`;
    const known = this.#members.get(theirs.id);
    if (known !== undefined && known.incarnation !== "" && known.incarnation !== theirs.incarnation)
      return `${theirs.id} has another data directory than the ${theirs.id} that the members know`;
    return this.#parts.boots.judge(theirs);
  }

  #answering(stream: Stream, from: Hello): StreamHandler {
    return answering(stream, async (question) => {
      if (this.#answerer === undefined) throw new Error(`${this.self.id} is starting`);
      return this.#answerer(question, from);
    });
  }

  #incomingOf(stream: Stream, hello: Hello): Incoming {
    const { id, purpose } = hello;
    for (const other of this.#incoming)
      if (other.hello.id === id && (other.hello.purpose === purpose || other.hello.run !== hello.run))
        other.close("it has come anew");
    const incoming = new Incoming(
      stream,
      hello,
      { from: id, to: this.self.id },
      (message) => this.#listener?.received(message),
      (closed, reason) => {
        this.#incoming.delete(closed);
        this.#unlinkStranger(id);
        this.#parts.logger.debug(`${id} sends no more on its ${purpose} channel: ${reason}`);
      },
    );
    this.#incoming.add(incoming);
    this.#heardOf(hello);
    return incoming;
  }

  /**
   * Somebody who was away, or has moved, is spoken to again at once; and whoever speaks is answered: a new member
   * knows nobody before its leader has told it.
   */
  #heardOf(hello: Hello): void {
    const { id, run } = hello;
    const before = this.#heard.get(id);
    this.#heard.set(id, hello);
    if (!this.#links.has(id)) this.#links.set(id, this.#link(id));
    else if (before?.run !== run) this.#links.get(id)!.hurry();
  }

  /** Who is no member has a link as long as it speaks to this node. */
  #unlinkStranger(id: NodeId): void {
    if (this.#members.has(id) || [...this.#incoming].some(({ hello }) => hello.id === id)) return;
    this.#links.get(id)?.close();
    this.#links.delete(id);
    this.#heard.delete(id);
  }

  #tick(): void {
    for (const link of this.#links.values()) link.tick();
    for (const incoming of [...this.#incoming]) incoming.tick();
  }
}

const nobody: StreamHandler = { received: () => false, drained() {}, ended() {}, closed() {} };
