import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../platform/fault.js";

/** A file nobody has written to for so long is nobody's: whoever sends one is cut off long before. */
const ABANDONED_MS = 10 * 60_000;

export interface Received {
  sha256: string;
  sizeBytes: number;
}

/**
 * Bytes kept by their SHA-256. What is being received stands apart under a random name and takes its own name whole,
 * so that a reader never meets half a file, and the same bytes sent many times at once are one file.
 */
export class FileStore {
  private readonly incoming: string;

  constructor(private readonly directory: string) {
    this.incoming = join(directory, "incoming");
  }

  /** Removes what an earlier process had not finished receiving. */
  async prepare(): Promise<void> {
    await mkdir(this.incoming, { recursive: true });
    for (const name of await readdir(this.incoming)) {
      const path = join(this.incoming, name);
      // Another process of the same directory may be receiving just now.
      const touched = await stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity);
      if (Date.now() - touched > ABANDONED_MS) await rm(path, { force: true });
    }
  }

  /**
   * Receives a body of exactly so many bytes with exactly that hash, and keeps it durably. More bytes are not waited for.
   * Faults: INVALID_INPUT with what was received instead.
   */
  async receive(request: IncomingMessage, stated: Received): Promise<void> {
    const told = request.headers["content-length"];
    if (told !== undefined && Number(told) !== stated.sizeBytes) throw notAsStated({ sizeBytes: Number(told) });
    const path = join(this.incoming, `${randomUUID()}.part`);
    await mkdir(this.incoming, { recursive: true });
    const file = await open(path, "wx", 0o600);
    try {
      const received = await copy(request, file, stated.sizeBytes).finally(() => file.close());
      if (received.sha256 !== stated.sha256 || received.sizeBytes !== stated.sizeBytes) throw notAsStated(received);
      await this.keep(path, stated.sha256);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Gives a received file its name; durable when this returns. */
  private async keep(path: string, sha256: string): Promise<void> {
    const folder = join(this.directory, sha256.slice(0, 2));
    if ((await mkdir(folder, { recursive: true })) !== undefined) await syncDirectory(this.directory);
    await rename(path, join(folder, sha256));
    await syncDirectory(folder);
  }

  /** Opens kept bytes for reading; the caller closes them. Faults: FILE_LOST where they are not there, or not as many as they were. */
  async open({ sha256, sizeBytes }: Received): Promise<FileHandle> {
    const file = await open(join(this.directory, sha256.slice(0, 2), sha256), "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") throw new Fault("FILE_LOST", {});
      throw error;
    });
    const { size } = await file.stat();
    if (size === sizeBytes) return file;
    await file.close();
    throw new Fault("FILE_LOST", { sizeBytes, actual: size });
  }
}

const notAsStated = (actual: Partial<Received>) => new Fault("INVALID_INPUT", { field: "body", rule: "the stated SHA-256 and size", actual });

/** Writes a body to a file while hashing it; stops at the first byte too many. */
async function copy(request: IncomingMessage, file: FileHandle, mostBytes: number): Promise<Received> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    // The connection outlives a refusal: it is what the refusal leaves by.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > mostBytes) throw notAsStated({ sizeBytes });
      hash.update(chunk);
      await writeWhole(file, chunk);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNRESET") throw new Fault("INVALID_INPUT", { field: "body", rule: "the body was cut off" });
    throw error;
  }
  if (!request.complete) throw new Fault("INVALID_INPUT", { field: "body", rule: "the body was cut off" });
  await file.sync();
  return { sha256: hash.digest("hex"), sizeBytes };
}

async function writeWhole(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

/** A name is durable once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
