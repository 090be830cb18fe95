import { beforeAll, describe, expect, test } from "@jest/globals";
import { allLayers } from "../../src/layers/layer.js";
import type { Actor } from "../../src/platform/actor.js";
import { encodeTile, type TileLayer } from "../../src/platform/tiles/encode.js";
import { matrices } from "../../src/platform/tiles/matrix.js";
import { NO_HINTS } from "../../src/platform/read/hints.js";
import { TileMaker } from "../../src/platform/tiles/tile-maker.js";
import { inUnit, lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { counted, decode, dice, fetchTile, LEVELS, owned, placeRisks, tileAt, type Feature, type Placed, type Position } from "../support/map-tiles.js";

const district = useDistrict();
const random = dice(5);
const CROWD: Position = [106.75, 29.85];
const CROWDED = 5_300;

beforeAll(async () => {
  const rows: Placed[] = [];
  for (let at = 0; at < CROWDED; at += 1) rows.push({ position: [CROWD[0] + random() / 1_000, CROWD[1] + random() / 1_000], level: LEVELS[at % 10 === 0 ? 0 : 1 + (at % 3)]!, name: at % 7 ? `风险${at}` : "同名" });
  for (let at = 0; at < 300; at += 1) rows.push({ position: [106.4 + random() * 0.5, 29.5 + random() * 0.5], level: LEVELS[at % 4]! });
  await placeRisks(district.database.engine, district, rows);
  await inUnit(district.database.engine, async (client) => {
    // Lines and areas of every size, some of several parts.
    for (let at = 0; at < 60; at += 1) {
      const size = 10 ** -(1 + (at % 4));
      const places = Array.from({ length: 3 + (at % 9) }, (_, step) => [106.6 + Math.cos(step) * size * random(), 29.7 + Math.sin(step) * size * random()]);
      const line = { type: at % 3 ? "LineString" : "MultiLineString", coordinates: at % 3 ? places : [places, places.map(([lon, lat]) => [lon! + size, lat! + size])] };
      const hull = at % 2 ? "st_geomfromgeojson($2)" : "st_convexhull(st_geomfromgeojson($2))";
      await client.query(`update risks set extent = st_setsrid(${hull}, 4490) where id = (select id from risks order by fid offset $1 limit 1)`, [at, JSON.stringify(line)]);
    }
    for (const [name, size] of [["yubei", 0.4], ["huixing", 0.02], ["yuanyang", 0.000_05]] as const) {
      const star = Array.from({ length: 60 }, (_, at) => {
        const far = size * (0.6 + random() * 0.4);
        return [106.6 + Math.cos((at / 30) * Math.PI) * far, 29.7 + Math.sin((at / 30) * Math.PI) * far];
      });
      await client.query("update regions set boundary = st_multi(st_setsrid(st_geomfromgeojson($2), 4490)), point = st_setsrid(st_makepoint(106.6, 29.7), 4490) where id = $1", [district.regions[name]!.split("_")[1], JSON.stringify({ type: "Polygon", coordinates: [[...star, star[0]]] })]);
    }
  });
}, 120_000);

test("above the most features a tile shows, low ones give way before high ones, all stay counted, and the tile says so", async () => {
  const path = `risks/14/${tileAt("WebMercatorQuad", 14, CROWD).join("/")}.mvt`;
  const { layers, headers } = await fetchTile(district.as("office"), path);
  const features = owned(layers["risks"]);
  expect(headers.get("x-tile-crowded")).toBe("risks");
  expect(layers["meta"]).toMatchObject([{ properties: { layer: "risks", crowded: true, maximum: 5_000 } }]);
  const { rows } = await district.database.engine.pool.query("select current_level as level, count(*)::integer as n from risks where location && st_makeenvelope($1, $2, $3, $4, 4490) group by 1", [CROWD[0], CROWD[1], CROWD[0] + 0.001, CROWD[1] + 0.001]);
  const there = Object.fromEntries((rows as { level: string; n: number }[]).map(({ level, n }) => [level, n]));
  const alone = (level: string) => features.filter(({ properties }) => properties["currentLevel"] === level).length;
  for (const level of ["MAJOR", "CONSIDERABLE", "MODERATE"]) expect(alone(level)).toBeGreaterThanOrEqual(there[level]!);
  expect(alone("LOW")).toBeGreaterThan(0);
  expect(alone("LOW")).toBeLessThan(there["LOW"]!);
  expect(counted(features)).toBeGreaterThanOrEqual(CROWDED);
  for (const { properties } of features.filter((feature) => feature.properties["count"])) expect(properties["highestLevel"]).toBe("LOW");
  const calm = await fetchTile(district.as("office"), `risks/12/${tileAt("WebMercatorQuad", 12, [106.45, 29.55]).join("/")}.mvt`);
  expect(calm.headers.get("x-tile-crowded")).toBeNull();
  expect(calm.layers["meta"]).toBeUndefined();
});

test("what is written is read back: kinds of values, numbers beyond 32 bits, names, order", () => {
  const layer: TileLayer = {
    name: "层",
    ids: [1, 127, 128, 16_384, 2 ** 28, 2 ** 35 - 1, 2 ** 52 + 12_345],
    xs: [0, 4_095, -256, 64, 8_192, 1, 2],
    ys: [0, -1, 4_351, 63, -8_192, 1, 2],
    columns: [["文", ["甲", "甲", null, "é𠮷", "", "x".repeat(300), "1"]], ["数", [0, -1, 2 ** 31, 0.5, null, -(2 ** 40), 1]], ["真", [true, false, null, null, true, false, true]], ["空", [null, null, null, null, null, null, null]]],
  };
  const read = decode(encodeTile([layer, { name: "无", ids: [], xs: [], ys: [], columns: [] }]));
  expect(Object.keys(read)).toEqual(["层"]);
  expect(read["层"]!.map(({ id, rings, properties }) => ({ id, at: rings[0]![0], properties }))).toEqual(
    layer.ids.map((id, at) => ({ id, at: { x: layer.xs[at], y: layer.ys[at] }, properties: Object.fromEntries(layer.columns.flatMap(([name, values]) => (values[at] === null ? [] : [[name, values[at]]]))) })),
  );
  expect(encodeTile([])).toHaveLength(0);
});

(lane === "postgresql" ? describe : describe.skip)("the database and this process", () => {
  const near: Position = [106.6, 29.7];
  const tiles = [
    ["risks", 6, near], ["risks", 9, near], ["risks", 11, CROWD], ["risks", 12, near], ["risks", 14, CROWD], ["risks", 17, CROWD], ["subjects", 8, near], ["subjects", 14, [106.62, 29.7]],
    ["regions", 5, near], ["regions", 9, near], ["regions", 11, near], ["regions", 14, near], ["regions", 20, near], ["hidden-dangers", 9, near],
    ...[0, 5, 9, 12, 15].flatMap((z) => [["risk-hexagons", z, near], ["risk-squares", z, near], ["coverage", z, [106.62, 29.7]], ["risk-areas", z, near]] as const), ["risk-hexagons", 14, CROWD], ["coverage-regions", 9, near], ["regions-weighted", 11, near], ["regions-counts", 5, near],
  ] as const;
  test.each(tiles.flatMap((tile) => [[...tile, "WebMercatorQuad", false], [...tile, "CGCS2000Quad", false], [...tile, "WebMercatorQuad", true]] as const))("write the same tile of %s at zoom %s near %s in %s, shifted %s", async (id, z, position, tms, shifted) => {
    const { pool } = district.database.engine;
    const { rows } = await pool.query("select path::text as path from regions where code = '500112000000'");
    const actor: Actor = { id: "00000000-0000-0000-0000-000000000001", kind: "PERSON", name: "test", personId: null, grants: [{ role: "COMMITTEE_OFFICE", regionPath: (rows[0] as { path: string }).path, countyCode: "500112", whole: "county", sectors: null, subjectId: null }] };
    const [x, y] = tileAt(tms, z, position);
    const asked = { layers: [{ layer: allLayers().find((layer) => layer.id === id)!, filter: undefined }], address: { matrix: matrices[tms]!, shifted, z, x, y }, asOf: null, actor };
    const [one, other] = await Promise.all((["database", "process"] as const).map(async (encoder) => (await (await TileMaker.over(pool, NO_HINTS, encoder)).plan(asked)).make()));
    const sorted = (features: Feature[]) => features.toSorted((a, b) => a.id - b.id);
    const read = (bytes: Buffer) => Object.fromEntries(Object.entries(bytes.length > 0 ? decode(bytes) : {}).map(([name, features]) => [name, sorted(features)]));
    expect(read(other!.bytes)).toEqual(read(one!.bytes));
    expect(one!.bytes.length > 0 || id === "hidden-dangers" || shifted || (z === 0 && tms === "CGCS2000Quad") || (z === 15 && id.startsWith("risk-"))).toBe(true);
    expect(other!.crowded).toEqual(one!.crowded);
  });
});
