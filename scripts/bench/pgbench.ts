import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Meter } from "./cpu.js";
import { keep, type Running } from "./servers.js";

/** As Debian lays out what does not stand in the path. */
const FOLDER = "/usr/lib/postgresql";
const program = (): string => (existsSync(FOLDER) ? readdirSync(FOLDER).toSorted((a, b) => Number(b) - Number(a)) : []).map((version) => join(FOLDER, version, "bin", "pgbench")).find((path) => existsSync(path)) ?? "pgbench";

/** Data in memory, every core busy already, short statements: what the service sets for its own sessions. */
const OPTIONS = "-c jit=off -c random_page_cost=1.1 -c max_parallel_workers_per_gather=0";
const EDGE_MS = 400;

export interface RawRate {
  perSecond: number;
  /** Milliseconds, of a statement from its sending to its last byte; the mean. */
  latency: number;
  /** Processor time of a statement in milliseconds; null where PostgreSQL's processes cannot be seen. */
  databaseMs: number | null;
}

/** Puts the one statement of a file to the database, over and over, for so many seconds. */
export async function pgbench(url: string, file: string, meter: Meter, connections: number, seconds: number): Promise<RawRate> {
  const whole = Math.max(2, Math.ceil(seconds));
  const child = keep(spawn(program(), ["-n", "-M", "prepared", "-f", file, "-c", String(connections), "-j", "1", "-T", String(whole), url], { env: { ...process.env, PGOPTIONS: OPTIONS, PGAPPNAME: "bench-raw" }, stdio: ["ignore", "pipe", "pipe"] }));
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  const ended = once(child, "exit");
  // Its sessions are gone when it is: what they spent is read from well within its run.
  const sessions: Running = { server: "limit", application: "bench-raw", url: "", headers: {}, pid: process.pid };
  await pause(EDGE_MS);
  const [before, began] = [await meter.read(sessions), performance.now()];
  await pause(whole * 1_000 - 2 * EDGE_MS);
  const [after, over] = [await meter.read(sessions), performance.now()];
  const [code] = (await ended) as [number | null];
  const perSecond = Number(/tps = ([\d.]+)/.exec(out)?.[1]);
  if (code !== 0 || !(perSecond > 0)) throw new Error(`pgbench: ${code}\n${out}`);
  const { databaseMs } = meter.between(before, after);
  return { perSecond, latency: Number(/latency average = ([\d.]+)/.exec(out)?.[1]), databaseMs: databaseMs === null ? null : databaseMs / (perSecond * ((over - began) / 1_000)) };
}
