import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Meter } from "./cpu.js";
import type { Job, Load, Told } from "./load.js";
import type { Question } from "./question.js";
import { keep, TYPESCRIPT, type Running } from "./servers.js";

/** One server, one question, one round. */
export interface Round {
  perSecond: number;
  requests: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  kilobytes: number;
  /** Processor time of a request in milliseconds; PostgreSQL's is null where its processes cannot be seen. */
  nodeMs: number;
  databaseMs: number | null;
}

export interface Pressure {
  connections: number;
  lead: number;
  seconds: number;
}

export class Measurer {
  private readonly generator: ChildProcess;

  constructor(private readonly meter: Meter) {
    this.generator = keep(fork(fileURLToPath(new URL("load.ts", import.meta.url)), { execArgv: TYPESCRIPT, stdio: ["ignore", "inherit", "inherit", "ipc"] }));
  }

  async round(running: Running, question: Question, pressure: Pressure, meter = this.meter): Promise<Round> {
    const { server } = running;
    const job: Job = { url: running.url, headers: running.headers, asks: question.asks[server], begins: question.begins[server], unique: question.unique ?? false, status: question.status ?? 200, ...pressure };
    const unwatch = meter.watch(running);
    let before: ReturnType<Meter["read"]> | undefined;
    let after: ReturnType<Meter["read"]> | undefined;
    try {
      const load = await new Promise<Load>((resolve, reject) => {
        const listen = (told: Told) => {
          if (told.kind === "began") before = meter.read(running);
          else if (told.kind === "ended") after = meter.read(running);
          else {
            this.generator.off("message", listen);
            if (told.kind === "failed") reject(new Error(`${question.id} ${server}: ${told.reason}`));
            else resolve(told.load);
          }
        };
        this.generator.on("message", listen);
        this.generator.send(job);
      });
      if (load.requests === 0) throw new Error(`${question.id} ${server}: 本轮没有完成的请求 / no request was answered in this round`);
      const { nodeMs, databaseMs } = meter.between(await before!, await after!);
      const each = (total: number) => total / load.requests;
      return { perSecond: load.requests / load.seconds, requests: load.requests, p50: load.p50, p99: load.p99, kilobytes: each(load.bytes) / 1_024, nodeMs: each(nodeMs), databaseMs: databaseMs === null ? null : each(databaseMs) };
    } finally {
      unwatch();
    }
  }
}
