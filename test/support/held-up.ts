import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Engine } from "../../src/platform/db/engine.js";

/** What a request did to others. */
export interface HeldUp {
  status: number;
  /** The beginning of the answer. */
  head: string;
  bytes: number;
  /** The longest the process did nothing else, in milliseconds. */
  blockedMs: number;
  /** By how much the largest session of the database grew meanwhile, in megabytes of its own; null where that is not to be seen. */
  grownMb: number | null;
}

const HEAD_BYTES = 2_000;
const RESOLUTION_MS = 5;

/** Memory of a process's own, in megabytes. */
function ownMemory(pid: number): number | null {
  const status = `/proc/${pid}/status`;
  try {
    return existsSync(status) ? Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))?.[1] ?? Number.NaN) / 1_024 : null;
  } catch {
    return null;
  }
}

/** Sessions of the database by process, on this machine. */
async function sessions(engine: Engine): Promise<Map<number, number>> {
  const { rows } = await engine.pool.query("select pid from pg_stat_activity where datname = current_database()");
  return new Map((rows as { pid: number }[]).flatMap(({ pid }) => {
    const memory = ownMemory(pid);
    return memory === null || Number.isNaN(memory) ? [] : [[pid, memory] as const];
  }));
}

/** Sends a request and drains its answer without reading it, so that what is measured is the service's work. */
function drained(url: string, method: string, headers: Record<string, string>, body?: string): Promise<Pick<HeldUp, "status" | "head" | "bytes">> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let bytes = 0;
      const head: Buffer[] = [];
      response.on("data", (chunk: Buffer) => {
        if (bytes < HEAD_BYTES) head.push(chunk);
        bytes += chunk.length;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, head: Buffer.concat(head).subarray(0, HEAD_BYTES).toString(), bytes }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Asks once and sees how long the event loop stood still and how much the database's sessions grew. */
export async function heldUp(engine: Engine | undefined, url: string, headers: Record<string, string>, body?: string): Promise<HeldUp> {
  const before = engine ? await sessions(engine) : new Map<number, number>();
  await pause(20);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let grown = 0;
  const watch = setInterval(() => {
    for (const [pid, memory] of before) grown = Math.max(grown, (ownMemory(pid) ?? memory) - memory);
  }, 15);
  delay.enable();
  const begun = performance.now();
  try {
    const answer = await drained(url, body === undefined ? "GET" : "POST", { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) }, body);
    // What was begun and not awaited is this request's as well.
    await pause(RESOLUTION_MS * 3);
    for (const [pid, memory] of before) grown = Math.max(grown, (ownMemory(pid) ?? memory) - memory);
    const blockedMs = Math.min(Math.max(0, delay.max / 1e6 - RESOLUTION_MS), performance.now() - begun);
    return { ...answer, blockedMs, grownMb: before.size > 0 ? grown : null };
  } finally {
    clearInterval(watch);
    delay.disable();
  }
}
