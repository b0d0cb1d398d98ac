import assert from "node:assert/strict";
import { test } from "node:test";
import { Sessions, sessionTtlMs, type WriteNumber, type Writer } from "./session.ts";

class TestWriter implements Writer {
  number: WriteNumber | undefined;
  isInLine = false;
}

/** Sessions 1, 2, … that open at once, by a clock that the test moves. */
class Desk {
  nowMs = 0;
  #opened = 0;
  readonly sessions = new Sessions<TestWriter>(
    () => ({ id: Promise.resolve(++this.#opened), lastError: undefined, giveUp: () => {} }),
    () => this.nowMs,
    () => {},
    (_, error) => assert.fail(error),
  );

  /** "session/sequence" of the next write. */
  async number(): Promise<WriteNumber> {
    const writer = new TestWriter();
    this.sessions.number(writer);
    await new Promise(setImmediate);
    return writer.number!;
  }
}

function text({ session, sequence }: WriteNumber): string {
  return `${session.id}/${sequence}`;
}

test("a session that may expire before a write is over takes none, unless one of its own goes on", async () => {
  const desk = new Desk();
  const first = await desk.number();
  desk.nowMs += sessionTtlMs / 2 + 1;
  const second = await desk.number();
  assert.deepEqual([text(first), text(second)], ["1/1", "1/2"], "a write that goes on keeps it");
  for (const number of [first, second]) desk.sessions.release(number);
  desk.nowMs += sessionTtlMs / 2;
  assert.equal(text(await desk.number()), "1/3");
  desk.sessions.release({ ...first, sequence: 3 });
  desk.nowMs += sessionTtlMs / 2 + 1;
  assert.equal(text(await desk.number()), "2/1");
});

test("a session that was lost is exchanged once, however many of its writes tell so", async () => {
  const desk = new Desk();
  const [a, b] = [await desk.number(), await desk.number()];
  desk.sessions.lost(a.session);
  assert.equal(text(await desk.number()), "2/1");
  desk.sessions.lost(b.session);
  assert.equal(text(await desk.number()), "2/2");
});

test("the lowest that is outstanding bounds those behind it until it is over", async () => {
  const desk = new Desk();
  const [a, b, c] = [await desk.number(), await desk.number(), await desk.number()];
  desk.sessions.release(b);
  assert.equal(a.session.low, 1);
  desk.sessions.release(a);
  assert.equal(a.session.low, 3);
  desk.sessions.release(c);
  assert.equal(a.session.low, 4);
  assert.ok(a.session.isAtRest);
});
