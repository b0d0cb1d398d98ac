import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type net from "node:net";
import { test } from "node:test";
import { limits } from "../../src/base/limits.ts";
import { KvClient } from "../../src/client/client.ts";
import type { KvClientOptions } from "../../src/client/options.ts";
import { type Answer, BadServer } from "./bad-server.ts";
import { type Said, status } from "./say.ts";

/** What becomes of a write that is refused, lost or sent again: a server that says what the test wants, for each copy. */

/** A leader that opens sessions 1, 2, … and answers the n-th copy of a write with the n-th thing said. */
function leader(...copies: readonly (Said | ((socket: net.Socket) => void))[]): Answer {
  let sessions = 0;
  const left = [...copies];
  return (words, socket) => {
    if (words[0] === "KVORUM") return status("n1", 1, "n1", { n1: "" });
    if (words[0] === "SESSION" && words[1] === "OPEN") return ++sessions;
    if (words[0] === "SESSION" && words[1] === "CLOSE") return 1;
    if (words[0] === "HELLO" || words[0] === "PING") return undefined;
    const next = left.shift();
    if (typeof next !== "function") return next;
    next(socket);
    return undefined;
  };
}

const cut = (socket: net.Socket): void => void socket.resetAndDestroy();

async function having(
  answer: Answer,
  work: (client: KvClient, server: BadServer) => Promise<void>,
  options: KvClientOptions = {},
): Promise<void> {
  await using server = await BadServer.start(answer);
  const client = new KvClient({ addresses: [server.address], timeout: 20_000, ...options });
  try {
    await work(client, server);
  } finally {
    client.destroy();
  }
}

/** Session and sequence of each copy of a write. */
function numbersOf(server: BadServer): string[] {
  return server.commands
    .filter(([name, sub]) => name === "SESSION" && sub === "ID")
    .map(([, , session, sequence]) => `${session}/${sequence}`);
}

test("a write whose connection was cut is sent again under the same number", () =>
  having(leader(cut, cut, 1), async (client, server) => {
    assert.equal(await client.increment("n"), 1);
    assert.deepEqual(numbersOf(server), ["1/1", "1/1", "1/1"]);
    assert.equal(client.stats.retries, 2);
  }));

test("a session that the only copy has met forgotten is exchanged", () =>
  having(leader("-NOSESSION unknown", 1), async (client, server) => {
    assert.equal(await client.increment("n"), 1);
    assert.deepEqual(numbersOf(server), ["1/1", "2/1"]);
  }));

test("of several copies one may have been applied before the session was forgotten", () =>
  having(leader(cut, "-NOSESSION unknown", 1), async (client, server) => {
    await assert.rejects(client.increment("n"), { code: "UNKNOWN_OUTCOME", applied: "maybe" });
    assert.deepEqual(numbersOf(server), ["1/1", "1/1"]);
  }));

test("an outcome that the server does not know is asked for under the same number", () =>
  having(leader("-UNKNOWN_OUTCOME not known in time", 1), async (client, server) => {
    assert.equal(await client.increment("n"), 1);
    assert.deepEqual(numbersOf(server), ["1/1", "1/1"]);
  }));

test("whoever was told that nobody knows is in doubt: no refusal and no other session ends that", async () => {
  const unknown = "-UNKNOWN_OUTCOME not known in time";
  await having(leader(unknown, "-OOM command not allowed"), async (client) => {
    await assert.rejects(client.increment("n"), { code: "OOM", applied: "maybe" });
  });
  await having(leader(unknown, "-NOSESSION unknown", 1), async (client, server) => {
    await assert.rejects(client.increment("n"), { code: "UNKNOWN_OUTCOME", applied: "maybe" });
    assert.deepEqual(numbersOf(server), ["1/1", "1/1"], "it goes on under no other number");
  });
});

test("a refusal of a later copy proves nothing of the first", () =>
  having(leader(cut, "-OOM command not allowed"), async (client) => {
    await assert.rejects(client.increment("n"), { code: "OOM", applied: "maybe" });
  }));

