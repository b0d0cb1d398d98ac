import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Glob } from "./glob.ts";
import { limits } from "./limits.ts";

function matches(pattern: string, text: string): boolean {
  const bytes = Buffer.from(`[${text}]`, "latin1");
  return new Glob(Buffer.from(pattern, "latin1")).matches(bytes, 1, 1 + text.length);
}

/** Pattern, texts that match, texts that do not. Asked of Redis 7.0.15. */
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["h?llo", ["hello", "h*llo", "h\0llo"], ["hllo", "heello", "hello!"]],
  ["h*llo", ["hllo", "heeeello"], ["hell", "xhllo"]],
  ["h[ae]llo", ["hello", "hallo"], ["hillo", "hllo"]],
  ["h[^e]llo", ["hallo", "h^llo"], ["hello", "hllo"]],
  ["h[a-c]llo", ["hallo", "hcllo"], ["hdllo", "h-llo"]],
  ["h[c-a]llo", ["hbllo"], ["hdllo"]],
  ["a\\*b", ["a*b"], ["axb", "a\\*b"]],
  ["a\\", ["a\\"], ["a"]],
  ["[a\\]]", ["a", "]"], ["\\", "b"]],
  ["[a-]", ["a", "]", "^"], ["-", "b"]],
  ["[abc", ["a", "c"], ["[abc", ""]],
  ["[^", ["x"], ["", "xy"]],
  ["[", [], ["[", "x"]],
  ["[]a]", [], ["]", "a", "]a]"]],
  ["[\x01-\xff]", ["\x01", "\xff", "\0"], ["a", "\xfe"]],
  ["*", ["", "a", "**"], []],
  ["**", ["a", "abc"], [""]],
  ["", [""], ["a"]],
  ["a*", ["a", "ab"], ["", "ba"]],
  ["*a", ["a", "ba", "aa"], ["", "ab"]],
  ["*a*b*c", ["abc", "xaxbxc", "abcbc"], ["acb", "ab"]],
  ["a*b*?", ["abx", "aabbx"], ["ab", "a?"]],
  ["*[a]b", ["ab", "aab"], ["a", "b"]],
];

test("patterns match as in Redis", () => {
  for (const [pattern, yes, no] of cases) {
    for (const text of yes) assert.equal(matches(pattern, text), true, JSON.stringify([pattern, text]));
    for (const text of no) assert.equal(matches(pattern, text), false, JSON.stringify([pattern, text]));
  }
});

/** What a pattern of letters, `?` and `*` means, said in the plainest way, without any thought of cost. */
function means(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  const rest = pattern.slice(1);
  if (pattern[0] !== "*") {
    return text !== "" && (pattern[0] === "?" || pattern[0] === text[0]) && means(rest, text.slice(1));
  }
  return means(rest, text) || (text !== "" && means(pattern, text.slice(1)));
}

test("going back to the last star alone gives what trying all of them gives", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "?", "*"), maxLength: 10 });
  const text = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(pattern, text, (p, t) => assert.equal(matches(p, t), means(p, t))),
    { numRuns: 5000 },
  );
});

test("many stars cost no more than the pattern's length for each byte of the text", () => {
  const text = Buffer.alloc(1000, "a");
  const glob = new Glob(Buffer.from(`${"a*".repeat(20)}b`));
  assert.equal(glob.matches(text, 0, text.length), false);
  assert.ok(glob.steps <= 41 * 1000, `${glob.steps} steps`);
});

test("the bytes of a set are steps, for each byte of the text that is compared with it", () => {
  const glob = new Glob(Buffer.from(`?[${"b".repeat(1000)}]*`));
  assert.equal(glob.matches(Buffer.from("ab"), 0, 2), true);
  assert.ok(glob.steps >= 1000 && glob.steps < 1010, `${glob.steps} steps`);
});

test("a match that costs too much is given up", () => {
  const text = Buffer.alloc(limits.keyBytesMax, "a");
  const costly = new Glob(Buffer.from(`*${"a".repeat(1000)}b`));
  assert.equal(costly.matches(text, 0, text.length), false);
  assert.equal(costly.gaveUp, true);
  assert.ok(costly.steps <= limits.globStepsMax + 1);
  const large = new Glob(Buffer.from(`*[${"b".repeat(1000)}]`));
  assert.equal(large.matches(text, 0, text.length), false);
  assert.equal(large.gaveUp, true);
  assert.ok(large.steps <= limits.globStepsMax + 1001);
});

test("sixteen bytes of pattern are never given up, even on the longest key", () => {
  const text = Buffer.alloc(limits.keyBytesMax, "a");
  for (const pattern of ["*aaaaaaaaaaaaaab", "*a*a*a*a*a*a*a*b", "*aaaaaaaaaaa[bc]", "*[bcdefghijklmn]"]) {
    assert.equal(pattern.length, 16);
    const glob = new Glob(Buffer.from(pattern));
    assert.equal(glob.matches(text, 0, text.length), false);
    assert.equal(glob.gaveUp, false, pattern);
  }
});

test("a pattern knows whether it can only match itself", () => {
  for (const plain of ["", "abc", "a]b", "a-^b"]) assert.equal(new Glob(Buffer.from(plain)).isPlain, true);
  for (const wild of ["*", "a?", "[a]", "a\\b"]) assert.equal(new Glob(Buffer.from(wild)).isPlain, false);
});
