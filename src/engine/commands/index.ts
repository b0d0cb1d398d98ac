import type { Handlers } from "../execution.ts";
import { compareHandlers } from "./compare.ts";
import { counterHandlers } from "./counters.ts";
import { databaseHandlers } from "./databases.ts";
import { expiryHandlers } from "./expiry.ts";
import { introspectHandlers } from "./introspect.ts";
import { keyListingHandlers } from "./key-listing.ts";
import { keyHandlers } from "./keys.ts";
import { lcsHandlers } from "./lcs.ts";
import { scanHandlers } from "./scan.ts";
import { sessionHandlers } from "./sessions.ts";
import { setHandlers } from "./set.ts";
import { stringEditHandlers } from "./string-edit.ts";
import { stringHandlers } from "./strings.ts";

/** Every handler of the engine, by the full name of its row. */
export const engineHandlers: Handlers = {
  ...stringHandlers,
  ...setHandlers,
  ...stringEditHandlers,
  ...compareHandlers,
  ...counterHandlers,
  ...lcsHandlers,
  ...keyHandlers,
  ...expiryHandlers,
  ...keyListingHandlers,
  ...scanHandlers,
  ...databaseHandlers,
  ...introspectHandlers,
  ...sessionHandlers,
};
