import { beforeAll, describe, expect, test } from "@jest/globals";
import { toCgcs2000, fromCgcs2000 } from "../../src/platform/coordinates.js";
import { useDistrict } from "../support/district.js";
import { ogcAs } from "../support/ogc.js";
import { populate } from "../support/population.js";

/** `bbox` and BBOX at their edges: boxes without width or height, over the antimeridian, with heights. */

const district = useDistrict();
beforeAll(async () => void (await populate(district, 12)), 180_000);

const TABLES = { risks: ["risks", "location", "Risk"], "hidden-dangers": ["hidden_dangers", "location", "HiddenDanger"], subjects: ["subjects", "location", "RegulatedSubject"], regions: ["regions", "coalesce(boundary, point)", "Region"], "risk-zones": ["risk_zones", "boundary", "RiskZone"] } as const;
type Id = keyof typeof TABLES;
const ALL = Object.keys(TABLES) as Id[];
const office = () => ogcAs(district, "office");
const epsg = (code: number) => `http://www.opengis.net/def/crs/EPSG/0/${code}`;

const rows = async <R>(sql: string) => (await district.database.engine.pool.query(sql)).rows as R[];
/** Those a geometry meets, by plain SQL. */
const meeting = async (id: Id, geometry: string) => {
  const [table, column, prefix] = TABLES[id];
  return (await rows<{ id: string }>(`select '${prefix}_' || id as id from ${table} where st_intersects(${column}, st_geomfromtext('${geometry}', 4490))`)).map((row) => row.id).sort();
};
const found = async (id: Id, parameters: Record<string, string>) => (await office().ids(id, parameters)).sort();
const both = async (id: Id, bbox: readonly number[]) => {
  const geometry = { risks: "location", "hidden-dangers": "location", subjects: "location", regions: "shape", "risk-zones": "boundary" }[id];
  return [await found(id, { bbox: bbox.join(",") }), await found(id, { filter: `S_INTERSECTS(${geometry}, BBOX(${bbox.join(", ")}))` })];
};

describe("a box without width or height is the line or the point it is drawn as", () => {
  test("of points and areas alike, as bbox and as BBOX", async () => {
    let met = 0;
    for (const id of ALL) {
      const [table, column] = TABLES[id];
      const places = await rows<{ x: number; y: number; inner: string }>(`select st_x(p) as x, st_y(p) as y from (select st_pointonsurface(${column}) as p from ${table} where ${column} is not null order by id limit 3) places`);
      for (const { x, y } of places) {
        for (const [box, geometry] of [
          [[x, y, x, y], `POINT(${x} ${y})`],
          [[x, y - 0.05, x, y + 0.05], `LINESTRING(${x} ${y - 0.05}, ${x} ${y + 0.05})`],
          [[x - 0.05, y, x + 0.05, y], `LINESTRING(${x - 0.05} ${y}, ${x + 0.05} ${y})`],
          [[x, -90, x, 90], `LINESTRING(${x} -90, ${x} 90)`],
        ] as const) {
          const expected = await meeting(id, geometry);
          expect({ id, box, found: await both(id, box) }).toEqual({ id, box, found: [expected, expected] });
          met += expected.length;
        }
      }
    }
    expect(met).toBeGreaterThan(40);
    for (const id of ALL) expect(await both(id, [100, 20, 100, 20])).toEqual([[], []]);
  });

  test("the corner and the edge of an area are of it", async () => {
    for (const { x, y, a, b } of await rows<{ x: number; y: number; a: number; b: number }>("select st_x(p) as x, st_y(p) as y, st_x(q) as a, st_y(q) as b from (select st_pointn(st_exteriorring(st_geometryn(boundary, 1)), 1) as p, st_pointn(st_exteriorring(st_geometryn(boundary, 1)), 2) as q from risk_zones order by id limit 3) corners")) {
      const expected = await meeting("risk-zones", `POINT(${x} ${y})`);
      expect(expected.length).toBeGreaterThan(0);
      expect(await both("risk-zones", [x, y, x, y])).toEqual([expected, expected]);
      // A box that shares one edge's end from outside.
      const edge = [Math.min(x, a), Math.min(y, b), Math.max(x, a), Math.max(y, b)];
      expect((await both("risk-zones", edge)).every((ids) => ids.includes(expected[0]!))).toBe(true);
    }
  });

  test("in every other system too, where the very position is the box", async () => {
    for (const crs of [epsg(4490), epsg(4326)]) {
      const [{ x, y } = { x: 0, y: 0 }] = await rows<{ x: number; y: number }>("select st_x(location) as x, st_y(location) as y from risks where location is not null order by id limit 1");
      const expected = await meeting("risks", `POINT(${x} ${y})`);
      expect(expected.length).toBeGreaterThan(0);
      expect(await found("risks", { bbox: [y, x, y, x].join(","), "bbox-crs": crs })).toEqual(expected);
      expect(await found("risks", { bbox: [y, x - 1, y, x + 1].join(","), "bbox-crs": crs })).toEqual(await meeting("risks", `LINESTRING(${x - 1} ${y}, ${x + 1} ${y})`));
    }
  });

  test("on a plane or in a shifted datum an area is met by the point and the line through it", async () => {
    const [{ id, x, y } = { id: "", x: 0, y: 0 }] = await rows<{ id: string; x: number; y: number }>("select id, st_x(p) as x, st_y(p) as y from (select id, st_pointonsurface(boundary) as p from risk_zones order by id limit 1) places");
    for (const code of [3857, 4544]) {
      const [{ e, n } = { e: 0, n: 0 }] = await rows<{ e: number; n: number }>(`select st_x(p) as e, st_y(p) as n from (select st_transform(st_setsrid(st_makepoint(${x}, ${y}), 4490), ${code}) as p) plane`);
      const order = (west: number, south: number, east: number, north: number) => (code === 3857 ? [west, south, east, north] : [south, west, north, east]).join(",");
      for (const bbox of [order(e, n, e, n), order(e, n - 2000, e, n + 2000), order(e - 2000, n, e + 2000, n)]) {
        expect({ code, bbox, ids: (await found("risk-zones", { bbox, "bbox-crs": epsg(code) })).includes(`RiskZone_${id}`) }).toEqual({ code, bbox, ids: true });
        expect({ code, bbox, ids: (await found("risk-zones", { filter: `S_INTERSECTS(boundary, BBOX(${bbox}))`, "filter-crs": epsg(code) })).includes(`RiskZone_${id}`) }).toEqual({ code, bbox, ids: true });
      }
    }
    for (const datum of ["GCJ02", "BD09"] as const) {
      const [a, b] = fromCgcs2000([x, y], datum);
      expect(toCgcs2000([a, b], datum)[0]).toBeCloseTo(x, 7);
      for (const bbox of [[a, b, a, b], [a, b - 0.02, a, b + 0.02], [a - 0.02, b, a + 0.02, b]].map((box) => box.join(","))) {
        expect({ datum, bbox, ids: (await found("risk-zones", { bbox, "bbox-crs": `urn:x-yitu:def:crs:${datum}` })).includes(`RiskZone_${id}`) }).toEqual({ datum, bbox, ids: true });
        expect({ datum, bbox, ids: (await found("risk-zones", { filter: `S_INTERSECTS(boundary, BBOX(${bbox}))`, "filter-crs": `urn:x-yitu:def:crs:${datum}` })).includes(`RiskZone_${id}`) }).toEqual({ datum, bbox, ids: true });
      }
    }
  });
});

