import { beforeAll, describe, expect, test } from "@jest/globals";
import { fromCgcs2000 } from "../../src/platform/coordinates.js";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { dice, fetchTile, onSquare, owned, tileAt, type Feature, type Position } from "../support/map-tiles.js";

const district = useDistrict();
const random = dice(11);
const MIDDLE: Position = [106.6, 29.7];

/** A jagged ring around a place. */
const ring = ([lon, lat]: Position, size: number, corners: number) => {
  const made = Array.from({ length: corners }, (_, at) => {
    const [far, turn] = [size * (0.7 + random() * 0.3), (at / corners) * 2 * Math.PI];
    return [lon + Math.cos(turn) * far, lat + Math.sin(turn) * far];
  });
  return [...made, made[0]!];
};
const SHAPES = {
  yubei: { type: "Polygon", coordinates: [ring(MIDDLE, 0.4, 400), ring([106.55, 29.72], 0.05, 60)] },
  huixing: { type: "MultiPolygon", coordinates: [[ring([106.62, 29.71], 0.03, 80)], [ring([106.9, 29.9], 0.02, 5)]] },
  yuanyang: { type: "Polygon", coordinates: [ring([106.5, 29.6], 0.000_02, 12)] },
} as const;
let ids: Record<string, number>;

beforeAll(async () => {
  await inUnit(district.database.engine, async (client) => {
    for (const [name, shape] of Object.entries(SHAPES)) await client.query("update regions set boundary = st_multi(st_setsrid(st_geomfromgeojson($2), 4490)) where id = $1", [district.regions[name]!.split("_")[1], JSON.stringify(shape)]);
    await client.query("update regions set point = st_setsrid(st_makepoint(106.61, 29.69), 4490) where id = $1", [district.regions["village"]!.split("_")[1]]);
  });
  const { rows } = await district.database.engine.pool.query("select id, fid::integer as fid from regions");
  ids = Object.fromEntries(Object.entries(district.regions).map(([name, id]) => [name, (rows as { id: string; fid: number }[]).find((row) => row.id === id.split("_")[1])!.fid]));
});

const WAYS = [
  { name: "WebMercatorQuad", tms: "WebMercatorQuad", query: "", shift: (position: Position): Position => position },
  { name: "CGCS2000Quad", tms: "CGCS2000Quad", query: "?tms=CGCS2000Quad", shift: (position: Position): Position => position },
  { name: "GCJ-02", tms: "WebMercatorQuad", query: "?crs=GCJ02", shift: (position: Position): Position => fromCgcs2000(position, "GCJ02") },
] as const;

const signedArea = (points: readonly { x: number; y: number }[]) => points.slice(1).reduce((sum, { x, y }, at) => sum + points[at]!.x * y - x * points[at]!.y, 0) / 2;
/** Even-odd over all rings. */
const covers = (feature: Feature, x: number, y: number) =>
  feature.rings.reduce((inside, points) => points.slice(1).reduce((odd, b, at) => {
    const a = points[at]!;
    return a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x ? !odd : odd;
  }, inside), false);

describe.each(WAYS)("areas in $name", ({ tms, query, shift }) => {
  test.each([7, 9, 11, 13, 15])("at zoom %s cover what the boundary covers, with sound rings", async (z) => {
    const unit = 360 / 2 ** z / 4096;
    const samples = Array.from({ length: 60 }, (): Position => [106.15 + random() * 0.9, 29.3 + random() * 0.8]);
    const { rows } = await district.database.engine.pool.query(
      `select p.at::integer as at, r.fid::integer as fid, st_covers(r.boundary, p.place) as covered, st_distance(st_boundary(r.boundary), p.place) as far
       from (select row_number() over () - 1 as at, st_setsrid(st_makepoint(lon, lat), 4490) as place from unnest($1::float8[], $2::float8[]) s(lon, lat)) p, regions r where r.fid = any($3)`,
      [samples.map(([lon]) => lon), samples.map(([, lat]) => lat), [ids["yubei"], ids["huixing"]]],
    );
    let [compared, inside] = [0, 0];
    for (const { at, fid, covered, far } of rows as { at: number; fid: number; covered: boolean; far: number }[]) {
      if (far < 4 * unit) continue;
      const position = shift(samples[at]!);
      const [x, y] = tileAt(tms, z, position);
      const [across, down] = onSquare(tms, position).map((part) => part * 2 ** z) as [number, number];
      const feature = (await fetchTile(district.as("office"), `regions/${z}/${x}/${y}.mvt${query}`)).layers["regions"]?.find(({ id }) => id === fid);
      const shown = feature?.kind === "Polygon" ? covers(feature, (across - x) * 4096, (down - y) * 4096) : false;
      expect({ z, at: samples[at], fid, shown }).toEqual({ z, at: samples[at], fid, shown: covered });
      compared += 1;
      if (covered) inside += 1;
      const rings = feature?.kind === "Polygon" ? feature.rings : [];
      expect(rings.every((points, first) => (first === 0 ? signedArea(points) > 0 : signedArea(points) !== 0))).toBe(true);
      expect(rings.flat().every((point) => Math.max(-point.x, -point.y, point.x - 4096, point.y - 4096) <= 64)).toBe(true);
      const { rows: [sound] } = await district.database.engine.pool.query("select st_isvalid(st_geomfromgeojson($1)) as valid", [JSON.stringify({ type: "MultiPolygon", coordinates: grouped(rings) })]);
      expect({ z, x, y, fid, valid: (sound as { valid: boolean }).valid }).toEqual({ z, x, y, fid, valid: true });
    }
    expect(compared).toBeGreaterThan(60);
    expect(inside).toBeGreaterThan(10);
  });

  test("an area too small to see is a point, in one tile, until it can be seen", async () => {
    const kinds: string[] = [];
    for (const z of [3, 8, 12, 15, 18, 21, 22]) {
      const [x, y] = tileAt(tms, z, shift([106.5, 29.6]));
      const found: Feature[] = [];
      for (const [dx, dy] of [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]] as const) found.push(...(((await fetchTile(district.as("office"), `regions/${z}/${x + dx}/${y + dy}.mvt${query}`).catch(() => ({ layers: {} as Record<string, Feature[]> }))).layers["regions"]) ?? []).filter(({ id }) => id === ids["yuanyang"]));
      const points = found.filter((feature) => feature.kind === "Point");
      const own = points.filter(({ rings }) => [rings[0]![0]!.x, rings[0]![0]!.y].every((part) => part >= 0 && part < 4096));
      kinds.push(own.length > 0 ? "point" : "area");
      expect(found.length).toBeGreaterThan(0);
      expect(own).toHaveLength(points.length > 0 ? 1 : 0);
    }
    expect(kinds).toEqual(kinds.toSorted().toReversed());
    expect([kinds[0], kinds.at(-1)]).toEqual(["point", "area"]);
  });
});

