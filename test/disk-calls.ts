import type { DiskError, DiskFile } from "../src/platform/disk.ts";

/** The calls of the contract that take a callback, as promises: tests wait for them one by one. */
export function written(file: DiskFile, bytes: Buffer | readonly Buffer[], position: number): Promise<void> {
  return settled((done) => file.write(Buffer.isBuffer(bytes) ? [bytes] : bytes, position, done));
}

export function synced(file: DiskFile): Promise<void> {
  return settled((done) => file.sync(done));
}

function settled(call: (done: (error: DiskError | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** All bytes of a file. */
export async function bytesOf(file: DiskFile): Promise<Buffer> {
  const bytes = Buffer.alloc(await file.size());
  const count = await file.read(bytes, 0, bytes.length, 0);
  return bytes.subarray(0, count);
}
