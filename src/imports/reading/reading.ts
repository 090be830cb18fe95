import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Stay } from "../../platform/admission/gate.js";
import { Fault } from "../../platform/fault.js";
import type { Mapping } from "../mapping.js";
import type { MappedRow } from "../row.js";
import { BOUNDS } from "./bounds.js";
import type { Cell } from "./cell.js";
import type { FileFacts } from "./map-row.js";
import type { OpenFile } from "./open-file.js";
import { damaged, faultOf } from "./reading-fault.js";
import { tooMuch, type Unreadable } from "./unreadable.js";

/** A row as it lies in the file. */
export interface RawRow {
  /** Number and name of its sheet; a CSV is one sheet without a name. */
  sheet: number;
  name: string;
  csv: boolean;
  line: number;
  cells: readonly Cell[];
}

/** What the reading thread is to make of a file. */
export type Work = { kind: "mapped"; mapping: Mapping; facts: Omit<FileFacts, "heading"> } | { kind: "raw" };

/** What the reading thread answers when it is asked for more. */
export type Told = { kind: "rows"; rows: readonly (MappedRow | RawRow)[] } | { kind: "end" } | ({ kind: "unreadable" } & Pick<Unreadable, "reason" | "zh" | "en" | "facts">);

/** For whom a file is read. */
export interface Reader {
  /** Nobody waits any more. */
  signal?: AbortSignal;
  /** The place at work: left while the file is looked at first, and to others who wait where no transaction is open. */
  stay?: Pick<Stay, "outside" | "giveWay">;
}

/** Rows as a mapping reads them. Faults: FILE_DAMAGED; TIMEOUT where the signal says that nobody waits any more. */
export const readMapped = (file: OpenFile, mapping: Mapping, facts: Omit<FileFacts, "heading">, reader?: Reader) => read(file, { kind: "mapped", mapping, facts }, reader) as AsyncGenerator<MappedRow>;

/** Rows as they lie in the file. Faults: as of readMapped. */
export const readRawRows = (file: OpenFile, reader?: Reader) => read(file, { kind: "raw" }, reader) as AsyncGenerator<RawRow>;

/** Reading that gets no processor is no long reading, but ends all the same after so many times its bound. */
const MOST_TIMES = 10;
const LOOKED_AT_MS = 1_000;

/** How long a file has been read. */
class ReadingTime {
  /** The thread writes here by what number the system knows it; 0 where the system does not tell. */
  readonly thread = new Int32Array(new SharedArrayBuffer(4));
  /** All in all, for rows. */
  waitedMs = 0;

  /** What is left of the bound, after waiting so long for the next rows: of the processor's time, where that can be told. */
  leftMs(waitingMs: number): number {
    const waitedMs = this.waitedMs + waitingMs;
    return Math.min(BOUNDS.readingMs - (this.processorMs ?? waitedMs), MOST_TIMES * BOUNDS.readingMs - waitedMs);
  }

  private get processorMs(): number | undefined {
    try {
      return this.thread[0] === 0 ? undefined : Number(readFileSync(`/proc/self/task/${this.thread[0]}/schedstat`, "utf8").split(" ")[0]) / 1e6;
    } catch {
      return undefined;
    }
  }
}

/** Sources run as they are need the hook that makes them JavaScript; what is built does not. */
function startWorker(file: OpenFile, work: Work, thread: Int32Array): Worker {
  const source = import.meta.url.endsWith(".ts");
  return new Worker(new URL(`./reading.worker.${source ? "ts" : "js"}`, import.meta.url), {
    workerData: { file: { fd: file.fd, sizeBytes: file.sizeBytes }, work, thread },
    execArgv: source ? ["--import", new URL("../../../scripts/typescript.mjs", import.meta.url).href] : [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: BOUNDS.heapMegabytes, maxYoungGenerationSizeMb: 64, stackSizeMb: 4 },
  });
}

/** Reads a file in a thread of its own, one batch ahead of who takes the rows. The thread is gone when this ends, however it ends. */
async function* read(file: OpenFile, work: Work, { signal, stay }: Reader = {}): AsyncGenerator<MappedRow | RawRow> {
  if (file.sizeBytes > BOUNDS.fileBytes) throw faultOf(tooMuch("fileBytes"));
  const time = new ReadingTime();
  const worker = startWorker(file, work, time.thread);
  // What a thread that is being ended still has to say is nobody's concern.
  worker.on("error", () => undefined);
  let first = true;
  try {
    let answer = ask(worker, signal, time);
    for (;;) {
      const began = performance.now();
      const awaited = answer;
      const told = await (first && stay ? stay.outside(() => awaited) : awaited);
      first = false;
      time.waitedMs += performance.now() - began;
      if (told.kind === "end") return;
      if (told.kind === "unreadable") throw faultOf(told);
      answer = ask(worker, signal, time);
      // Refused while the rows before are still being taken, it is told when it is waited for.
      answer.catch(() => undefined);
      yield* told.rows;
    }
  } finally {
    await worker.terminate();
  }
}

function ask(worker: Worker, signal: AbortSignal | undefined, time: ReadingTime): Promise<Told> {
  return new Promise((resolve, reject) => {
    const answered = (told: Told) => settle(() => resolve(told));
    const failed = (error: Error & { code?: string }) => settle(() => reject(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? faultOf(tooMuch("heapMegabytes")) : error));
    const ended = () => settle(() => reject(damaged("LIMIT", "读取中断", "the reading ended early")));
    const aborted = () => settle(() => reject(new Fault("TIMEOUT", { reason: "nobody waits for the answer" })));
    const settle = (done: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      worker.off("message", answered).off("error", failed).off("exit", ended);
      done();
    };
    const began = performance.now();
    const look = () => {
      const leftMs = time.leftMs(performance.now() - began);
      if (leftMs <= 0) settle(() => reject(faultOf(tooMuch("readingMs"))));
      else timer = setTimeout(look, Math.max(LOOKED_AT_MS, leftMs));
    };
    let timer = setTimeout(look, time.leftMs(0));
    if (signal?.aborted) return aborted();
    signal?.addEventListener("abort", aborted);
    worker.on("message", answered).on("error", failed).on("exit", ended);
    worker.postMessage("more");
  });
}
