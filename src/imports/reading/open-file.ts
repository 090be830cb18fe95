import { readSync } from "node:fs";

/** A file held open by its descriptor: nothing of it need be in memory, and it need not have a name. */
export interface OpenFile {
  fd: number;
  sizeBytes: number;
}

const SLICE_BYTES = 256 * 1024;

/** The bytes of a file, slice by slice. */
export function* slicesOf({ fd, sizeBytes }: OpenFile): Generator<Buffer> {
  for (let at = 0; at < sizeBytes; ) {
    const slice = Buffer.allocUnsafe(Math.min(SLICE_BYTES, sizeBytes - at));
    const read = readSync(fd, slice, 0, slice.length, at);
    if (read === 0) return;
    at += read;
    yield slice.subarray(0, read);
  }
}

/** The first bytes of a file, by which its kind is known. */
export function beginningOf({ fd, sizeBytes }: OpenFile, length: number): Buffer {
  const bytes = Buffer.alloc(Math.min(length, sizeBytes));
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
}
