import { Session } from "node:inspector";
import type { Worker } from "node:worker_threads";

/** A thread that does not even tell where it is; then nobody will know. */
const patienceMs = 5_000;
const callsShown = 12;

/** What a thread says of itself while it is held. */
export interface Whereabouts {
  /** Calls, the innermost first. */
  readonly calls: readonly string[];
  /** What `expression` is there; undefined where it is nothing that can be sent. */
  readonly value: unknown;
}

/**
 * Asks a thread that is in an endless loop, as a debugger would: it is held where it is, tells its calls and what
 * `expression` is among its globals, and goes on. Undefined where it is so deep in native code that it hears nothing.
 */
export async function whereIs(worker: Worker, expression: string): Promise<Whereabouts | undefined> {
  const session = new Session();
  session.connect();
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      ask(session, worker, expression),
      new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, patienceMs, undefined);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    session.disconnect();
  }
}

async function ask(session: Session, worker: Worker, expression: string): Promise<Whereabouts> {
  const thread = await ThreadSession.attach(session, worker);
  const scripts = new Map<string, string>();
  thread.on<Script>("Debugger.scriptParsed", ({ scriptId, url }) => {
    scripts.set(scriptId, url);
  });
  const paused = new Promise<Paused>((resolve) => thread.on("Debugger.paused", resolve));
  void thread.call("Debugger.enable");
  void thread.call("Debugger.pause");
  const { callFrames } = await paused;
  const { result } = await thread.call("Runtime.evaluate", { expression, returnByValue: true });
  // Whoever is held does not hear that it is to end.
  await thread.call("Debugger.resume");
  const calls = callFrames.map(({ functionName, location: { scriptId, lineNumber } }) => {
    const file = (scripts.get(scriptId) ?? "").replace(/^.*\/(?=(?:src|sim)\/)/, "");
    return `${functionName || "(anonymous)"} ${file}:${lineNumber + 1}`;
  });
  return { calls: calls.slice(0, callsShown), value: result?.value };
}

interface Script {
  readonly scriptId: string;
  readonly url: string;
}

interface Paused {
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly location: { readonly scriptId: string; readonly lineNumber: number };
  }[];
}

/** The debugger's protocol with one thread, inside that with this process. */
class ThreadSession {
  readonly #session: Session;
  readonly #sessionId: string;
  readonly #listeners: Map<string, (params: never) => void> = new Map();
  readonly #calls: Map<number, (result: never) => void> = new Map();

  private constructor(session: Session, sessionId: string) {
    this.#session = session;
    this.#sessionId = sessionId;
    session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
      if (params.sessionId === sessionId) this.#received(JSON.parse(params.message));
    });
  }

  static attach(session: Session, { threadId }: Worker): Promise<ThreadSession> {
    return new Promise((resolve) => {
      session.on("NodeWorker.attachedToWorker", ({ params: { sessionId, workerInfo } }) => {
        if (workerInfo.workerId === String(threadId)) resolve(new ThreadSession(session, sessionId));
      });
      session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
    });
  }

  on<T>(event: string, listener: (params: T) => void): void {
    this.#listeners.set(event, listener);
  }

  call(method: string, params: object = {}): Promise<{ result?: { value: unknown } }> {
    const id = this.#calls.size + 1;
    const message = JSON.stringify({ id, method, params });
    // Within a message that has just come, the next one would be lost.
    setImmediate(() => {
      this.#session.post("NodeWorker.sendMessageToWorker", { sessionId: this.#sessionId, message });
    });
    return new Promise((resolve) => this.#calls.set(id, resolve));
  }

  #received({
    id,
    result,
    method,
    params,
  }: {
    id?: number;
    result: never;
    method: string;
    params: never;
  }): void {
    if (id === undefined) this.#listeners.get(method)?.(params);
    else this.#calls.get(id)?.(result);
  }
}
