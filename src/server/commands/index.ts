import type { LocalHandler } from "../server.ts";
import { discard, multi, unwatch, watch } from "../transactions.ts";

/** Handlers of local commands by the full name of their row. */
export const localHandlers: Readonly<Record<string, LocalHandler>> = {
  multi,
  discard,
  watch,
  unwatch,
};