test("a later copy that is refused for its own sake, or finds no way in, proves nothing of the first either", async () => {
  await having(leader(cut, "-ERR W 4 is more than the voters"), async (client) => {
    await assert.rejects(client.increment("n"), { code: "ERR", applied: "maybe" });
  });
  let isShut = false;
  const shut = leader((socket) => {
    isShut = true;
    cut(socket);
  });
  const answer: Answer = (words, socket) =>
    words[0] === "HELLO" && isShut ? "-ERR this client is not wanted" : shut(words, socket);
  await having(answer, async (client) => {
    await assert.rejects(client.increment("n"), { code: "ERR", applied: "maybe" });
  });
});

test("what came of a command that was carried out holds for all its copies", async () => {
  for (const said of ["-WRONGTYPE no text", "-ERR value is not an integer or out of range"])
    await having(leader(cut, said), (client) => assert.rejects(client.increment("n"), { applied: "no" }));
});

test("a refusal of the only copy tells that it was not applied", () =>
  having(leader("-OOM command not allowed"), async (client) => {
    await assert.rejects(client.increment("n"), { code: "OOM", applied: "no" });
  }));

test("what was applied on too few voters says so", () =>
  having(leader("-UNDER_REPLICATED this was applied"), async (client) => {
    await assert.rejects(client.set("a", 1), { code: "UNDER_REPLICATED", applied: "yes" });
  }));

test("refusals of the moment are waited out", () =>
  having(
    leader("-CLUSTERDOWN no leader", "-LOADING", "-BUSY too much", "-NOREPLICAS 2 can", 1),
    async (client) => {
      assert.equal(await client.increment("n"), 1);
    },
  ));

test("whoever was refused, and then finds nobody, is told when time is over that nothing was applied", async () => {
  const refuses = leader("-NOREPLICAS 2 can be reached");
  const answer: Answer = (words, socket) => {
    const said = refuses(words, socket);
    // It goes behind its answer, before anything is sent again.
    if (words[1] === "ID") setImmediate(() => server.stop());
    return said;
  };
  await using server = await BadServer.start(answer);
  await using client = new KvClient({ addresses: [server.address], timeout: 600 });
  await assert.rejects(client.increment("n"), {
    code: "TIMEOUT",
    applied: "no",
    message: /^INCR was not over in time; last: /,
  });
});

test("a connection that is silent is left, and what was on its way is sent again on another one", () =>
  having(
    leader(() => {}, 1),
    async (client, server) => {
      assert.equal(await client.increment("n"), 1);
      assert.deepEqual(numbersOf(server), ["1/1", "1/1"]);
    },
    { silence: 200 },
  ));

test("what nobody ever answers may have been applied", () =>
  having(
    leader(),
    async (client) => {
      await assert.rejects(client.set("a", 1), { code: "UNKNOWN_OUTCOME", applied: "maybe" });
      await assert.rejects(client.get("a"), { code: "TIMEOUT", applied: "no" });
    },
    { timeout: 300 },
  ));

test("without numbers a write that was lost on the way is never sent again", () =>
  having(
    leader(cut, 1),
    async (client, server) => {
      await assert.rejects(client.increment("n"), { code: "UNKNOWN_OUTCOME", applied: "maybe" });
      assert.deepEqual(
        server.commands.filter(([name]) => name === "INCR"),
        [["INCR", "n"]],
      );
    },
    { exactlyOnce: false },
  ));

test("without numbers, too, a write of which nothing was sent is sent", () => {
  let greetings = 0;
  const answer: Answer = (words, socket) => {
    if (words[0] === "HELLO" && ++greetings === 1) cut(socket);
    return leader(1)(words, socket);
  };
  return having(
    answer,
    async (client) => {
      assert.equal(await client.increment("n"), 1);
      assert.ok(greetings > 1);
    },
    { exactlyOnce: false },
  );
});

test("a read that was lost on the way is sent again", () =>
  having(leader(cut, "value"), async (client) => {
    assert.equal(await client.get("a"), "value");
  }));

test("a read does not wait behind a write that is long in coming", () =>
  having(
    (words, socket) => (words[0] === "GET" ? "value" : leader()(words, socket)),
    async (client, server) => {
      const write = client.increment("n");
      while (numbersOf(server).length === 0) await new Promise(setImmediate);
      assert.equal(await client.get("a", { timeout: 10_000 }), "value");
      client.destroy();
      await assert.rejects(write, { code: "CLOSED" });
    },
    { silence: 60_000 },
  ));

