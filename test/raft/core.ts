import { pathToFileURL } from "node:url";
import { RawNode } from "../../src/raft/index.ts";
import type { Core } from "./member.ts";

/** A copy of the core, built somewhere else. */
export async function coreAt(path: string): Promise<Core> {
  return await import(pathToFileURL(path).href);
}

/** What the tests drive: the core, or the copy with a planted bug that KVORUM_CORE names (paper/mutants.test.ts). */
const path = process.env.KVORUM_CORE;
export const core: Core = path === undefined ? { RawNode } : await coreAt(path);
