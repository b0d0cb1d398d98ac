import type { Row } from "../row.ts";
import { throughputRow } from "./throughput.ts";

export const memoryP1: Row = throughputRow({
  name: "memory-p1",
  pipeline: 1,
  requests: 300_000,
  throughput: { on: "ratio", limit: 0.95, moonshot: 1 },
  cpu: { on: "ratio", limit: 1.15, moonshot: 1 },
});
