import { beforeAll, describe, expect, test } from "@jest/globals";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { dice, fetchTile, LEVELS, onSquare, owned, placeRisks, tileAt, type Feature, type Placed, type Position } from "../support/map-tiles.js";

const district = useDistrict();
const random = dice(31);
const GRIDS = ["risk-hexagons", "risk-squares"] as const;
const BOX = [106.3, 29.4, 107, 30] as const;
const total = 900;

beforeAll(async () => {
  const rows = Array.from({ length: total }, (_, at): Placed => ({ position: [BOX[0] + 0.01 + random() * 0.68, BOX[1] + 0.01 + random() * 0.58], level: LEVELS[at % 30 === 0 ? 0 : 1 + (at % 3)]!, site: (at % 2) as 0 | 1 }));
  await placeRisks(district.database.engine, district, rows);
}, 120_000);

type Tms = "WebMercatorQuad" | "CGCS2000Quad";
/** The features of a layer over the whole box: every tile that touches it, copies left out. */
async function over(who: string, layer: string, z: number, query = "", tms: Tms = "WebMercatorQuad"): Promise<Feature[]> {
  const [west, north] = tileAt(tms, z, [BOX[0] - 0.01, BOX[3] + 0.01]);
  const [east, south] = tileAt(tms, z, [BOX[2] + 0.01, BOX[1] - 0.01]);
  const found: Feature[] = [];
  for (let x = west; x <= east; x += 1) for (let y = north; y <= south; y += 1) found.push(...owned((await fetchTile(district.as(who), `${layer}/${z}/${x}/${y}.mvt${query}`)).layers[layer]));
  return found;
}
const sum = (features: readonly Feature[], of = "count") => features.reduce((all, { properties }) => all + Number(properties[of] ?? 0), 0);
const told = (features: readonly Feature[]) => Object.fromEntries(features.map(({ id, properties }) => [String(properties["cell"]), { id, ...properties }]));
const counted = async (more = "") => {
  const { rows } = await district.database.engine.pool.query(`select current_level as level, count(*)::integer as n from risks where location is not null ${more} group by 1`);
  return Object.fromEntries((rows as { level: string; n: number }[]).map(({ level, n }) => [level, n]));
};

/** The plane the cells are cut on, by its definition: a cylinder of equal area, true at 30 degrees. */
const RADIUS = 6_371_007.181;
const onPlane = ([lon, lat]: Position): [number, number] => [((lon * Math.PI) / 180) * RADIUS * Math.cos(Math.PI / 6), (Math.sin((lat * Math.PI) / 180) * RADIUS) / Math.cos(Math.PI / 6)];
/** The cell a position lies in: by the floor of its sides, or the nearest middle of all near it. */
function cellOf(grid: (typeof GRIDS)[number], z: number, position: Position): string {
  const side = 100 * 2 ** (14 - z);
  const [x, y] = onPlane(position);
  if (grid === "risk-squares") return `${side}:${Math.floor(x / side)}:${Math.floor(y / side)}`;
  const edge = side * Math.sqrt(2 / (3 * Math.sqrt(3)));
  const near: [number, string][] = [];
  const [column, row] = [Math.round(x / (1.5 * edge)), Math.round(y / (Math.sqrt(3) * edge))];
  for (let i = column - 2; i <= column + 2; i += 1)
    for (let j = row - 2; j <= row + 2; j += 1) near.push([(x - 1.5 * edge * i) ** 2 + (y - Math.sqrt(3) * edge * (j + (Math.abs(i) % 2) / 2)) ** 2, `${side}:${i}:${j}`]);
  return near.toSorted(([a], [b]) => a - b)[0]![1];
}

