import type { Prng } from "../../sim/prng.ts";
import { type Fleet, pause } from "./fleet.ts";

/** One thing that goes wrong: begins it, waits, and undoes it. */
export interface Strike {
  readonly says: string;
  readonly strike: (fleet: Fleet, random: Prng) => Promise<void>;
  /** Clients of the nodes that go on get no error that they have not asked for. */
  readonly isHarmless?: true;
}

export const strikeNames = [
  "kill-leader",
  "kill-follower",
  "kill-majority",
  "kill-all",
  "pause-leader",
  "pause-leader-long",
  "pause-follower",
  "cut-leader",
  "cut-follower",
  "cut-all",
  "one-way",
  "slow",
  "full-disk",
  "failing-disk",
  "hung-disk",
  "slow-disk",
  "clock-jump",
  "transfer",
  "members",
  "rolling-restart",
  "unplug",
] as const;

export type StrikeName = (typeof strikeNames)[number];

export const strikes: Readonly<Record<StrikeName, Strike>> = {
  "kill-leader": {
    says: "kill -9 of whoever leads, and a new start",
    isHarmless: true,
    strike: async (fleet, random) => revive(fleet, random, [await fleet.leader()]),
  },
  "kill-follower": {
    says: "kill -9 of one that follows, and a new start",
    isHarmless: true,
    strike: async (fleet, random) => revive(fleet, random, [random.pick(await followers(fleet))]),
  },
  "kill-majority": {
    says: "kill -9 of all but one, and new starts",
    strike: async (fleet, random) => {
      const spared = random.pick(fleet.alive);
      await revive(
        fleet,
        random,
        fleet.alive.filter((id) => id !== spared),
      );
    },
  },
  "kill-all": {
    says: "kill -9 of all at once, and new starts",
    strike: (fleet, random) => revive(fleet, random, fleet.alive),
  },
  "pause-leader": {
    says: "SIGSTOP of whoever leads, for up to some seconds",
    strike: async (fleet, random) => paused(fleet, await fleet.leader(), 200 + random.below(4_000)),
  },
  "pause-leader-long": {
    says: "SIGSTOP of whoever leads, for 30 seconds",
    strike: async (fleet) => paused(fleet, await fleet.leader(), 30_000),
  },
  "pause-follower": {
    says: "SIGSTOP of one that follows",
    strike: async (fleet, random) =>
      paused(fleet, random.pick(await followers(fleet)), 200 + random.below(4_000)),
  },
  "cut-leader": {
    says: "nothing passes between whoever leads and the others",
    strike: async (fleet, random) => {
      fleet.cut([await fleet.leader()]);
      await healed(fleet, random);
    },
  },
  "cut-follower": {
    says: "nothing passes between one that follows and the others",
    strike: async (fleet, random) => {
      fleet.cut([random.pick(await followers(fleet))]);
      await healed(fleet, random);
    },
  },
  "cut-all": {
    says: "nothing passes between anybody",
    strike: async (fleet, random) => {
      for (const id of fleet.alive) fleet.cut([id]);
      await healed(fleet, random);
    },
  },
  "one-way": {
    says: "whoever leads hears nobody, or is heard by nobody",
    strike: async (fleet, random) => {
      fleet.cut([await fleet.leader()], random.pick(["in", "out"]));
      await healed(fleet, random);
    },
  },
  slow: {
    says: "everything between whoever leads and the others takes long",
    strike: async (fleet, random) => {
      const leader = await fleet.leader();
      for (const id of fleet.alive) {
        fleet.links.set(leader, id, "slow");
        fleet.links.set(id, leader, "slow");
      }
      await healed(fleet, random);
    },
  },
  "full-disk": {
    says: "a disk takes no more bytes, and has room again",
    strike: (fleet, random) => wounded(fleet, random, random.pick(fleet.alive), "full"),
  },
  "failing-disk": {
    says: "a disk refuses everything; it is mended while the node is down",
    strike: (fleet, random) => wounded(fleet, random, random.pick(fleet.alive), "failing"),
  },
  "hung-disk": {
    says: "the disk of whoever leads answers nothing for some seconds",
    strike: async (fleet, random) => {
      const leader = await fleet.leader();
      await fleet.disk(leader, "hung");
      await someTime(random);
      await fleet.disk(leader, "fine");
    },
  },
  "slow-disk": {
    says: "every call to one disk takes 40 ms",
    strike: async (fleet, random) => {
      const id = random.pick(fleet.alive);
      await fleet.disk(id, "slow");
      await someTime(random);
      await fleet.disk(id, "fine");
    },
  },
  "clock-jump": {
    says: "a wall clock jumps by up to two hours, ahead or back",
    isHarmless: true,
    strike: async (fleet, random) => {
      await fleet.jumpClock(
        random.pick(fleet.alive),
        (random.below(4) - 2) * 3_600_000 + random.below(1_000),
      );
      await pause(200 + random.below(1_000));
    },
  },
  transfer: {
    says: "whoever leads hands over to another",
    isHarmless: true,
    strike: async (fleet, random) => {
      const leader = await fleet.leader();
      const others = ((await fleet.state(leader))?.voters ?? []).filter((id) => id !== leader);
      if (others.length > 0) await forgiven(fleet.transfer(leader, random.pick(others)));
      await pause(200 + random.below(1_000));
    },
  },
  members: {
    says: "a node joins, learns, votes, and is removed again",
    strike: joinAndLeave,
  },
  unplug: {
    says: "the network cable of whoever leads is pulled (in network namespaces: needs root)",
    strike: async (fleet, random) => {
      const leader = await fleet.leader();
      fleet.unplug(leader);
      await someTime(random);
      fleet.plug(leader);
    },
  },
  "rolling-restart": {
    says: "each node stops in order and starts again, one behind the other",
    isHarmless: true,
    strike: async (fleet) => {
      for (const id of fleet.alive) {
        await fleet.stop(id);
        await fleet.start(id);
        await fleet.serving(id);
      }
    },
  },
};

