import { closeSync, fsyncSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { NodeFS } from "@electric-sql/pglite/nodefs";

type Written = { buffer: ArrayBufferLike };
interface FileNode {
  mode: number;
}
/** The part of Emscripten's host file system that is listened to. */
interface HostFiles {
  realPath(node: FileNode): string;
  stream_ops: { write(stream: { node: FileNode }, from: Written, offset: number, length: number, position: number): number };
  node_ops: Record<"mknod" | "rename" | "unlink" | "rmdir" | "symlink" | "setattr", (...args: never[]) => unknown>;
}

/** The engine as Emscripten hands it out; `_NAME` is the address of its global NAME. */
export interface EngineModule {
  readonly wasmMemory: { readonly buffer: SharedArrayBuffer };
  readonly _InterruptPending: number;
  readonly _QueryCancelPending: number;
  _PostgresMainLoopOnce(): void;
}

const PAGE = Buffer.alloc(8192);
const gone = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/**
 * The embedded engine's directory, with the order of writes a power cut demands. The engine itself runs without
 * fsync and its file layer ignores the call, so this layer notes what was written and keeps three rules:
 * commits are acknowledged after {@link durable}; no changed page reaches its file before the log that explains it
 * is on disk; the control file moves on only when everything before it is on disk.
 */
export class DurableFiles extends NodeFS {
  private readonly log = new Set<string>();
  private readonly pages = new Set<string>();
  private readonly directories = new Set<string>();
  /** What a running flush has taken over but not confirmed. */
  private flushingLog: readonly string[] = [];
  private flushingRest: readonly string[] = [];
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;
  private broken: Error | null = null;
  /** Known once the engine is being made. */
  module: EngineModule | null = null;

  override async init(...given: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    const result = await super.init(...given);
    const listen = (module: { FS: unknown }) => {
      this.module = module as unknown as EngineModule;
      this.listen((module.FS as { filesystems: { NODEFS: HostFiles } }).filesystems.NODEFS);
    };
    result.emscriptenOpts.preRun = [listen, ...(result.emscriptenOpts.preRun ?? [])];
    return result;
  }

  /**
   * Resolves when everything written before the call is on disk. Calls that arrive while a flush runs share the next.
   * @throws the first failure of fsync, from then on always: what the disk holds is no longer known.
   */
  durable(): Promise<void> {
    if (this.broken) return Promise.reject(this.broken);
    if (!this.running) return (this.running = this.flush().finally(() => (this.running = null)));
    return (this.next ??= this.running.then(
      () => this.startNext(),
      () => this.startNext(),
    ));
  }

  private startNext(): Promise<void> {
    this.next = null;
    return this.durable();
  }

  private async flush() {
    this.flushingLog = [...this.log];
    this.flushingRest = [...this.pages, ...this.directories];
    const log = this.flushingLog;
    const rest = this.flushingRest;
    this.log.clear();
    this.pages.clear();
    this.directories.clear();
    try {
      for (const path of log) await syncPath(path);
      this.flushingLog = [];
      for (const path of rest) await syncPath(path);
      this.flushingRest = [];
    } catch (error) {
      throw (this.broken = error as Error);
    }
  }

  private listen(host: HostFiles) {
    const write = host.stream_ops.write;
    host.stream_ops.write = (stream, from, offset, length, position) => {
      const path = host.realPath(stream.node);
      this.beforeWrite(path, () => Buffer.from(from.buffer as ArrayBuffer, offset, length));
      return write(stream, from, offset, length, position);
    };
    const ops = host.node_ops;
    // Names live in directories: creating, renaming and removing change the parent.
    this.after(ops, "mknod", (parent: FileNode) => this.directories.add(host.realPath(parent)));
    this.after(ops, "symlink", (parent: FileNode) => this.directories.add(host.realPath(parent)));
    this.after(ops, "unlink", (parent: FileNode) => this.directories.add(host.realPath(parent)));
    this.after(ops, "rmdir", (parent: FileNode) => this.directories.add(host.realPath(parent)));
    this.after(ops, "rename", (old: FileNode, target: FileNode) => {
      this.directories.add(dirname(host.realPath(old)));
      this.directories.add(host.realPath(target));
    });
    // Truncation.
    this.after(ops, "setattr", (node: FileNode) => this.note(host.realPath(node)));
  }

  private after(ops: HostFiles["node_ops"], name: keyof HostFiles["node_ops"], then: (...args: never[]) => unknown) {
    const original = ops[name];
    ops[name] = (...args: never[]) => {
      const result = original(...args);
      then(...args);
      return result;
    };
  }

  private note(path: string) {
    (path.includes(`${sep}pg_wal${sep}`) ? this.log : this.pages).add(path);
  }

  private beforeWrite(path: string, bytes: () => Buffer) {
    if (path.endsWith(`global${sep}pg_control`)) this.flushNow();
    // A fresh zero page says nothing, so it need not wait: extending a table stays cheap.
    else if (this.log.size + this.flushingLog.length > 0 && isPageFile(path) && !isZero(bytes())) this.flushLogNow();
    this.note(path);
  }

  /** Blocking, because the engine is in the middle of a write. */
  private flushLogNow() {
    for (const path of [...this.flushingLog, ...this.log]) syncPathNow(path);
    this.flushingLog = [];
    this.log.clear();
  }

  private flushNow() {
    this.flushLogNow();
    for (const path of [...this.flushingRest, ...this.pages, ...this.directories]) syncPathNow(path);
    this.flushingRest = [];
    this.pages.clear();
    this.directories.clear();
  }
}

const isPageFile = (path: string) =>
  [`${sep}base${sep}`, `${sep}global${sep}`, `${sep}pg_xact${sep}`, `${sep}pg_multixact${sep}`].some((part) => path.includes(part));

const isZero = (bytes: Buffer) => bytes.length % PAGE.length === 0 && bytes.equals(bytes.length === PAGE.length ? PAGE : Buffer.alloc(bytes.length));

async function syncPath(path: string) {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!gone(error)) throw error;
  }
}

function syncPathNow(path: string) {
  try {
    const descriptor = openSync(path, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!gone(error)) throw error;
  }
}
