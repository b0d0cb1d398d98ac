import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one test, gone when it is disposed of. */
export class TemporaryFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "kvorum-test-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