async function followers(fleet: Fleet): Promise<string[]> {
  const leader = await fleet.leader();
  return fleet.alive.filter((id) => id !== leader);
}

async function revive(fleet: Fleet, random: Prng, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => fleet.kill(id)));
  await pause(random.below(2_000));
  for (const id of ids) await fleet.start(id);
  await Promise.all(ids.map((id) => fleet.serving(id)));
}

async function paused(fleet: Fleet, id: string, ms: number): Promise<void> {
  fleet.pause(id);
  await pause(ms);
  fleet.resume(id);
}

async function healed(fleet: Fleet, random: Prng): Promise<void> {
  await someTime(random);
  fleet.links.heal();
}

/** A node whose disk has failed takes no further part until it is started again. */
async function wounded(fleet: Fleet, random: Prng, id: string, state: "full" | "failing"): Promise<void> {
  await fleet.disk(id, state);
  await someTime(random);
  await fleet.disk(id, "fine");
  await fleet.kill(id);
  await fleet.start(id);
  await fleet.serving(id);
}

/** Under an id that was never used, since one that was removed does not come back. */
async function joinAndLeave(fleet: Fleet, random: Prng): Promise<void> {
  const id = fleet.newId();
  await fleet.start(id, "--join", fleet.peerOf(await fleet.leader()));
  await fleet.serving(id);
  const leader = await fleet.agree(`${id} gets no vote`, ({ voters }) => voters.includes(id));
  await someTime(random);
  const others = ((await fleet.state(leader))?.voters ?? []).filter((voter) => voter !== id);
  const leaves = others.length === 0 || random.chance(0.3) ? id : random.pick(others);
  fleet.retire(leaves);
  await fleet.agree(`${leaves} is not removed`, async (state, leads) => {
    if (state.voters.includes(leaves)) await forgiven(fleet.change(leads, { type: "remove", id: leaves }));
    return !state.voters.includes(leaves);
  });
  await fleet.stop(leaves);
}

/** Another fault may prevent it. */
async function forgiven(attempt: Promise<void>): Promise<void> {
  await attempt.catch(() => {});
}

function someTime(random: Prng): Promise<void> {
  return pause(300 + random.below(4_000));
}
