import { pathToFileURL } from "node:url";
import { RawNode } from "../../src/raft/index.ts";
import type { Core } from "./member.ts";

/** What the tests drive: the core, or the copy with a planted bug that KVORUM_CORE names (mutants.ts). */
const path = process.env.KVORUM_CORE;
export const core: Core = path === undefined ? { RawNode } : await import(pathToFileURL(path).href);
