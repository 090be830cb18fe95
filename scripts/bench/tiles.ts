/**
 * npm run bench -- --tiles: tiles of this service beside raw ST_AsMVT, put to PostgreSQL by pgbench over the same rows.
 *
 * Raw: what a tile server asks of PostGIS (ST_AsMVTGeom over ST_Transform, box widened by the buffer), one statement and
 * nothing else: no HTTP, key, scope, mask, validator, order of drawing. Before anything is timed the two tiles are decoded
 * and compared: features, properties, places. This service over HTTP with a real key: tiles that are made anew (each
 * request has a filter of its own that every row passes), tiles that are kept, and 304. As many sessions in the database
 * for both. Interleaved in rounds; ratios are taken round by round. Generator, service and database share the cores, of
 * which pgbench leaves the database more: processor time of a request is what the machine's load changes least.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { Meter } from "./cpu.js";
import { conditionsOf, prepareDatabase } from "./database.js";
import { Measurer, type Round } from "./measure.js";
import type { Options } from "./options.js";
import { pgbench, type RawRate } from "./pgbench.js";
import { UNIQUE, type Question } from "./question.js";
import { head, median, milliseconds, table } from "./report.js";
import { rawTile } from "./raw-tile.js";
import { say } from "./say.js";
import { fetchData, startThis, type Running } from "./servers.js";
import { decoded, differ, tilesNear, type Tile } from "./tile-question.js";

/** Sessions in the database: the service's pool as it is started here, and pgbench's. */
const POOL = 8;
const LEAD = 0.5;
/** Zooms of single points, and one where they are gathered; there is no raw statement of the latter's like. */
const [SINGLE, GATHERED] = [[12, 13, 14, 15, 16], 10] as const;

/** The fullest tiles of single points, of a thousand and more, one a zoom; and the fullest gathered one. */
async function findTiles(client: pg.Client, county: string): Promise<Tile[]> {
  const found: Tile[] = [];
  for (const z of SINGLE) {
    const [best] = await tilesNear(client, county, z, 4_500, 4_800);
    if (best && best.points >= 1_000) found.push(best);
  }
  if (found.length === 0) throw new Error("没有含 1000 至 4800 点的瓦片:数据太少 / no tile holds 1,000 to 4,800 points: too little data");
  const [gathered] = await tilesNear(client, county, GATHERED, 1_000_000, 1_000_000);
  return [...found.slice(0, 3), ...(gathered ? [gathered] : [])];
}

/** A question to this service alone. */
const question = (path: string, status: number, unique: boolean, headers: Record<string, string> = {}): Question => ({
  id: path, zh: "", en: "", status, unique,
  asks: { limit: [], this: [{ method: "GET", path, body: "", headers }], postgraphile: [] },
  answer: { limit: decoded, this: decoded, postgraphile: decoded },
  begins: { limit: "", this: status === 200 && !headers["accept-encoding"] ? "\u001a" : "", postgraphile: "" },
});

const pathOf = (layer: string, { z, x, y }: Pick<Tile, "z" | "x" | "y">) => `/tiles/${layer}/${z}/${x}/${y}.mvt`;

/** Bytes of the layer of regions at low zooms, over the tile that holds most of it. */
async function regionBytes(client: pg.Client, running: Running): Promise<{ z: number; boundaries: number; bytes: number }[]> {
  const sizes = [];
  for (const z of [3, 4, 5, 6, 7, 8]) {
    const { rows } = await client.query(
      `select floor((st_x(c) + 180) / 360 * 2 ^ $1)::integer as x, floor((0.5 - asinh(tan(radians(st_y(c)))) / (2 * pi())) * 2 ^ $1)::integer as y, count(*)::integer as boundaries
       from (select st_centroid(boundary) as c from regions where boundary is not null) b group by 1, 2 order by 3 desc, 1, 2 limit 1`,
      [z],
    );
    const [at] = rows as { x: number; y: number; boundaries: number }[];
    if (at) sizes.push({ z, boundaries: at.boundaries, bytes: (await (await fetch(running.url + pathOf("regions", { z, ...at }), { headers: running.headers })).arrayBuffer()).byteLength });
  }
  return sizes;
}

interface Measured {
  tile: Tile;
  rounds: { raw: RawRate | null; made: Round; kept: Round; unchanged: Round }[];
}

