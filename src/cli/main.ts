import { exitCodes } from "./failure.ts";
import { run } from "./program.ts";

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `kvorum … | head`: whoever has read enough closes the pipe, and that is no failure.
    if (error.code === "EPIPE") process.exit(exitCodes.done);
    if (stream === process.stdout) process.stderr.write(`kvorum: cannot write: ${error.message}\n`);
    process.exit(exitCodes.failed);
  });
}

// Not process.exit: what is written and what is closing may take until the end.
process.exitCode = await run(process.argv.slice(2));
