import { assessPlainly } from "./plain-assessment.js";
import { randomUUID } from "node:crypto";
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import type { Engine } from "../../src/platform/db/engine.js";
import { inUnit } from "./database.js";
import type { Character, District } from "./district.js";

export interface Feature {
  id: number;
  kind: "Point" | "LineString" | "Polygon" | "Unknown";
  properties: Record<string, string | number | boolean>;
  rings: { x: number; y: number }[][];
}

export interface Fetched {
  status: number;
  etag: string;
  headers: Headers;
  layers: Record<string, Feature[]>;
}

const KINDS = ["Unknown", "Point", "LineString", "Polygon"] as const;

export function decode(bytes: Uint8Array): Record<string, Feature[]> {
  const { layers } = new VectorTile(new PbfReader(bytes));
  return Object.fromEntries(
    Object.entries(layers).map(([name, layer]) => [
      name,
      Array.from({ length: layer.length }, (_, at): Feature => {
        const feature = layer.feature(at);
        return { id: feature.id!, kind: KINDS[feature.type]!, properties: feature.properties, rings: feature.loadGeometry().map((ring) => ring.map(({ x, y }) => ({ x, y }))) };
      }),
    ]),
  );
}

export async function fetchTile(as: Character, path: string, headers: Record<string, string> = {}): Promise<Fetched> {
  const response = await as.fetch(`/tiles/${path}`, headers);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (![200, 204, 304].includes(response.status)) throw new Error(`${path}: ${response.status} ${new TextDecoder().decode(bytes)}`);
  return { status: response.status, etag: response.headers.get("etag")!, headers: response.headers, layers: bytes.length > 0 ? decode(bytes) : {} };
}

/** Features a tile owns. */
export const owned = (features: readonly Feature[] = []) => features.filter((feature) => !feature.properties["copy"]);

/** How many rows features stand for. */
export const counted = (features: readonly Feature[]) => features.reduce((sum, { properties }) => sum + ((properties["count"] as number | undefined) ?? 1), 0);

export type Position = readonly [lon: number, lat: number];

/** A position on the unit square of a tile matrix set, by the formulas of its definition. */
export const onSquare = (tms: "WebMercatorQuad" | "CGCS2000Quad", [lon, lat]: Position): [number, number] => [
  (lon + 180) / 360,
  tms === "WebMercatorQuad" ? 0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI) : (90 - lat) / 360,
];

export const tileAt = (tms: "WebMercatorQuad" | "CGCS2000Quad", z: number, position: Position) => onSquare(tms, position).map((part) => Math.floor(part * 2 ** z)) as [number, number];

export const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"] as const;

export interface Placed {
  position: Position | null;
  level?: (typeof LEVELS)[number];
  site?: 0 | 1;
  name?: string;
}

/** Identified risks at places, with the assessment each level needs, in one unit. Gives their UUIDs. */
export async function placeRisks(engine: Engine, district: District, rows: readonly Placed[]): Promise<string[]> {
  const made = rows.map((row) => ({ id: randomUUID(), level: row.level ?? "LOW", subject: district.sites[row.site ?? 0]!.split("_")[1], name: row.name ?? "测试风险", lon: row.position?.[0] ?? null, lat: row.position?.[1] ?? null }));
  await inUnit(engine, (client) => insertRisks(client, made));
  return made.map(({ id }) => id);
}

interface Querying {
  query(text: string, values: unknown[]): Promise<unknown>;
}

export async function insertRisks(client: Querying, made: readonly { id: string; level: string; subject: string | undefined; name: string; lon: number | null; lat: number | null }[]): Promise<void> {
  const told = JSON.stringify(made);
  await client.query(
    `insert into risks (id, region_id, code, name, domain, subject_id, sector, status, location)
     select r.id, s.region_id, 'T-' || r.id, r.name, 'WORK_SAFETY', s.id, s.sector, 'IDENTIFIED', case when r.lon is not null then st_setsrid(st_makepoint(r.lon, r.lat), 4490) end
     from json_to_recordset($1) r(id uuid, level text, subject uuid, name text, lon float8, lat float8) join subjects s on s.id = r.subject`,
    [told],
  );
  await assessPlainly(client as never, made);
  await client.query(`insert into risk_level_changes (id, risk_id, to_level, changed_at) select gen_random_uuid(), r.id, r.level, now() from json_to_recordset($1) r(id uuid, level text)`, [told]);
}

/** A repeatable source of numbers in [0, 1). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