/** Rings of a tile as GeoJSON polygons: an outline turns one way, its holes the other. */
function grouped(rings: Feature["rings"]): number[][][][] {
  const polygons: number[][][][] = [];
  for (const points of rings) {
    const coordinates = points.map(({ x, y }) => [x, y]);
    if (signedArea(points) > 0) polygons.push([coordinates]);
    else polygons.at(-1)!.push(coordinates);
  }
  return polygons;
}

test("the database shifts to GCJ-02 as the library does, in and outside the box, holes and parts included", async () => {
  const { pool } = district.database.engine;
  const places = Array.from({ length: 500 }, (): Position => [60 + random() * 90, random() * 60]);
  const { rows } = await pool.query("select st_x(p) as lon, st_y(p) as lat from (select gcj02(st_setsrid(st_makepoint(lon, lat), 4490)) as p from unnest($1::float8[], $2::float8[]) with ordinality s(lon, lat, at) order by at) t", [places.map(([lon]) => lon), places.map(([, lat]) => lat)]);
  const worst = Math.max(...(rows as { lon: number; lat: number }[]).map(({ lon, lat }, at) => {
    const [x, y] = fromCgcs2000(places[at]!, "GCJ02");
    return Math.max(Math.abs(lon - x), Math.abs(lat - y));
  }));
  expect(worst).toBeLessThan(1e-9);
  const shape = { type: "MultiPolygon", coordinates: [SHAPES.yubei.coordinates, [ring([107, 30], 0.1, 7)]] } as const;
  const { rows: [made] } = await pool.query("select st_asgeojson(gcj02(st_setsrid(st_geomfromgeojson($1), 4490)), 12, 0)::json as shape", [JSON.stringify(shape)]);
  const { type, coordinates } = (made as { shape: { type: string; coordinates: number[][][][] } }).shape;
  expect(type).toBe("MultiPolygon");
  expect(coordinates.map((part) => part.map((outline) => outline.length))).toEqual(shape.coordinates.map((part) => part.map((outline) => outline.length)));
  const flat = shape.coordinates.flat(2);
  expect(Math.max(...coordinates.flat(2).map(([lon, lat], at) => {
    const [x, y] = fromCgcs2000(flat[at] as unknown as Position, "GCJ02");
    return Math.max(Math.abs(lon! - x), Math.abs(lat! - y));
  }))).toBeLessThan(1e-9);
});

test("a region without a boundary is its point, and shows its colour", async () => {
  const [x, y] = tileAt("WebMercatorQuad", 14, [106.61, 29.69]);
  const village = owned((await fetchTile(district.as("office"), `regions/14/${x}/${y}.mvt`)).layers["regions"]).find(({ id }) => id === ids["village"]);
  expect(village).toMatchObject({ kind: "Point", properties: { level: "VILLAGE" } });
  const past = await fetchTile(district.as("office"), `regions/14/${x}/${y}.mvt?asOf=${encodeURIComponent(new Date().toISOString())}`);
  expect(past.layers["regions"]!.map(({ id }) => id).toSorted()).toEqual((await fetchTile(district.as("office"), `regions/14/${x}/${y}.mvt`)).layers["regions"]!.map(({ id }) => id).toSorted());
});
