import { parseArgs } from "node:util";

export interface Options {
  /** Names of rows; empty: all of them. */
  readonly only: readonly string[];
  readonly isQuick: boolean;
  /** Where the results go besides bench-results/. */
  readonly json: string | undefined;
  /** Results to make the page of, instead of measuring. */
  readonly from: string | undefined;
  /** What is measured instead of this checkout; PORT stands for the port. */
  readonly ours: readonly string[] | undefined;
  readonly help: boolean;
}

/** A mistake on the command line: told without a stack. */
export class UsageError extends Error {}

export const usage = `npm run bench -- [options]

  --only NAME[,NAME]   only these rows
  --quick              two pairs and small sizes: shows that everything works
  --json FILE          write the results there too
  --from FILE          make the page of results that were written before
  --ours "COMMAND"     measure another server than this checkout; PORT stands for its port,
                       as in "node ../other/bin/kvorum.js start --memory --listen 127.0.0.1:PORT"
  --help               this`;

export function readOptions(args: readonly string[], rowNames: readonly string[]): Options {
  const values = parse(args);
  const only = (values.only ?? "").split(",").filter((name) => name !== "");
  const unknown = only.filter((name) => !rowNames.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`no row is called ${unknown.join(" or ")}: there are ${rowNames.join(", ")}`);
  }
  const ours = values.ours?.split(" ").filter((word) => word !== "");
  if (ours !== undefined && !ours.some((word) => word.includes("PORT"))) {
    throw new UsageError("--ours: the command must say PORT where its port goes");
  }
  return {
    only,
    isQuick: values.quick ?? false,
    json: values.json,
    from: values.from,
    ours,
    help: values.help ?? false,
  };
}

interface Values {
  readonly only?: string;
  readonly quick?: boolean;
  readonly json?: string;
  readonly from?: string;
  readonly ours?: string;
  readonly help?: boolean;
}

function parse(args: readonly string[]): Values {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string" },
        quick: { type: "boolean" },
        json: { type: "string" },
        from: { type: "string" },
        ours: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
