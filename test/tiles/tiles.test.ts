import { beforeAll, describe, expect, test } from "@jest/globals";
import { fromCgcs2000 } from "../../src/platform/coordinates.js";
import { counted, dice, fetchTile, LEVELS, onSquare, owned, placeRisks, tileAt, type Feature, type Placed, type Position } from "../support/map-tiles.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const random = dice(20_261_125);
const Z = 13;
/** A longitude and, in degrees, a latitude on the very edge of tiles of zoom 13 and deeper. */
const EDGE: Position = [(6522 / 2 ** 13) * 360 - 180, 90 - (1372 / 2 ** 13) * 360];

interface Known {
  id: number;
  lon: number;
  lat: number;
  level: string;
  site: number;
}
let known: Known[] = [];
let tally: Record<string, number> = {};

beforeAll(async () => {
  const level = () => LEVELS[[0, 1, 1, 2, 2, 2, 3, 3, 3, 3][Math.floor(random() * 10)]!]!;
  const around = (lon: number, lat: number, wide: number): Position => [lon + (random() - 0.5) * wide, lat + (random() - 0.5) * wide];
  const rows: Placed[] = [];
  for (let at = 0; at < 420; at += 1) rows.push({ position: around(106.62, 29.7, at % 3 ? 0.5 : 0.02), level: level(), site: at % 4 ? 0 : 1 });
  // On edges, on a corner, and many at one place.
  for (let at = 0; at < 24; at += 1) rows.push({ position: [EDGE[0], at % 2 ? EDGE[1] : 29.6 + at / 100], level: level() });
  for (let at = 0; at < 12; at += 1) rows.push({ position: [106.6 + at / 100, EDGE[1]], level: level() });
  for (let at = 0; at < 9; at += 1) rows.push({ position: [106.55, 29.65], level: level() });
  rows.push({ position: null, level: "MAJOR" });
  await placeRisks(district.database.engine, district, rows);
  const found = await district.database.engine.pool.query("select r.fid::integer as id, st_x(r.location) as lon, st_y(r.location) as lat, r.current_level as level, case when r.subject_id = $1 then 0 else 1 end as site from risks r where r.location is not null", [district.sites[0]!.split("_")[1]]);
  known = found.rows as Known[];
  tally = Object.fromEntries(LEVELS.map((name) => [name, known.filter((row) => row.level === name).length]));
});

const WAYS = [
  { name: "WebMercatorQuad", tms: "WebMercatorQuad", query: "", shift: (position: Position): Position => position },
  { name: "CGCS2000Quad", tms: "CGCS2000Quad", query: "?tms=CGCS2000Quad", shift: (position: Position): Position => position },
  { name: "GCJ-02", tms: "WebMercatorQuad", query: "?crs=GCJ02", shift: (position: Position): Position => fromCgcs2000(position, "GCJ02") },
] as const;
type Way = (typeof WAYS)[number];

