import { limits } from "../base/limits.ts";
import { Engine } from "../engine/engine.ts";
import { DataDirectory } from "../log/data-directory.ts";
import { PeerBoots } from "../log/peer-boots.ts";
import type { Logger } from "../platform/logger.ts";
import { type Platform, systemPlatform } from "../platform/platform.ts";
import type { Config as RaftConfig } from "../raft/config.ts";
import type { Replica } from "../replica/contract.ts";
import { Durable } from "../replica/durable.ts";
import { Memory } from "../replica/memory.ts";
import { Server } from "../server/server.ts";
import type { NodeConfig } from "./config.ts";
import { Place } from "./place.ts";

export interface Node {
  /** HOST:PORT that clients reach. */
  readonly address: string;
  readonly replica: Replica;
  /**
   * Resolves with true once the node serves, and with false where it was stopped before that. Rejects with
   * KvorumError where its data cannot be trusted: then it has stopped as well.
   */
  readonly ready: Promise<boolean>;
  /** Resolves once the node has stopped: with a reason where it did so by itself, undefined where it was asked to. */
  readonly stopped: Promise<Ending | undefined>;
  /** Hands over the lead, finishes what was accepted, then closes. */
  stop(): Promise<void>;
}

/** Why a node has stopped by itself. */
export interface Ending {
  readonly reason: string;
  /** It is to be started again, with the same configuration: it begins anew, without what it had. */
  readonly startsAgain: boolean;
}

/**
 * Builds everything and starts it. Resolves when it listens: while it recovers, clients are answered LOADING.
 * Rejects with KvorumError where the address cannot be listened on, or the directory is not this node's.
 */
export async function startNode(
  config: NodeConfig,
  logger: Logger,
  platform: Platform = systemPlatform,
): Promise<Node> {
  const stopped = withResolvers<Ending | undefined>();
  const emptyProcessBytes = platform.process.residentBytes();
  const store = config.memory
    ? inMemory(platform)
    : await durable(config, logger, platform, (ending) => void stop(false, ending));
  const server = new Server(
    {
      replica: store.member,
      clock: platform.clock,
      net: platform.net,
      logger,
      nodeId: config.id,
      clusterId: store.clusterId,
      writeQuorum: config.writeQuorum,
      runId: platform.random.bytes(20).toString("hex"),
      process: platform.process,
      requestShutdown: ({ saves }) => void stop(saves),
    },
    config.server,
  );
  server.stats.emptyProcessBytes = emptyProcessBytes;
  try {
    await server.listen(config.host, config.port);
    await store.listen(server.port);
  } catch (error) {
    await server.close();
    await store.close(false);
    throw error;
  }
  let isStopping = false;
  async function stop(saves: boolean, ending?: Ending): Promise<void> {
    if (isStopping) {
      await stopped.promise;
      return;
    }
    isStopping = true;
    if (ending === undefined) await store.handOver();
    await server.close();
    await store.close(saves);
    stopped.resolve(ending);
  }
  const ready = store.start().then(
    () => !isStopping,
    async (error: unknown) => {
      if (isStopping) return false;
      await stop(false);
      throw error;
    },
  );
  const { address } = server;
  return { address, replica: store.member, ready, stopped: stopped.promise, stop: () => stop(true) };
}

/** What holds the data of a node. */
interface Store {
  readonly member: Replica;
  /** "": none, or none that is known yet. */
  readonly clusterId: () => string;
  /** Hears other members. Clients are heard on this port. */
  listen(clientPort: number): Promise<void>;
  start(): Promise<void>;
  /** A leader leaves the lead to another one, if that is a matter of a moment: then the others need no election. */
  handOver(): Promise<void>;
  close(saves: boolean): Promise<void>;
}

function inMemory({ random, clock }: Platform): Store {
  const hashKey = [random.uint32() | 0, random.uint32() | 0] as const;
  const member = new Memory(new Engine(hashKey), clock);
  const ports = { listen: async () => {}, start: async () => {}, handOver: async () => {} };
  return { member, clusterId: () => "", ...ports, close: () => member.close() };
}

async function durable(
  config: NodeConfig,
  logger: Logger,
  platform: Platform,
  endedBy: (ending: Ending) => void,
): Promise<Store> {
  const { listed, join } = config.place;
  const { disk, clock, random } = platform;
  const directory = await DataDirectory.open({
    disk,
    directory: config.data,
    nodeId: config.id,
    ...(listed.size > 0 || join !== undefined ? { cluster: "unbound" } : {}),
    clock,
    random,
    logger,
  });
  const boots = await PeerBoots.open(disk, config.data);
  const removed = (reason: string): void => endedBy({ reason, startsAgain: false });
  const place = new Place(config.place, { ...platform, directory, boots, logger, removed });
  const engine = new Engine(directory.identity.hashKey);
  const durable = new Durable(engine, directory, clock, logger, {
    ...config,
    ...(config.server.redirect === "moved" && {
      leaderWaitMs: leaderWaitElections * config.electionTimeoutMs,
    }),
    cluster: {
      peers: place.network,
      bind: () => place.bind(),
      startAgain: () => endedBy({ reason: "the master has lost what this replica has", startsAgain: true }),
      raft: raftConfigOf(config),
    },
  });
  return {
    member: durable.member,
    clusterId: () => (directory.identity.isUnbound ? "" : directory.identity.clusterId),
    listen: (clientPort) => listen(place, config, clientPort),
    async start() {
      await durable.start();
      place.serve(durable.member);
    },
    async handOver() {
      if (!durable.member.leads) return;
      await new Promise<void>((resolve) => {
        const timer = clock.after(limits.handOverMsMax, resolve);
        // Where nobody takes it over, the others elect one.
        const goOn = (): void => {
          timer.cancel();
          resolve();
        };
        durable.member.transferLeadership().then(goOn, goOn);
      });
    },
    async close(saves) {
      await place.close();
      await durable.close(saves);
    },
  };
}

async function listen(place: Place, { host, peerListen, announce }: NodeConfig, port: number): Promise<void> {
  const peerPort = await place.network.open(peerListen);
  const client = announce ?? { host, port };
  place.reachedAt({ client, peer: { host: announce?.host ?? peerListen.host, port: peerPort } });
}

/**
 * With redirect: moved, clients look for the leader themselves, and are to hear soon that there is none. But not before an
 * election can be over: a cluster client of node-redis hands CLUSTERDOWN to its caller at once, where one of ioredis asks
 * again every 100 ms. So it is waited for twice the longest election timeout, which is twice the shortest one.
 */
const leaderWaitElections = 4;

/** Ticks of 10 ms: all other times follow from that of elections. */
function raftConfigOf({ electionTimeoutMs }: NodeConfig): Partial<RaftConfig> {
  const electionTicksMin = Math.round(electionTimeoutMs / 10);
  return {
    electionTicksMin,
    electionTicksMax: 2 * electionTicksMin,
    heartbeatTicks: Math.max(1, Math.round(electionTicksMin / 10)),
    checkQuorumTicks: Math.max(2, Math.round(electionTicksMin * 0.8)),
  };
}

/** Promise.withResolvers, which Node.js 20 does not have. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve = (_: T): void => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
