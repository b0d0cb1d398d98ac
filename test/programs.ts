import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { noRight } from "../scripts/test-report.ts";

/** Programs that tests use, each with the Debian package that gives it. */
const debianPackages = {
  "redis-server": "redis-server",
  "redis-cli": "redis-tools",
  "redis-benchmark": "redis-tools",
  nc: "netcat-openbsd",
  etcd: "etcd-server",
} as const;

export type ProgramName = keyof typeof debianPackages;

/** Serves as the options of the tests and suites that need the program. */
export interface Program {
  /** Where the program is; its bare name where it is missing and the tests are skipped. */
  readonly path: string;
  /** Why tests that need it are skipped, or false. */
  readonly skip: string | false;
}

/**
 * Looks for a program when a test file is loaded:
 *
 *     const redis = requireProgram("redis-server");
 *     test("answers as Redis does", redis, async () => spawn(redis.path, …));
 *
 * Where it is missing, the test is skipped with a line that names the package; with
 * KVORUM_TESTS_REQUIRE_ALL=1 this throws instead, and the whole file counts as failed.
 */
export function requireProgram(name: ProgramName): Program {
  const path = findProgram(name, process.env.PATH ?? "");
  if (path !== undefined) return { path, skip: false };
  const reason = `needs ${name}: apt-get install ${debianPackages[name]}`;
  if (process.env.KVORUM_TESTS_REQUIRE_ALL === "1") throw new Error(reason);
  return { path: name, skip: reason };
}

/**
 * Serves as the options of a test that needs a right which not everybody has. Without it the test is skipped, also
 * where all programs are required: nothing could be installed for it. `instead` says what shows the same.
 */
export function requireRight(isThere: boolean, what: string, instead: string): { skip: string | false } {
  return { skip: isThere ? false : `${noRight} ${what}; ${instead}` };
}

function findProgram(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
