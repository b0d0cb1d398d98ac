import type { Address } from "../base/address.ts";
import { formatAddress } from "../base/address.ts";
import { KvorumError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import type { Clock } from "../platform/clock.ts";
import type { Stream, StreamHandler } from "../platform/net.ts";
import type { Dialer } from "../platform/net-connect.ts";
import { Greeting } from "./greeting.ts";
import type { Hello } from "./hello.ts";

/**
 * Questions between nodes that need no speed, such as those of a new member: a connection each, one line of JSON
 * there and one back.
 */
export type Question = { readonly type: string; readonly [field: string]: unknown };
export type Answer = { readonly [field: string]: unknown };

export interface AskParts {
  readonly own: Hello;
  readonly secret: string;
  readonly dialer: Dialer;
  readonly clock: Clock;
}

/** Who answered, and what. */
export interface Answered {
  readonly from: Hello;
  readonly answer: Answer;
}

/** Rejects with KvorumError: nobody there, no member, another secret, or what the other side says why not. */
export function ask(address: Address, question: Question, parts: AskParts): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      timer.cancel();
      reject(new KvorumError("ERR", `${formatAddress(address)}: ${reason}`));
    };
    const timer = parts.clock.after(askMsMax, () => {
      greeting.cancel();
      fail("no answer in time");
    });
    const greeting: Greeting = new Greeting("dialer", {
      ...parts,
      judge: () => undefined,
      failed: ({ reason }) => fail(reason),
      opened(stream, from) {
        stream.write(lineOf(question));
        return new LineHandler(
          stream,
          (line) => {
            const answer = parseLine(line);
            stream.end();
            if (answer === undefined) fail("its answer is none");
            else if (typeof answer.error === "string") fail(answer.error);
            else {
              timer.cancel();
              resolve({ from, answer });
            }
          },
          fail,
        );
      },
    });
    greeting.use(parts.dialer.connect({ ...address, keepAliveMs: 0, handler: greeting }));
  });
}

/** Changing members waits for a majority, and for who catches up. */
const askMsMax = 10_000;

/** Answers one question of a connection. What `answer` rejects with is said to the other side. */
export function answering(stream: Stream, answer: (question: Question) => Promise<Answer>): StreamHandler {
  return new LineHandler(
    stream,
    (line) => {
      const question = parseLine(line);
      void answerOrError(question, answer).then((said) => {
        stream.write(lineOf(said));
        stream.end();
      });
    },
    () => {},
  );
}

async function answerOrError(
  question: Answer | undefined,
  answer: (question: Question) => Promise<Answer>,
): Promise<Answer> {
  try {
    if (isQuestion(question)) return await answer(question);
    return { error: "the question is none" };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Hands over the first line; nothing is expected behind it. */
class LineHandler implements StreamHandler {
  readonly #stream: Stream;
  readonly #onLine: (line: string) => void;
  readonly #onFailed: (reason: string) => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(stream: Stream, onLine: (line: string) => void, onFailed: (reason: string) => void) {
    this.#stream = stream;
    this.#onLine = onLine;
    this.#onFailed = onFailed;
  }

  received(buffer: Buffer, length: number): boolean {
    if (this.#isOver) return true;
    const end = buffer.subarray(0, length).indexOf(10);
    this.#chunks.push(Buffer.from(buffer.subarray(0, end < 0 ? length : end)));
    this.#bytes += length;
    if (this.#bytes > limits.peerAnswerBytesMax) this.#fail("it says too much");
    else if (end >= 0) {
      this.#isOver = true;
      this.#onLine(Buffer.concat(this.#chunks).toString());
    }
    return true;
  }

  drained(): void {}

  ended(): void {
    this.#fail("it closed the connection");
  }

  closed(error: Error | undefined): void {
    this.#fail(error?.message ?? "it closed the connection");
  }

  #fail(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream.destroy();
    this.#onFailed(reason);
  }
}

function lineOf(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

function parseLine(line: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}

function isQuestion(value: Answer | undefined): value is Question {
  return typeof value?.type === "string";
}
