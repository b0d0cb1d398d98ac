import { pinned, serverCore, shown } from "../programs.ts";
import { ask } from "./ask.ts";
import { freePort, Program } from "./program.ts";

/** A server that is measured, ours or a peer's. Dispose of it to stop it. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** Its processes; their threads and children are found when they are measured. */
  readonly pids: readonly number[];
  /** How it was started; PORT stands for its port, and DATA for its folder. */
  readonly command: string;
  /** From the start of its process to the first answer that is no error. */
  readonly readyMs: number;
}

/**
 * Starts a server on the servers' core and waits until it answers PING. In its command PORT becomes the
 * port and DATA the folder. With a folder it ends as in a crash, and what it leaves there can be started
 * from: a stop in order may take one more snapshot first.
 */
export async function startServer(
  name: string,
  command: readonly string[],
  folder: string | undefined,
): Promise<Server> {
  const port = await freePort();
  const words = command.map((word) => word.replace("PORT", String(port)).replace("DATA", folder ?? "DATA"));
  const startedMs = performance.now();
  const program = new Program(serverCore, words);
  await program.answers(name, () => ask(port, "PING"));
  return {
    name,
    port,
    pids: [program.pid],
    command: shown(pinned(serverCore, command)),
    readyMs: performance.now() - startedMs,
    [Symbol.asyncDispose]: () => program.end(folder === undefined ? "SIGTERM" : "SIGKILL"),
  };
}
