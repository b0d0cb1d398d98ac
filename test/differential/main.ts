import { parseArgs } from "node:util";
import type { Address } from "./link.ts";
import { openPair } from "./pair.ts";
import { explain, freshSeed, runSeed } from "./run.ts";

/**
 * Holds random conversations with a real Redis and with kvorum, and stops at the first one in which their
 * replies differ:
 *
 *     node dist/test/differential/main.js                        100 conversations with a fresh seed
 *     node dist/test/differential/main.js --seed 7 --runs 1      that one again
 *     node dist/test/differential/main.js --subject 127.0.0.1:6379,127.0.0.1:6380 --runs 1000
 */
const { values: options } = parseArgs({
  options: {
    seed: { type: "string" },
    runs: { type: "string", default: "100" },
    /** Running servers instead of new ones. Connections are dealt out to several addresses in turn. */
    reference: { type: "string" },
    subject: { type: "string" },
    /** Seconds for making the first failure smaller. */
    shrink: { type: "string", default: "60" },
    /** Goes on to the other seeds after a failure. */
    "keep-going": { type: "boolean", default: false },
  },
});

const first = options.seed === undefined ? freshSeed() : Number(options.seed);
const runs = Number(options.runs);
await using pair = await openPair({
  reference: addresses(options.reference),
  subject: addresses(options.subject),
});
console.log(
  `seeds ${first} to ${first + runs - 1}: ${pair.reference.description}, ${pair.subject.description}`,
);
let failures = 0;
for (let seed = first; seed < first + runs && (failures === 0 || options["keep-going"]); seed++) {
  const failure = await runSeed(pair, seed);
  if (failure === undefined) continue;
  failures++;
  console.log(await explain(pair, seed, failure, Number(options.shrink) * 1_000));
}
console.log(failures === 0 ? "no difference" : `${failures} conversations differ`);
process.exitCode = failures === 0 ? 0 : 1;

function addresses(list: string | undefined): Address[] | undefined {
  return list?.split(",").map((text) => {
    const at = text.lastIndexOf(":");
    return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
  });
}