/** Every tile of a zoom that holds a row, and what lies around it. */
function tilesWith(way: Way, z: number, rows: readonly Known[]): Map<string, Known[]> {
  const tiles = new Map<string, Known[]>();
  for (const row of rows) {
    const [x, y] = tileAt(way.tms, z, way.shift([row.lon, row.lat]));
    for (const [dx, dy] of [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      const key = `${x + dx}/${y + dy}`;
      if (x + dx < 0 || y + dy < 0 || x + dx >= 2 ** z || y + dy >= 2 ** (way.tms === "CGCS2000Quad" ? z - 1 : z)) continue;
      const there = tiles.get(key) ?? [];
      if (dx === 0 && dy === 0) there.push(row);
      tiles.set(key, there);
    }
  }
  return tiles;
}

async function allOf(name: string, way: Way, z: number, rows: readonly Known[]): Promise<Map<string, Feature[]>> {
  const found = new Map<string, Feature[]>();
  for (const place of tilesWith(way, z, rows).keys()) found.set(place, (await fetchTile(district.as(name), `risks/${z}/${place}.mvt${way.query}`)).layers["risks"] ?? []);
  return found;
}

describe.each(WAYS)("in $name", (way) => {
  test.each([["office", [0, 1]], ["street", [0]], ["neighbour", [1]], ["stranger", []], ["nobody", []]] as const)("a tile has exactly the rows %s sees there, each in one tile", async (name, sites) => {
    const seen = known.filter((row) => (sites as readonly number[]).includes(row.site));
    const expected = tilesWith(way, Z, known);
    const tiles = await allOf(name, way, Z, known);
    for (const [place, rows] of expected) expect({ place, ids: owned(tiles.get(place)).map(({ id }) => id).toSorted((a, b) => a - b) }).toEqual({ place, ids: rows.filter((row) => seen.includes(row)).map(({ id }) => id).toSorted((a, b) => a - b) });
    const all = [...tiles.values()].flatMap(owned).map(({ id }) => id);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(seen.length);
  });

  test("positions are those of the row, to one unit, and so are those of copies at the edge", async () => {
    const byId = new Map(known.map((row) => [row.id, row]));
    let [checked, copies] = [0, 0];
    for (const [place, features] of await allOf("office", way, Z, known)) {
      const [x, y] = place.split("/").map(Number) as [number, number];
      for (const { id, rings, properties } of features) {
        const row = byId.get(id)!;
        const [across, down] = onSquare(way.tms, way.shift([row.lon, row.lat])).map((part) => part * 2 ** Z) as [number, number];
        expect(Math.abs(rings[0]![0]!.x - (across - x) * 4096)).toBeLessThanOrEqual(1);
        expect(Math.abs(rings[0]![0]!.y - (down - y) * 4096)).toBeLessThanOrEqual(1);
        checked += 1;
        if (properties["copy"]) copies += 1;
      }
    }
    expect(checked).toBeGreaterThan(known.length);
    expect(copies).toBe(checked - known.length);
  });

  test("at every zoom every row is counted once, by its level, and every major one is a feature of its own", async () => {
    const majors = known.filter(({ level }) => level === "MAJOR").map(({ id }) => id).toSorted((a, b) => a - b);
    for (const z of [1, 3, 6, 8, 9, 10, 11, 12, 14, 16]) {
      const features = [...(await allOf("office", way, z, known)).values()].flatMap(owned);
      expect({ z, rows: counted(features) }).toEqual({ z, rows: known.length });
      const levels = Object.fromEntries(LEVELS.map((level) => [level, features.reduce((sum, { properties }) => sum + (properties["count"] ? ((properties[`count_${level}`] as number | undefined) ?? 0) : properties["currentLevel"] === level ? 1 : 0), 0)]));
      expect({ z, levels }).toEqual({ z, levels: tally });
      expect({ z, majors: features.filter(({ properties }) => properties["currentLevel"] === "MAJOR").map(({ id }) => id).toSorted((a, b) => a - b) }).toEqual({ z, majors });
      for (const { properties } of features.filter((feature) => feature.properties["count"])) expect(properties["highestLevel"]).toBe(LEVELS.find((level) => properties[`count_${level}`]));
      expect(new Set(features.map(({ id }) => id)).size).toBe(features.length);
      expect(features.length < known.length).toBe(z < 12);
    }
  });
});

test("higher levels come later, so that they are drawn on top", async () => {
  for (const path of ["risks/9/407/211.mvt", `risks/12/${tileAt("WebMercatorQuad", 12, [106.62, 29.7]).join("/")}.mvt`]) {
    const ranks = (await fetchTile(district.as("office"), path)).layers["risks"]!.map(({ properties }) => LEVELS.indexOf((properties["currentLevel"] ?? properties["highestLevel"]) as never));
    expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
    expect(new Set(ranks).size).toBeGreaterThan(2);
  }
});

test("a filter is the one of lists and counts", async () => {
  const office = district.as("office");
  const filter = { or: [{ currentLevel: { in: ["MAJOR", "CONSIDERABLE"] } }, { subject: { name: { eq: "示例场所1" } } }], not: { code: { startsWith: "T-0" } } };
  const { riskCounts } = await office.ask("query($f:RiskFilter!){riskCounts(by:[],filter:$f){count}}", { f: { ...filter, bbox: { west: 105, south: 28, east: 108, north: 31 } } });
  const path = `risks/6/50/26.mvt?filter=${encodeURIComponent(JSON.stringify(filter))}`;
  const features = (await fetchTile(office, path)).layers["risks"]!;
  expect(counted(owned(features))).toBe(riskCounts[0].count);
  expect(riskCounts[0].count).toBeLessThan(known.length);
});

test("a tile as of an instant is the tile of then", async () => {
  const office = district.as("office");
  await new Promise((resolve) => setTimeout(resolve, 20));
  const then = new Date().toISOString();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const place = tileAt("WebMercatorQuad", 14, [110.001, 30.001]).join("/");
  const [made] = await placeRisks(district.database.engine, district, [{ position: [110.001, 30.001], name: "后来的" }]);
  expect((await fetchTile(office, `risks/14/${place}.mvt`)).layers["risks"]).toMatchObject([{ properties: { code: `T-${made}`, name: "后来的" } }]);
  expect((await fetchTile(office, `risks/14/${place}.mvt?asOf=${encodeURIComponent(then)}`)).status).toBe(204);
  const past = await fetchTile(office, `risks/9/407/211.mvt?asOf=${encodeURIComponent(then)}`);
  expect(past.layers).toEqual((await fetchTile(office, "risks/9/407/211.mvt")).layers);
  expect(await (await office.fetch(`/tiles/risks/9/407/211.mvt?asOf=2001-01-01`)).json()).toMatchObject({ status: 400, code: "AS_OF_BEFORE_HISTORY" });
});

test("layers asked for together are those asked for alone", async () => {
  const office = district.as("office");
  const place = `9/407/211.mvt`;
  const together = (await fetchTile(office, `risks,subjects,hidden-dangers/${place}`)).layers;
  const alone = { ...(await fetchTile(office, `risks/${place}`)).layers, ...(await fetchTile(office, `subjects/${place}`)).layers };
  expect(together).toEqual(alone);
  expect(Object.keys(together).toSorted()).toEqual(["risks", "subjects"]);
});

test("a tile warmed by one caller shows another no more than the other may see", async () => {
  const path = "risks/6/50/26.mvt";
  const office = await fetchTile(district.as("office"), path);
  const street = await fetchTile(district.as("street"), path, { "if-none-match": office.etag });
  expect(street.status).toBe(200);
  expect(counted(owned(street.layers["risks"]))).toBe(known.filter(({ site }) => site === 0).length);
  for (const name of ["nobody", "stranger", "system_admin"]) expect((await fetchTile(district.as(name), path, { "if-none-match": office.etag })).status).toBe(204);
  expect((await fetchTile(district.as("auditor"), path)).layers).toEqual(office.layers);
});
