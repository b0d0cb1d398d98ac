import { run } from "./program.ts";

for (const stream of [process.stdout, process.stderr]) {
  // `kvorum … | head`: whoever has read enough closes the pipe, and that is no failure.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

// Not process.exit: what is written and what is closing may take until the end.
process.exitCode = await run(process.argv.slice(2));