describe("over the antimeridian", () => {
  test("a box is its two halves, as bbox and as BBOX, and with latitude first", async () => {
    for (const id of ALL) {
      for (const [west, south, east, north] of [[106.6, -90, 106.55, 90], [106.62, 29, -100, 30], [170, -10, 106.6, 29.7], [180, -90, -180, 90], [106.62, 20, 106.61, 40]] as const) {
        const halves = `MULTIPOLYGON(${[[west, 180], [-180, east]].filter(([from, to]) => from! < to!).map(([from, to]) => `((${from} ${south}, ${to} ${south}, ${to} ${north}, ${from} ${north}, ${from} ${south}))`).join(", ") || "EMPTY"})`;
        const expected = halves.includes("EMPTY") ? [] : await meeting(id, halves);
        expect({ id, west, east, found: await both(id, [west, south, east, north]) }).toEqual({ id, west, east, found: [expected, expected] });
        expect(await found(id, { bbox: [south, west, north, east].join(","), "bbox-crs": epsg(4490) })).toEqual(expected);
      }
    }
    expect((await meeting("risks", "POLYGON((106.62 20, 180 20, 180 40, 106.62 40, 106.62 20))")).length).toBeGreaterThan(0);
  });
});

describe("with heights", () => {
  test("six numbers mean the same as their four: no row has a height; the lower height comes first", async () => {
    for (const id of ALL) {
      const flat = await both(id, [106.58, 29.68, 106.65, 29.72]);
      expect(flat[0]).toEqual(flat[1]);
      for (const heights of [[0, 100], [-10, -5], [50, 50], [-1e5, 1e5]] as const) expect(await both(id, [106.58, 29.68, heights[0], 106.65, 29.72, heights[1]])).toEqual(flat);
      expect(await both(id, [106.7, 29.6, 0, 106.6, 29.8, 1])).toEqual(await both(id, [106.7, 29.6, 106.6, 29.8]));
      expect(await found(id, { bbox: "29.68,106.58,0,29.72,106.65,9", "bbox-crs": epsg(4490) })).toEqual(flat[0]);
    }
    for (const id of ["risks", "hidden-dangers", "subjects"] as const) {
      const [{ x, y } = { x: 0, y: 0 }] = await rows<{ x: number; y: number }>(`select st_x(location) as x, st_y(location) as y from ${TABLES[id][0]} where location is not null order by id limit 1`);
      const expected = await meeting(id, `POINT(${x} ${y})`);
      expect(expected.length).toBeGreaterThan(0);
      expect(await both(id, [x, y, 7, x, y, 7])).toEqual([expected, expected]);
    }
    for (const bbox of ["106,29,9,107,30,1", "106,29,0,107,30", "106,30,0,107,29,1"]) expect(await office().get("/collections/risks/items", { bbox })).toMatchObject({ status: 400, body: { field: "bbox" } });
  });
});
