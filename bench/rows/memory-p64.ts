import type { Row } from "../row.ts";
import { throughputRow } from "./throughput.ts";

export const memoryP64: Row = throughputRow({
  name: "memory-p64",
  pipeline: 64,
  requests: 3_000_000,
  throughput: { on: "ratio", limit: 1.2 },
  cpu: { on: "ratio", limit: 0.75 },
});
