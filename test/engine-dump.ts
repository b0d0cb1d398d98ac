import type { Engine } from "../src/engine/engine.ts";
import {
  bytesOf,
  createdOf,
  deadlineOf,
  isRaw,
  keyLength,
  keyStart,
  modifiedOf,
  valueLength,
  versionOf,
} from "../src/engine/record.ts";

/** All that an engine holds: its revision and time, and a line with everything for each record, in order. */
export function dump(engine: Engine): string[] {
  const lines: string[] = [];
  for (const [db, { arena }] of engine.keyspaces.entries()) {
    engine.keyspaces[db]!.walk(0, Number.POSITIVE_INFINITY, (handle) => {
      const start = keyStart(arena, handle);
      const keyEnd = start + keyLength(arena, handle);
      const bytes = bytesOf(arena, handle);
      const key = bytes.toString("latin1", start, keyEnd);
      const value = bytes.toString("latin1", keyEnd, keyEnd + valueLength(arena, handle));
      const facts = [deadlineOf, createdOf, modifiedOf, versionOf].map((of) => of(arena, handle));
      lines.push(`${db} ${key} ${facts.join(" ")} ${isRaw(arena, handle) ? "raw" : ""} ${value}`);
    });
  }
  return [`revision ${engine.revision} time ${Math.max(0, engine.now)}`, ...lines.sort()];
}

/** The first line in which two dumps differ, cut to a readable length; undefined where they are equal. */
export function firstDifference(found: readonly string[], expected: readonly string[]): string | undefined {
  const length = Math.max(found.length, expected.length);
  for (let i = 0; i < length; i++) {
    if (found[i] === expected[i]) continue;
    return `line ${i}: ${found[i]?.slice(0, 150)} instead of ${expected[i]?.slice(0, 150)}`;
  }
  return undefined;
}
