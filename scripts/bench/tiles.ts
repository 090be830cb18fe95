/**
 * npm run bench -- --tiles: tiles of this service beside raw ST_AsMVT, put to PostgreSQL by pgbench over the same rows.
 *
 * Raw: what a tile server asks of PostGIS (ST_AsMVTGeom over ST_Transform, box widened by the buffer), one statement and
 * nothing else: no HTTP, key, scope, mask, validator, order of drawing. This service over HTTP with a real key: tiles
 * that are made anew (each request has a filter of its own that every row passes), tiles that are kept, and 304.
 * Interleaved in rounds; ratios are taken round by round. Generator, service and database share the cores.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { conditionsOf, prepareDatabase } from "./database.js";
import type { Options } from "./options.js";
import { head, median, milliseconds, table } from "./report.js";
import { rawTile } from "./raw-tile.js";
import { say } from "./say.js";
import { keep, startThis, type Running } from "./servers.js";
import { tilesNear, type Tile } from "./tile-question.js";

const RAW_OPTIONS = "-c jit=off -c random_page_cost=1.1 -c max_parallel_workers_per_gather=0";
const POOL = 8;
/** The fullest tile of each zoom that holds a wanted number of points. */
async function findTiles(client: pg.Client, county: string): Promise<Tile[]> {
  const found: Tile[] = [];
  for (const z of [10, 11, 12, 13, 14, 15, 16]) {
    const [best] = await tilesNear(client, county, z, 2_000, 4_000);
    if (best && best.points >= 1_000) found.push(best);
  }
  if (found.length === 0) throw new Error("没有含 1000 至 4000 点的瓦片:数据太少 / no tile holds 1,000 to 4,000 points: too little data");
  return found.slice(-2);
}

interface Rate {
  perSecond: number;
  p50: number;
}

async function pgbench(url: string, file: string, seconds: number): Promise<Rate> {
  const child = keep(spawn("pgbench", ["-n", "-M", "prepared", "-f", file, "-c", String(POOL), "-j", "2", "-T", String(Math.ceil(seconds)), url], { env: { ...process.env, PGOPTIONS: RAW_OPTIONS }, stdio: ["ignore", "pipe", "ignore"] }));
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  const [code] = (await once(child, "exit")) as [number | null];
  const perSecond = Number(/tps = ([\d.]+)/.exec(out)?.[1]);
  if (code !== 0 || !(perSecond > 0)) throw new Error(`pgbench: ${code}\n${out}`);
  return { perSecond, p50: Number(/latency average = ([\d.]+)/.exec(out)?.[1]) };
}

async function load(running: Running, connections: number, seconds: number, next: () => { path: string; headers?: Record<string, string> }, status: number): Promise<Rate> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(running.url);
  const latencies: number[] = [];
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const { path, headers } = next();
      const sent = performance.now();
      request({ agent, hostname, port, path, headers: { ...running.headers, ...headers } }, (response) => {
        if (response.statusCode !== status) return reject(new Error(`${path}: ${response.statusCode}`));
        response.resume().on("end", () => {
          latencies.push(performance.now() - sent);
          resolve();
        });
      }).on("error", reject).end();
    });
  const until = performance.now() + seconds * 1_000;
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() < until) await one();
  }));
  agent.destroy();
  return { perSecond: latencies.length / seconds, p50: median(latencies) };
}

/** Measures over one database. */
export async function tiles(url: string, options: Options): Promise<{ text: string; figures: unknown }> {
  say("正在准备数据库", "preparing the database");
  const prepared = await prepareDatabase(url);
  const conditions = await conditionsOf(url);
  const folder = mkdtempSync(join(tmpdir(), "bench-tiles-"));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const county = prepared.inputs.county.code;
    const chosen = await findTiles(client, county);
    const running = await startThis(url, prepared.dataDir, prepared.caller.key);
    let asked = 0;
    const measured = [];
    for (const tile of chosen) {
      const path = `/tiles/risks/${tile.z}/${tile.x}/${tile.y}.mvt`;
      const file = join(folder, `${tile.z}.sql`);
      writeFileSync(file, `${rawTile(String(tile.z), String(tile.x), String(tile.y), `'${county}'`)};\n`);
      const etag = (await fetch(running.url + path, { headers: running.headers })).headers.get("etag")!;
      const kinds = {
        made: () => load(running, options.connections, options.seconds, () => ({ path: `${path}?filter=${encodeURIComponent(JSON.stringify({ name: { ne: `-${(asked += 1)}` } }))}` }), 200),
        kept: () => load(running, options.connections, options.seconds, () => ({ path, headers: { "accept-encoding": "br" } }), 200),
        unchanged: () => load(running, options.connections, options.seconds, () => ({ path, headers: { "if-none-match": etag } }), 304),
      };
      await kinds.made();
      const rounds = [];
      for (let round = 0; round < options.rounds; round += 1) {
        const raw = await pgbench(url, file, options.seconds);
        const [made, kept, unchanged] = [await kinds.made(), await kinds.kept(), await kinds.unchanged()];
        rounds.push({ raw, made, kept, unchanged });
        say(`z${tile.z} 第 ${round + 1} 轮:ST_AsMVT ${raw.perSecond.toFixed(0)},新做 ${made.perSecond.toFixed(0)}`, `kept ${kept.perSecond.toFixed(0)}, 304 ${unchanged.perSecond.toFixed(0)} a second`);
      }
      measured.push({ tile, rounds });
    }
    const text = [
      head([...conditions.machine, conditions.data, `${options.connections} 个 HTTP 连接、连接池 ${POOL};pgbench ${POOL} 个连接 / HTTP connections, a pool of ${POOL}; pgbench with ${POOL},${options.rounds} 轮 × ${options.seconds} 秒,取中位数 / rounds of ${options.seconds} s, medians`]),
      table(
        ["瓦片 / tile", "点 / points", "ST_AsMVT, /s", "新做 / made anew, /s", "**新做÷ST_AsMVT / made ÷ raw**", "已存 / kept, /s", "304, /s", "p50 ms: 新做 / made, 已存 / kept, 304"],
        measured.map(({ tile, rounds }) => {
          const rate = (kind: "raw" | "made" | "kept" | "unchanged") => median(rounds.map((round) => round[kind].perSecond)).toFixed(0);
          const p50 = (kind: "made" | "kept" | "unchanged") => milliseconds(median(rounds.map((round) => round[kind].p50)));
          return [`${tile.z}/${tile.x}/${tile.y}`, String(tile.points), rate("raw"), rate("made"), `**${median(rounds.map(({ raw, made }) => made.perSecond / raw.perSecond)).toFixed(2)}**`, rate("kept"), rate("unchanged"), `${p50("made")}, ${p50("kept")}, ${p50("unchanged")}`];
        }),
      ),
    ].join("\n\n");
    return { text, figures: { conditions, measured } };
  } finally {
    await client.end();
    await prepared.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