describe.each(GRIDS)("%s", (grid) => {
  test.each([3, 7, 10, 12, 13, 14])("at zoom %s hold every risk once, in the cell it lies in, and none is of a lower level than what is in it", async (z) => {
    const features = await over("office", grid, z);
    expect(new Set(features.map(({ id }) => id)).size).toBe(features.length);
    expect(sum(features)).toBe(total);
    for (const [level, n] of Object.entries(await counted())) expect([level, sum(features, `count_${level}`)]).toEqual([level, n]);
    const { rows } = await district.database.engine.pool.query("select st_x(location) as lon, st_y(location) as lat, current_level as level from risks where location is not null");
    const due: Record<string, { count: number; highest: number }> = {};
    for (const { lon, lat, level } of rows as { lon: number; lat: number; level: (typeof LEVELS)[number] }[]) {
      const cell = (due[cellOf(grid, z, [lon, lat])] ??= { count: 0, highest: 9 });
      cell.count += 1;
      cell.highest = Math.min(cell.highest, LEVELS.indexOf(level));
    }
    expect(Object.fromEntries(features.map(({ properties }) => [properties["cell"], [properties["count"], properties["highestLevel"]]]))).toEqual(Object.fromEntries(Object.entries(due).map(([cell, { count, highest }]) => [cell, [count, LEVELS[highest]]])));
    for (const { kind, properties } of features) expect([kind, properties["areaKm2"]]).toEqual(["Polygon", (100 * 2 ** (14 - z)) ** 2 / 1e6]);
  }, 60_000);

  test("are the same cells with the same counts in every tile matrix set and system, and in every tile that draws them", async () => {
    const mercator = told(await over("office", grid, 12));
    expect(told(await over("office", grid, 12, "?tms=CGCS2000Quad", "CGCS2000Quad"))).toEqual(mercator);
    expect(told(await over("office", grid, 12, "?crs=GCJ02"))).toEqual(mercator);
    const [x, y] = tileAt("WebMercatorQuad", 12, [106.6, 29.7]);
    let copies = 0;
    for (const { properties } of (await fetchTile(district.as("office"), `${grid}/12/${x}/${y}.mvt`)).layers[grid]!) {
      const { copy, ...rest } = properties;
      if (copy) copies += 1;
      expect(mercator[String(rest["cell"])]).toMatchObject(rest);
    }
    expect(copies).toBeGreaterThan(0);
  }, 60_000);

  test("are drawn where the risks in them are, and as large on the ground as they say", async () => {
    const z = 13;
    for (const tms of ["WebMercatorQuad", "CGCS2000Quad"] as const) {
      const { rows } = await district.database.engine.pool.query("select st_x(location) as lon, st_y(location) as lat from risks where location is not null order by id limit 40");
      for (const { lon, lat } of rows as { lon: number; lat: number }[]) {
        const [x, y] = tileAt(tms, z, [lon, lat]);
        const [across, down] = onSquare(tms, [lon, lat]).map((part) => part * 2 ** z) as [number, number];
        const cell = (await fetchTile(district.as("office"), `${grid}/${z}/${x}/${y}.mvt${tms === "CGCS2000Quad" ? "?tms=CGCS2000Quad" : ""}`)).layers[grid]!.find(({ properties }) => properties["cell"] === cellOf(grid, z, [lon, lat]))!;
        const ring = cell.rings[0]!;
        const box = (name: "x" | "y") => [Math.min(...ring.map((point) => point[name])) - 2, Math.max(...ring.map((point) => point[name])) + 2] as const;
        const [[left, right], [top, bottom]] = [box("x"), box("y")];
        const at = [(across - x) * 4096, (down - y) * 4096] as const;
        expect(at[0] >= left && at[0] <= right && at[1] >= top && at[1] <= bottom).toBe(true);
      }
    }
    const whole = (await over("office", grid, z)).filter(({ rings }) => rings[0]!.every(({ x, y }) => x > 0 && x < 4096 && y > 0 && y < 4096))[0]!;
    const [x, y] = tileAt("WebMercatorQuad", z, [106.6, 29.7]);
    // Where exactly it lies matters little to its size: the district is small.
    const ring = whole.rings[0]!.map((point) => {
      const fromTop = (y + point.y / 4096) / 2 ** z;
      return [((x + point.x / 4096) / 2 ** z) * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - 2 * fromTop))) * 180) / Math.PI];
    });
    const { rows: [measured] } = await district.database.engine.pool.query("select st_area(st_setsrid(st_geomfromgeojson($1), 4326)::geography) / 1e6 as km2", [JSON.stringify({ type: "Polygon", coordinates: [ring] })]);
    expect((measured as { km2: number }).km2 / Number(whole.properties["areaKm2"])).toBeCloseTo(1, 1);
  }, 60_000);

  test("hold what their reader sees, what a filter leaves and what was known then, and are new after a write", async () => {
    const began = new Date().toISOString();
    expect(sum(await over("street", grid, 11))).toBe(total / 2);
    expect(sum(await over("stranger", grid, 11))).toBe(0);
    expect(sum(await over("nobody", grid, 11))).toBe(0);
    expect(sum(await over("office", grid, 11, `?filter=${encodeURIComponent('{"currentLevel":{"eq":"MAJOR"}}')}`))).toBe((await counted())["MAJOR"]);
    const [x, y] = tileAt("WebMercatorQuad", 11, [106.6, 29.7]);
    const path = `${grid}/11/${x}/${y}.mvt`;
    const { etag } = await fetchTile(district.as("office"), path);
    expect((await fetchTile(district.as("office"), path, { "if-none-match": etag })).status).toBe(304);
    const [id] = await placeRisks(district.database.engine, district, [{ position: [106.6, 29.7], level: "MAJOR" }]);
    expect((await fetchTile(district.as("office"), path, { "if-none-match": etag })).status).toBe(200);
    expect(sum(await over("office", grid, 11))).toBe(total + 1);
    expect(sum(await over("office", grid, 11, `?asOf=${encodeURIComponent(began)}`))).toBe(total);
    await inUnit(district.database.engine, (client) => client.query("update risks set location = null where id = $1", [id]));
    expect(sum(await over("office", grid, 11))).toBe(total);
  }, 60_000);
});

