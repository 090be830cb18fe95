/**
 * The load, in a process of its own: sixteen connections, each sending its next request when the last is answered.
 * Plain sockets and ready-made buffers, because a generator shares the cores with what it measures: this one takes
 * half of autocannon's processor time at small answers and a sixth at large ones.
 * Told what to do by measure.ts over the channel between processes.
 */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { UNIQUE, type Ask } from "./question.js";

export interface Job {
  url: string;
  headers: Readonly<Record<string, string>>;
  asks: readonly Ask[];
  begins: string;
  unique: boolean;
  /** Of every good answer. */
  status: number;
  connections: number;
  /** Seconds under load before counting begins: connections open, statements prepared. */
  lead: number;
  seconds: number;
}

export interface Load {
  requests: number;
  seconds: number;
  bytes: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** Sent in this order; the processor time between "began" and "ended" belongs to the requests counted. */
export type Told = { kind: "began" } | { kind: "ended" } | { kind: "result"; load: Load } | { kind: "failed"; reason: string };

const HEAD_END = "\r\n\r\n";

/** One run of a job, from opening its connections to the last answer. */
class Run {
  private counting = false;
  private over = false;
  private open = 0;
  private next = 0;
  private bytes = 0;
  private result: Load | undefined;
  private readonly latencies: number[] = [];
  private readonly texts: readonly string[];
  private readonly buffers: readonly Buffer[];

  constructor(
    private readonly job: Job,
    private readonly tell: (told: Told) => void,
  ) {
    const { host } = new URL(job.url);
    this.texts = job.asks.map((ask) => {
      const headers = Object.entries({ host, "content-type": "application/json", "content-length": String(Buffer.byteLength(ask.body)), connection: "keep-alive", ...job.headers, ...ask.headers });
      return `${ask.method ?? "POST"} ${ask.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${ask.body}`;
    });
    this.buffers = this.texts.map((text) => Buffer.from(text));
  }

  /** A fresh UUID is as long as what it stands for, so the length of the body holds. */
  private request(): Buffer {
    const at = this.next % this.buffers.length;
    this.next += 1;
    return this.job.unique ? Buffer.from(this.texts[at]!.replaceAll(UNIQUE, randomUUID())) : this.buffers[at]!;
  }

  start(): void {
    const { connections, lead, seconds } = this.job;
    for (let number = 0; number < connections; number += 1) this.connect();
    let began = 0;
    setTimeout(() => {
      began = performance.now();
      this.counting = true;
      this.tell({ kind: "began" });
    }, lead * 1_000);
    setTimeout(() => {
      this.over = true;
      this.counting = false;
      const took = (performance.now() - began) / 1_000;
      this.tell({ kind: "ended" });
      const sorted = this.latencies.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      this.result = { requests: sorted.length, seconds: took, bytes: this.bytes, p50: at(0.5), p99: at(0.99) };
      this.finish();
    }, (lead + seconds) * 1_000);
  }

  /** The next run begins only when the last answer of this one is in. */
  private finish(): void {
    if (this.result && this.open === 0) this.tell({ kind: "result", load: this.result });
  }

  private fail(reason: string): void {
    this.over = true;
    this.tell({ kind: "failed", reason });
  }

  private connect(): void {
    const socket = connect(Number(new URL(this.job.url).port), "127.0.0.1");
    socket.setNoDelay(true);
    this.open += 1;
    let sent = 0;
    let head: Buffer | undefined;
    let missing = -1;
    let size = 0;
    const send = () => {
      if (this.over) return void socket.destroy();
      head = undefined;
      missing = -1;
      sent = performance.now();
      socket.write(this.request());
    };
    socket.setTimeout(30_000, () => this.fail("no answer within 30 seconds"));
    socket.on("connect", send);
    socket.on("error", (error) => this.fail(String(error)));
    socket.on("close", () => {
      this.open -= 1;
      if (!this.over) this.fail("the server closed a connection");
      this.finish();
    });
    socket.on("data", (chunk: Buffer) => {
      if (missing < 0) {
        head = head ? Buffer.concat([head, chunk]) : chunk;
        const end = head.indexOf(HEAD_END);
        if (end < 0) return;
        const lines = head.toString("latin1", 0, end);
        // One that says only that nothing has changed has no body, and need not say so.
        size = this.job.status === 304 ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(lines)?.[1] ?? NaN);
        // The beginning of the body tells whether the answer is a good one; servers may write blanks around colons.
        const looked = Math.min(size, this.job.begins.length * 2);
        if (head.length < end + HEAD_END.length + looked) return;
        const body = head.toString("utf8", end + HEAD_END.length, end + HEAD_END.length + looked);
        if (!lines.startsWith(`HTTP/1.1 ${this.job.status} `) || Number.isNaN(size) || !body.replace(/\s/g, "").startsWith(this.job.begins)) return this.fail(`${lines.split("\r\n")[0]} ${head.toString("utf8", end, end + 600)}`);
        missing = size - (head.length - end - HEAD_END.length);
      } else missing -= chunk.length;
      if (missing > 0) return;
      // Errors of single fields stand at the end.
      if (missing < 0 || chunk.includes('"errors":[', Math.max(0, chunk.length - 500))) return this.fail(chunk.toString("utf8", Math.max(0, chunk.length - 500)));
      if (this.counting) {
        this.latencies.push(performance.now() - sent);
        this.bytes += size;
      }
      send();
    });
  }
}

process.on("message", (job: Job) => new Run(job, (told) => process.send!(told)).start());
process.on("disconnect", () => process.exit(0));