/** Measures over one database. */
export async function tiles(url: string, options: Options): Promise<{ text: string; figures: unknown }> {
  say("正在准备数据库", "preparing the database");
  const prepared = await prepareDatabase(url);
  const conditions = await conditionsOf(url);
  const folder = mkdtempSync(join(tmpdir(), "bench-tiles-"));
  const client = new pg.Client({ connectionString: url, options: "-c timezone=Asia/Shanghai" });
  await client.connect();
  const meter = await new Meter(url).open();
  try {
    const county = prepared.inputs.county.code;
    const chosen = await findTiles(client, county);
    const running = await startThis(url, prepared.dataDir, prepared.caller.key);
    const measurer = new Measurer(meter);
    const pressure = { connections: options.connections, lead: LEAD, seconds: options.seconds };
    const measured: Measured[] = [];
    for (const tile of chosen) {
      const path = pathOf("risks", tile);
      const raw = tile.z === GATHERED ? null : rawTile(String(tile.z), String(tile.x), String(tile.y), `'${county}'`);
      const file = join(folder, `${tile.z}.sql`);
      if (raw) {
        writeFileSync(file, `${raw.replaceAll("\n", " ")};\n`);
        const difference = differ(decoded(((await client.query(raw)).rows[0] as { tile: Uint8Array }).tile), decoded(await fetchData(running, { method: "GET", path, body: "" })));
        if (difference) throw new Error(`${path}: ${difference}`);
      }
      const etag = (await fetch(running.url + path, { headers: running.headers })).headers.get("etag")!;
      const made = question(`${path}?filter=${encodeURIComponent(JSON.stringify({ name: { ne: UNIQUE } }))}`, 200, true);
      const kept = question(path, 200, false, { "accept-encoding": "br" });
      const unchanged = question(path, 304, false, { "if-none-match": etag });
      const rounds: Measured["rounds"] = [];
      for (let round = 0; round < options.rounds; round += 1) {
        const told = { raw: raw ? await pgbench(url, file, meter, POOL, options.seconds) : null, made: await measurer.round(running, made, pressure), kept: await measurer.round(running, kept, pressure), unchanged: await measurer.round(running, unchanged, pressure) };
        rounds.push(told);
        say(`z${tile.z} 第 ${round + 1} 轮:ST_AsMVT ${told.raw?.perSecond.toFixed(0) ?? "—"},新做 ${told.made.perSecond.toFixed(0)}`, `kept ${told.kept.perSecond.toFixed(0)}, 304 ${told.unchanged.perSecond.toFixed(0)} a second`);
      }
      measured.push({ tile, rounds });
    }
    const regions = await regionBytes(client, running);
    const text = [
      head([...conditions.machine, conditions.data, `${options.connections} 个 HTTP 连接、连接池 ${POOL};pgbench ${POOL} 个连接 / HTTP connections, a pool of ${POOL}; pgbench with ${POOL},${options.rounds} 轮 × ${options.seconds} 秒,取中位数 / rounds of ${options.seconds} s, medians`, "新做与 ST_AsMVT 的瓦片先解码比对,要素、属性、位置相同 / tiles made and raw were decoded and compared first: same features, properties, places"]),
      table(
        ["瓦片 / tile", "点 / points", "ST_AsMVT, /s", "新做 / made anew, /s", "**新做÷ST_AsMVT / made ÷ raw**", "已存 / kept, /s", "304, /s", "CPU ms: ST_AsMVT; 新做 / made; 已存 / kept; 304", "**新做÷已存, ÷304(CPU) / made ÷ kept, ÷ 304**"],
        measured.map(rowOf),
      ),
      `regions: ${regions.map(({ z, boundaries, bytes }) => `z${z} ${(bytes / 1_000).toFixed(1)} KB (${boundaries} 个边界 / boundaries)`).join(", ")}`,
    ].join("\n\n");
    return { text, figures: { conditions, measured, regions } };
  } finally {
    await meter.close();
    await client.end();
    await prepared.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Processor time of a request, the service's and its sessions' together. */
const spentOn = ({ nodeMs, databaseMs }: Round) => nodeMs + (databaseMs ?? NaN);

function rowOf({ tile, rounds }: Measured): string[] {
  const over = (of: (round: Measured["rounds"][number]) => number) => median(rounds.map(of));
  const raw = rounds.every((round) => round.raw !== null);
  const rate = (kind: "made" | "kept" | "unchanged") => over((round) => round[kind].perSecond).toFixed(0);
  const cpu = (kind: "made" | "kept" | "unchanged") => milliseconds(over((round) => spentOn(round[kind])));
  return [
    `${tile.z}/${tile.x}/${tile.y}${tile.z === GATHERED ? "(聚合 / gathered)" : ""}`, String(tile.points), raw ? over((round) => round.raw!.perSecond).toFixed(0) : "—", rate("made"), raw ? `**${over(({ raw: limit, made }) => made.perSecond / limit!.perSecond).toFixed(2)}**` : "—", rate("kept"), rate("unchanged"),
    `${raw ? milliseconds(over((round) => round.raw!.databaseMs ?? NaN)) : "—"}; ${cpu("made")}; ${cpu("kept")}; ${cpu("unchanged")}`,
    `**${over((round) => spentOn(round.made) / spentOn(round.kept)).toFixed(0)}, ${over((round) => spentOn(round.made) / spentOn(round.unchanged)).toFixed(0)}**`,
  ];
}
