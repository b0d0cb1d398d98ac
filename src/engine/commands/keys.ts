import type { Execution, Handlers } from "../execution.ts";
import { copyRecord, findKey, readKey, removeRecord, sameArguments } from "./access.ts";

/** Whole keys, whatever they hold. */
export const keyHandlers: Handlers = {
  del,
  unlink: del,
  exists,
  touch: exists,
  type,
  rename,
  renamenx,
};

function del(x: Execution): void {
  const { count } = x.args;
  let removed = 0;
  for (let i = 1; i < count; i++) {
    const handle = findKey(x, i);
    if (handle === 0) continue;
    removeRecord(x, handle);
    removed++;
  }
  x.out.integer(removed);
}

/** A key that is named twice counts twice. */
function exists(x: Execution): void {
  const { count } = x.args;
  let found = 0;
  for (let i = 1; i < count; i++) if (readKey(x, i) !== 0) found++;
  x.out.integer(found);
}

function type(x: Execution): void {
  x.out.simple(readKey(x, 1) === 0 ? "none" : "string");
}

function rename(x: Execution): void {
  const source = findKey(x, 1);
  if (source === 0) {
    x.out.error(noSuchKey);
    return;
  }
  if (!sameArguments(x, 1, 2)) moveName(x, source);
  x.out.ok();
}

function renamenx(x: Execution): void {
  const source = findKey(x, 1);
  if (source === 0) {
    x.out.error(noSuchKey);
    return;
  }
  const free = findKey(x, 2) === 0;
  if (free) moveName(x, source);
  x.out.integer(free ? 1 : 0);
}

function moveName(x: Execution, source: number): void {
  copyRecord(x, source, x.keyspace, 2);
  // The handle died with the change.
  removeRecord(x, findKey(x, 1));
}

const noSuchKey = "ERR no such key";
