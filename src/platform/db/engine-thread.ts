import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type EngineOpening, type EngineReport, type EngineRequest, errorOf } from "./engine-messages.js";
import { newMark, Watchdog } from "./engine-watch.js";
import { log } from "../log.js";

/** Of the thread's own heap, beside the engine's memory: beyond it the thread ends, and not the process. */
const HEAP_MB = 1_024;
/** Between attempts to open again what cannot be opened: a full disk, an exhausted memory. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** The embedded engine is not there; what was under way on it is as if a server's connection had broken. */
export class EngineGone extends Error {
  override readonly name = "EngineGone";
  /** SQLSTATE connection_failure, as the driver's callers know it. */
  readonly code = "08006";
  constructor(reason: string) {
    super(`内嵌数据库中断,正在重新打开 / the embedded database broke and is being opened again: ${reason}`);
  }
}

type Answer = { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void };
type Asked = EngineRequest extends infer R ? (R extends EngineRequest ? Omit<R, "id"> : never) : never;

export interface ThreadOptions extends Omit<EngineOpening, "watch"> {
  progress: (zh: string, en: string) => void;
}

/** A thread with an open database. */
interface Running {
  worker: Worker;
  watchdog: Watchdog;
}

/**
 * The embedded engine in a thread of its own: whatever it is asked, this thread goes on. A thread that ends by itself
 * is replaced: to the database that is a crash, after which it recovers what was committed from its log.
 */
export class EngineThread {
  private readonly waiting = new Map<number, Answer>();
  private asked = 0;
  private wires = 0;
  /** Who speaks to the engine, and how each is told that it is gone. */
  private readonly speaking = new Map<number, (gone: EngineGone) => void>();
  private running: Promise<Running>;
  private current: Running | null = null;
  private closing = false;
  /** Why it is not there, while it cannot be opened again. */
  private failure: EngineGone | null = null;
  /** What the disk holds is not known any more once it failed to take it; another thread does not make it known. */
  private unsafe: Error | null = null;

  private constructor(private readonly options: ThreadOptions) {
    this.running = this.open(options.progress);
  }

  /** @throws what opening the database threw. */
  static async start(options: ThreadOptions): Promise<EngineThread> {
    const thread = new EngineThread(options);
    await thread.running;
    return thread;
  }

  /**
   * The number of a new conversation; waits for an engine that is just being opened again.
   * @throws EngineGone at once where that has failed before.
   */
  async newWire(onGone: (gone: EngineGone) => void): Promise<number> {
    if (this.failure) throw this.failure;
    await this.running;
    this.speaking.set(++this.wires, onGone);
    return this.wires;
  }

  endWire(wire: number): void {
    this.speaking.delete(wire);
  }

  /** Hands over what a conversation's client says; the bytes become the engine's. @returns what it answers. */
  exchange(wire: number, bytes: Uint8Array): Promise<Uint8Array> {
    const answer = this.ask({ kind: "exchange", wire, bytes }, [bytes.buffer as ArrayBuffer]);
    this.current?.watchdog.watch();
    return answer;
  }

  /** See DurableFiles.durable. */
  async durable(): Promise<void> {
    if (this.unsafe) throw this.unsafe;
    try {
      await this.ask({ kind: "durable" });
    } catch (error) {
      if (!(error instanceof EngineGone)) this.unsafe = error as Error;
      throw error;
    }
  }

  /** The whole database as a gzip file. */
  dump(): Promise<Uint8Array> {
    return this.ask({ kind: "dump" });
  }

  async close(): Promise<void> {
    this.closing = true;
    const { worker, watchdog } = await this.running;
    watchdog.stop();
    try {
      await this.ask({ kind: "close" });
    } finally {
      await worker.terminate();
    }
  }

  private ask(request: Asked, moved: ArrayBuffer[] = []): Promise<Uint8Array> {
    const { current } = this;
    if (!current) return Promise.reject(new EngineGone("not open"));
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      // Only what is waited for keeps the process alive.
      if (this.waiting.size === 0) current.worker.ref();
      this.waiting.set(id, { resolve, reject });
      current.worker.postMessage({ ...request, id }, moved);
    });
  }

  private settle(id: number): Answer | undefined {
    const answer = this.waiting.get(id);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.current?.worker.unref();
    return answer;
  }

  private open(progress: ThreadOptions["progress"]): Promise<Running> {
    const watch = newMark();
    const { dataDir, snapshotPath, deadlineMs } = this.options;
    const opening: EngineOpening = { dataDir, snapshotPath, deadlineMs, watch };
    // Nothing of this process's own flags: they load what the thread does not need.
    const worker = new Worker(new URL("./engine-worker.mjs", import.meta.url), {
      name: "engine",
      workerData: opening,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    return new Promise<Running>((opened, failed) => {
      let reason: Error | null = null;
      worker.on("message", (report: EngineReport) => {
        switch (report.kind) {
          case "answer":
            return this.settle(report.id)?.resolve(report.bytes ?? new Uint8Array(0));
          case "failure":
            return this.settle(report.id)?.reject(errorOf(report.failure));
          case "progress":
            return progress(report.zh, report.en);
          case "broken":
            reason = errorOf(report.failure);
            return;
          case "open": {
            const { interruptPending, queryCancelPending, statementTimeout } = report;
            const flags = { memory: new Int32Array(report.memory), interruptPending, queryCancelPending, statementTimeout };
            const deaf = () => {
              reason = new Error("a statement could not be cancelled");
              void worker.terminate();
            };
            this.current = { worker, watchdog: new Watchdog(watch, flags, () => this.waiting.size > 0, deaf) };
            worker.unref();
            opened(this.current);
          }
        }
      });
      worker.on("error", (error) => (reason ??= error));
      worker.once("exit", (code) => {
        const error = reason ?? new Error(`the engine's thread ended with ${code}`);
        if (this.current?.worker === worker) this.lost(error);
        failed(error);
      });
    });
  }

  private lost(error: Error) {
    this.current?.watchdog.stop();
    this.current = null;
    const gone = new EngineGone(error.message);
    for (const { reject } of this.waiting.values()) reject(gone);
    this.waiting.clear();
    for (const tell of this.speaking.values()) tell(gone);
    this.speaking.clear();
    if (this.closing) return;
    log.trouble("内嵌数据库已停,将重新打开 / the embedded database has stopped and is opened again", gone);
    this.running = this.reopen();
    // Who needs it waits for it and is told; nobody may be waiting.
    this.running.catch(() => undefined);
  }

  private async reopen(): Promise<Running> {
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      try {
        const running = await this.open(() => {});
        this.failure = null;
        return running;
      } catch (error) {
        if (this.closing) throw error;
        this.failure = new EngineGone((error as Error).message);
        log.trouble("无法重新打开内嵌数据库,将再试 / the embedded database cannot be opened again yet", error);
        await pause(wait, undefined, { ref: false });
      }
    }
  }
}
