import { cut, encodeStep, type Pipeline, type Step, step } from "./conversation.ts";
import { type Address, type Answer, Link } from "./link.ts";
import { parseReply, type ReplyTree } from "./reply-tree.ts";

/**
 * One side of the comparison: a server, or several that claim to be one. Connection i of a conversation
 * goes to address i, beginning anew where there are fewer.
 */
export class System {
  readonly name: string;
  readonly #addresses: readonly Address[];
  readonly #links = new Map<number, Link>();

  constructor(name: string, addresses: readonly Address[]) {
    this.name = name;
    this.#addresses = addresses;
  }

  get description(): string {
    return `${this.name} at ${this.#addresses.map(({ host, port }) => `${host}:${port}`).join(", ")}`;
  }

  /** Sends a pipeline and takes so many replies, or all until the connection is closed. */
  async send({ connection, steps, cuts }: Pipeline, replies: number | "all"): Promise<Answer> {
    const link = await this.link(connection);
    await link.send(cut(Buffer.concat(steps.map(encodeStep)), cuts));
    return replies === "all" ? link.takeAll() : link.take(replies);
  }

  /** Asks one question. */
  async ask(connection: number, question: Step): Promise<ReplyTree> {
    const [reply] = await this.askAll(connection, [question]);
    return reply!;
  }

  /** Asks several questions at once; throws where not all are answered. */
  async askAll(connection: number, questions: readonly Step[]): Promise<ReplyTree[]> {
    const turn: Pipeline = { kind: "pipeline", connection, steps: questions, cuts: 0 };
    const { replies, end } = await this.send(turn, questions.length);
    if (replies.length < questions.length) throw new Error(`${this.name} does not answer: ${end}`);
    return replies.map(parseReply);
  }

  async link(connection: number): Promise<Link> {
    const open = this.#links.get(connection);
    if (open !== undefined && !open.isClosed) return open;
    const link = await Link.open(this.#addresses[connection % this.#addresses.length]!);
    this.#links.set(connection, link);
    return link;
  }

  /** New connections and no keys. */
  async startOver(): Promise<void> {
    this.close();
    await this.ask(0, step("FLUSHALL"));
    this.close();
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }
}
