import type { Handlers } from "../execution.ts";

/** Every handler of the engine, by the full name of its row. */
export const engineHandlers: Handlers = {};
