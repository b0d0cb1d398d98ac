import type { Row } from "../row.ts";
import { asynchronous } from "./async.ts";
import { client } from "./client.ts";
import { commandCost } from "./command-cost.ts";
import { costCurve } from "./cost-curve.ts";
import { durable } from "./durable.ts";
import { failoverCut } from "./failover-cut.ts";
import { failoverKill } from "./failover-kill.ts";
import { memoryP1 } from "./memory-p1.ts";
import { memoryP16 } from "./memory-p16.ts";
import { memoryP64 } from "./memory-p64.ts";
import { memoryPerKey } from "./memory-per-key.ts";
import { pause } from "./pause.ts";
import { quorum } from "./quorum.ts";
import { quorumP16 } from "./quorum-p16.ts";
import { readLinearizable, readStale } from "./reads.ts";
import { recovery } from "./recovery.ts";
import { transfer } from "./transfer.ts";

/** All rows, in the order in which they run. */
export const rows: readonly Row[] = [
  memoryP1,
  memoryP16,
  memoryP64,
  memoryPerKey,
  durable,
  recovery,
  pause,
  costCurve,
  commandCost,
  quorum,
  quorumP16,
  asynchronous,
  readLinearizable,
  readStale,
  failoverKill,
  failoverCut,
  transfer,
  client,
];
