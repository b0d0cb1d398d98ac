import assert from "node:assert/strict";

/** The matchers that `@keyv/test-suite` uses. What is not here is no function, and its test fails. */
export function expect(actual: unknown): Matchers {
  return {
    toBe: (expected) => assert.ok(Object.is(actual, expected), `${String(actual)} is ${String(expected)}`),
    toEqual: (expected) => assert.deepEqual(actual, expected),
    toBeTruthy: () => assert.ok(actual),
    toBeFalsy: () => assert.ok(!actual, `${String(actual)} is falsy`),
    toBeNull: () => assert.equal(actual, null),
    toBeUndefined: () => assert.equal(actual, undefined),
    toBeDefined: () => assert.notEqual(actual, undefined),
  };
}

interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toBeTruthy(): void;
  toBeFalsy(): void;
  toBeNull(): void;
  toBeUndefined(): void;
  toBeDefined(): void;
}
