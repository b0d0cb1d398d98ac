import type { Row } from "../row.ts";
import { throughputRow } from "./throughput.ts";

export const memoryP16: Row = throughputRow({
  name: "memory-p16",
  pipeline: 16,
  requests: 2_000_000,
  throughput: { on: "ratio", limit: 1 },
  cpu: { on: "ratio", limit: 0.9 },
});
