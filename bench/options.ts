import { parseArgs } from "node:util";

export interface Options {
  /** Names of rows; empty: all of them. */
  readonly only: readonly string[];
  readonly isQuick: boolean;
  /** Where the results go besides bench-results/. */
  readonly json: string | undefined;
  /** Results to make the page of, instead of measuring. */
  readonly from: string | undefined;
  /** What is measured instead of this checkout; PORT stands for the port, DATA for a folder. */
  readonly ours: readonly string[] | undefined;
  /** What it is measured beside, instead of Redis. */
  readonly against: readonly string[] | undefined;
  readonly help: boolean;
}

/** A mistake on the command line: told without a stack. */
export class UsageError extends Error {}

export const usage = `npm run bench -- [options]

  --only NAME[,NAME]   only these rows
  --quick              two pairs and small sizes: shows that everything works
  --json FILE          write the results there too
  --from FILE          make the page of results that were written before
  --against "COMMAND"  measure beside another server than Redis; PORT stands for its port,
                       as in "node ../other/bin/kvorum.js start --memory --listen 127.0.0.1:PORT",
                       and DATA for its folder, which rows that write to the disk need
  --ours "COMMAND"     measure another server than this checkout, in the same way
  --help               this`;

export function readOptions(args: readonly string[], rowNames: readonly string[]): Options {
  const values = parse(args);
  const only = (values.only ?? "").split(",").filter((name) => name !== "");
  const unknown = only.filter((name) => !rowNames.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`no row is called ${unknown.join(" or ")}: there are ${rowNames.join(", ")}`);
  }
  return {
    only,
    isQuick: values.quick ?? false,
    json: values.json,
    from: values.from,
    ours: commandOf("--ours", values.ours),
    against: commandOf("--against", values.against),
    help: values.help ?? false,
  };
}

function commandOf(option: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  if (!text.includes("PORT"))
    throw new UsageError(`${option}: the command must say PORT where its port goes`);
  return text.split(" ").filter((word) => word !== "");
}

interface Values {
  readonly only?: string;
  readonly quick?: boolean;
  readonly json?: string;
  readonly from?: string;
  readonly ours?: string;
  readonly against?: string;
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
        against: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