test("a square is the sum of the four below it", async () => {
  const [above, below] = [told(await over("office", "risk-squares", 10)), told(await over("office", "risk-squares", 11))];
  const summed: Record<string, number> = {};
  for (const [cell, properties] of Object.entries(below)) {
    const [side, i, j] = cell.split(":").map(Number) as [number, number, number];
    const parent = `${side * 2}:${Math.floor(i / 2)}:${Math.floor(j / 2)}`;
    summed[parent] = (summed[parent] ?? 0) + Number((properties as Record<string, unknown>)["count"]);
  }
  expect(summed).toEqual(Object.fromEntries(Object.entries(above).map(([cell, properties]) => [cell, (properties as Record<string, unknown>)["count"]])));
});

test("a write within a cell that reaches into the next tile makes that tile new as well", async () => {
  const held = new Map<string, string>();
  const [x, y] = tileAt("WebMercatorQuad", 13, [106.6, 29.7]);
  const around = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => `risk-hexagons/13/${x + dx}/${y + dy}.mvt`));
  for (const path of around) held.set(path, (await fetchTile(district.as("office"), path)).etag);
  // Just within the tile's western edge.
  const edge = (x / 2 ** 13) * 360 - 180 + 0.0001;
  await placeRisks(district.database.engine, district, [{ position: [edge, 29.7], level: "MAJOR" }]);
  const cell = cellOf("risk-hexagons", 13, [edge, 29.7]);
  const told: unknown[] = [];
  for (const path of around) {
    const { layers, status } = await fetchTile(district.as("office"), path, { "if-none-match": held.get(path)! });
    const drawn = (await fetchTile(district.as("office"), path)).layers["risk-hexagons"]?.some(({ properties }) => properties["cell"] === cell) ?? false;
    if (drawn) told.push([status, layers["risk-hexagons"]?.find(({ properties }) => properties["cell"] === cell)?.properties["highestLevel"]]);
  }
  expect(told.length).toBeGreaterThan(1);
  expect(told).toEqual(told.map(() => [200, "MAJOR"]));
  expect((await fetchTile(district.as("office"), around[1]!)).layers["risk-hexagons"]!.some(({ properties }) => properties["cell"] === cell)).toBe(true);
});

test("a cell holds what its reader is given of places: coarse places lie in the cell of the coarse place, whole", async () => {
  const { pool } = district.database.engine;
  await inUnit(district.database.engine, (client) => client.query("insert into coordinate_policies (id, layer, audience, decimals) values (gen_random_uuid(), 'Risk', 'AUDITOR', 1)"));
  const { rows } = await pool.query("select st_x(p) as lon, st_y(p) as lat from (select coarse_geometry(location, 1) as p from risks where location is not null) c");
  for (const grid of GRIDS) {
    const due: Record<string, number> = {};
    for (const { lon, lat } of rows as { lon: number; lat: number }[]) due[cellOf(grid, 12, [lon, lat])] = (due[cellOf(grid, 12, [lon, lat])] ?? 0) + 1;
    expect(Object.keys(due).length).toBeGreaterThan(20);
    expect(Object.fromEntries((await over("auditor", grid, 12)).map(({ properties }) => [properties["cell"], properties["count"]]))).toEqual(due);
  }
});
