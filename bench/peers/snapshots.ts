import { setTimeout as pause } from "node:timers/promises";
import { ask, fieldOf, textOf } from "./ask.ts";

const lookMs = 100;

/** Takes a snapshot beside what else the server does, and waits for it. */
export async function takeSnapshot(port: number): Promise<void> {
  await ask(port, "BGSAVE");
  await until(port, ["rdb_bgsave_in_progress"], "rdb_last_bgsave_status");
}

/** Puts all data into a snapshot. What is written from now on is in the log behind it. */
export async function foldLog(port: number): Promise<void> {
  if (textOf(String(await ask(port, "INFO", "server")), "kvorum_version") !== undefined) {
    await ask(port, "SAVE");
    return;
  }
  await ask(port, "BGREWRITEAOF");
  await until(port, ["aof_rewrite_scheduled", "aof_rewrite_in_progress"], "aof_last_bgrewrite_status");
}

/** Waits until all of the fields are 0, and looks how it ended. */
async function until(port: number, running: readonly string[], status: string): Promise<void> {
  for (;;) {
    await pause(lookMs);
    const info = String(await ask(port, "INFO", "persistence"));
    if (running.some((field) => fieldOf(info, field) !== 0)) continue;
    const end = textOf(info, status);
    if (end !== "ok") throw new Error(`the snapshot failed: ${status} is ${end}`);
    return;
  }
}
