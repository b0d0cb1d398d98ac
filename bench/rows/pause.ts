import { valueBytes } from "../load/set-batch.ts";
import type { Row } from "../row.ts";
import { words } from "../words.ts";
import { requestsPerSecond } from "./open-load.ts";
import { pauseGrowing } from "./pause-growing.ts";
import { pauseSaving } from "./pause-saving.ts";

export const pause: Row = {
  name: "pause",
  work: `Open load of ${words.count(requestsPerSecond)} requests/s, half GET and half SET of ${valueBytes} B, latency from the intended start: on a node in memory while its table grows, and on a durable node while it takes a snapshot`,
  peer: "Redis without persistence, and with appendfsync always",
  writesData: true,
  run: async (bench) => {
    const growing = await pauseGrowing(bench);
    if (!bench.canStore) return growing;
    const saving = await pauseSaving(bench);
    return {
      figures: [...growing.figures, ...saving.figures],
      charts: [...growing.charts, ...saving.charts],
      remarks: [...growing.remarks, ...saving.remarks],
    };
  },
};
