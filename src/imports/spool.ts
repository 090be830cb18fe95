import { createHash, randomUUID } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, unlinkSync, write } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Fault } from "../platform/fault.js";
import { BOUNDS } from "./reading/bounds.js";
import { slicesOf, type OpenFile } from "./reading/open-file.js";

const writeTo = promisify(write);

/** A file to be imported, held open; whoever opened it closes it. */
export interface ImportedFile extends OpenFile {
  sha256: string;
  close(): void;
}

/** A sender slower than this, after a while to begin in, is cut off: what is sent by telephone passes. */
const PACE = { graceMs: 30_000, bytesPerSecond: 8_192, lookedAtMs: 5_000 } as const;

/**
 * Takes bytes to disk as they come. The file has no name from the first byte on: when the process ends, however it ends,
 * nothing of it is left. Faults: PAYLOAD_TOO_LARGE, and what the bytes throw.
 */
export async function spool(bytes: AsyncIterable<Buffer>, directory: string = tmpdir()): Promise<ImportedFile> {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `import.${randomUUID()}.part`);
  const fd = openSync(path, "wx+", 0o600);
  try {
    unlinkSync(path);
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > BOUNDS.fileBytes) throw new Fault("PAYLOAD_TOO_LARGE", { maximumBytes: BOUNDS.fileBytes });
      hash.update(chunk);
      for (let at = 0; at < chunk.length; ) at += (await writeTo(fd, chunk, at, chunk.length - at, null)).bytesWritten;
    }
    return { fd, sizeBytes, sha256: hash.digest("hex"), close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Takes the body of a request to disk. Faults: PAYLOAD_TOO_LARGE, TIMEOUT (too slow), INVALID_INPUT (cut off). */
export function spoolBody(request: IncomingMessage, directory: string): Promise<ImportedFile> {
  if (Number(request.headers["content-length"] ?? 0) > BOUNDS.fileBytes) return Promise.reject(new Fault("PAYLOAD_TOO_LARGE", { maximumBytes: BOUNDS.fileBytes }));
  return spool(paced(request), directory);
}

async function* paced(request: IncomingMessage): AsyncGenerator<Buffer> {
  const began = performance.now();
  let received = 0;
  let looking: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    looking = setInterval(() => {
      const owed = ((performance.now() - began - PACE.graceMs) / 1_000) * PACE.bytesPerSecond;
      if (received < owed) reject(new Fault("TIMEOUT", { reason: "the body came too slowly", bytesPerSecond: PACE.bytesPerSecond }));
    }, PACE.lookedAtMs);
  });
  tooSlow.catch(() => undefined);
  // The refusal of a body is still to be answered on its connection.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), tooSlow]);
      if (next.done) return;
      received += next.value.length;
      yield next.value;
    }
  } catch (error) {
    throw error instanceof Fault ? error : new Fault("INVALID_INPUT", { rule: "the body was cut off" });
  } finally {
    clearInterval(looking);
  }
}

/** Opens a file that lies on this machine. Faults: PAYLOAD_TOO_LARGE. */
export function openImported(path: string): ImportedFile {
  const file = { fd: openSync(path, "r"), sizeBytes: 0 };
  try {
    file.sizeBytes = fstatSync(file.fd).size;
    if (file.sizeBytes > BOUNDS.fileBytes) throw new Fault("PAYLOAD_TOO_LARGE", { maximumBytes: BOUNDS.fileBytes });
    const hash = createHash("sha256");
    for (const slice of slicesOf(file)) hash.update(slice);
    return { ...file, sha256: hash.digest("hex"), close: () => closeSync(file.fd) };
  } catch (error) {
    closeSync(file.fd);
    throw error;
  }
}