test("a command that nobody knows is sent once", () =>
  having(leader(cut, 1), async (client) => {
    await assert.rejects(client.call("NONSENSE"), { code: "UNKNOWN_OUTCOME", applied: "maybe" });
  }));

test("a server that knows no sessions is written to without", async () => {
  const answer: Answer = ([name]) =>
    name === "HELLO"
      ? undefined
      : name === "SESSION" || name === "KVORUM"
        ? `-ERR unknown command '${name}'`
        : 1;
  await having(answer, async (client, server) => {
    assert.equal(await client.increment("n"), 1);
    assert.deepEqual(server.commands.at(-1), ["INCR", "n"]);
  });
});

test("a transaction that was cut is sent again whole, under its number", async () => {
  const exec = leader(cut, [1, "+OK"]);
  const answer: Answer = (words, socket) =>
    words[0] === "MULTI"
      ? "+OK"
      : words[0] === "INCR" || words[0] === "SET"
        ? "+QUEUED"
        : exec(words, socket);
  await having(answer, async (client, server) => {
    assert.deepEqual(await client.transaction().increment("n").set("a", 1).commit(), [1, true]);
    const sent = server.commands.filter(([name]) => name !== "KVORUM").map((words) => words.join(" "));
    const once = ["MULTI", "INCR n", "SET a 1", "SESSION ID 1 1 1 EXEC"];
    assert.deepEqual(sent, ["SESSION OPEN 300000", ...once, ...once]);
  });
});

test("an aborted write says whether it may have been applied", () =>
  having(leader(), async (client, server) => {
    const sent = new AbortController();
    const operation = client.increment("n", 1, { signal: sent.signal });
    while (numbersOf(server).length === 0) await new Promise(setImmediate);
    sent.abort(new Error("enough"));
    await assert.rejects(operation, { code: "ABORTED", applied: "maybe" });
    await assert.rejects(client.increment("n", 1, { signal: AbortSignal.abort() }), {
      code: "ABORTED",
      applied: "no",
    });
  }));

test("one signal ends many operations, with one listener, which is gone when they are over", () =>
  having(leader(), async (client) => {
    const aborts = new AbortController();
    const all = Array.from({ length: 20 }, () => client.increment("n", 1, { signal: aborts.signal }));
    assert.equal(getEventListeners(aborts.signal, "abort").length, 1);
    aborts.abort();
    for (const one of await Promise.allSettled(all))
      assert.equal(one.status === "rejected" && one.reason.code, "ABORTED");
    assert.equal(getEventListeners(aborts.signal, "abort").length, 0);
  }));

test("what holds a connection up is refused on one that others share", () =>
  having(leader(), async (client) => {
    for (const words of [
      ["WAIT", 1, 0],
      ["waitaof", 1, 1, 0],
      ["CONSISTENCY", "AWAIT", 1, 0],
    ] as const)
      await assert.rejects(client.call(...words), { code: "ERR", message: /see acquire\(\)/ });
  }));

test("as many writes are outstanding as the server keeps replies for; the others wait for their turn", async () => {
  const count = 1_500;
  let received = 0;
  let most = 0;
  const held: net.Socket[] = [];
  const answer: Answer = (words, socket) => {
    if (words[1] !== "ID") return leader()(words, socket);
    held.push(socket);
    most = Math.max(most, held.length);
    // Behind the others of this turn, so that one too many would be seen.
    if (++received === count || held.length === limits.sessionRepliesMax)
      setImmediate(() => {
        for (const one of held.splice(0)) one.write(":1\r\n");
      });
    return undefined;
  };
  await having(answer, async (client) => {
    await Promise.all(Array.from({ length: count }, () => client.increment("n")));
    assert.equal(most, limits.sessionRepliesMax);
  });
});

test("a write that is refused for the moment holds no other write up, however long", async () => {
  let isRefused = true;
  const answer: Answer = (words, socket) => {
    if (words[1] !== "ID") return leader()(words, socket);
    return words.at(-1) === "stuck" && isRefused ? "-NOREPLICAS 2 can be reached" : 1;
  };
  await having(answer, async (client, server) => {
    const stuck = client.increment("stuck");
    while (numbersOf(server).length === 0) await new Promise(setImmediate);
    const others = Array.from({ length: 2 * limits.sessionRepliesMax }, () => client.increment("n"));
    assert.deepEqual(new Set(await Promise.all(others)), new Set([1]));
    isRefused = false;
    assert.equal(await stuck, 1);
    const sent = server.commands.filter((words) => words.at(-1) === "stuck").map((words) => words[3]);
    assert.equal(sent.at(-1) === sent[0], false, "it went on under another number");
  });
});

test("a session that is long in opening ends no write before its own time", async () => {
  let isRefused = true;
  const answer: Answer = (words, socket) =>
    words[1] === "OPEN" && isRefused ? "-CLUSTERDOWN no leader" : leader(1)(words, socket);
  await having(
    answer,
    async (client) => {
      const patient = client.increment("n", 1, { timeout: 60_000 });
      while (client.stats.retries === 0) await new Promise(setImmediate);
      const late = { code: "TIMEOUT", applied: "no", message: /last: CLUSTERDOWN no leader/ };
      await assert.rejects(client.increment("n"), late);
      // By now a session that may take as long as a write does by default would have failed.
      await assert.rejects(client.increment("n"), late);
      isRefused = false;
      assert.equal(await patient, 1);
    },
    { timeout: 100 },
  );
});

test("no session is opened for writes that are all over, so that closing waits for none", async () => {
  const answer: Answer = (words, socket) => (words[1] === "OPEN" ? undefined : leader()(words, socket));
  await having(
    answer,
    async (client) => {
      const aborts = new AbortController();
      const write = client.increment("n", 1, { signal: aborts.signal });
      aborts.abort();
      await assert.rejects(write, { code: "ABORTED", applied: "no" });
      assert.equal(client.stats.pending, 0);
      await client.close();
    },
    { timeout: 0 },
  );
});

test("destroy() fails everything that was begun, and tells what may have been applied", () =>
  having(leader(), async (client, server) => {
    const sent = client.increment("n");
    while (numbersOf(server).length === 0) await new Promise(setImmediate);
    const read = client.get("a");
    client.destroy("enough");
    await assert.rejects(sent, { code: "CLOSED", applied: "maybe", message: "enough" });
    await assert.rejects(read, { code: "CLOSED", applied: "no" });
    await assert.rejects(client.get("a"), { code: "CLOSED" });
    assert.equal(client.stats.pending, 0);
  }));

test("close() waits for what was begun, and takes no more", () =>
  having(leader(1), async (client) => {
    const write = client.increment("n");
    const closed = client.close();
    await assert.rejects(client.get("a"), { code: "CLOSED", applied: "no" });
    assert.equal(await write, 1);
    await closed;
  }));

test("what is no argument is refused before anything is sent", () =>
  having(leader(), async (client) => {
    await assert.rejects(client.set("a", undefined as unknown as string), { code: "ERR", applied: "no" });
    await assert.rejects(client.set("a", Number.NaN), { code: "ERR", applied: "no" });
    assert.throws(() => new KvClient("nonsense:port:7"), {
      code: "ERR",
      message: /^addresses: expected HOST:PORT/,
    });
    assert.throws(() => new KvClient({ timeout: -1 }), {
      code: "ERR",
      message: /^timeout: expected a whole number/,
    });
  }));

test("options that are none are refused before anything is counted or begun", () =>
  having(leader(1), async (client) => {
    for (const timeout of [Number.NaN, -1, "5" as unknown as number])
      await assert.rejects(client.increment("n", 1, { timeout }), { code: "ERR", message: /^timeout: exp/ });
    const signal = {} as AbortSignal;
    await assert.rejects(client.get("n", { signal }), { code: "ERR", message: /^signal: expected an Abort/ });
    assert.equal(client.stats.pending, 0);
    assert.equal(await client.increment("n", 1, { timeout: 0 }), 1);
    await client.close();
    for (const pool of [{ maxOpen: 0 }, { min: -1 }, { max: Number.NaN }, { acquireTimeout: 2 ** 31 }])
      assert.throws(() => new KvClient({ pool }), {
        code: "ERR",
        message: new RegExp(`^${Object.keys(pool)[0]}: expected a whole number`),
      });
  }));
