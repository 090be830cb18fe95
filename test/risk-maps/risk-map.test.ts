import { beforeAll, describe, expect, test } from "@jest/globals";
import { fromCgcs2000, type LonLat } from "../../src/platform/coordinates.js";
import { difference, type Answer } from "../support/comparison.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { populate } from "../support/population.js";

const district = useDistrict();
/** The level in effect by the tables alone: the current one, or a higher one it is elevated to. `elevations` are those recorded, `at` the instant. */
const IN_EFFECT = (risk: string, elevations: string, at: string) =>
  `(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'])[least(array_position(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'], ${risk}.current_level), (select min(array_position(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'], e.to_level)) from ${elevations} e where e.risk_id = ${risk}.id and e.valid_from <= ${at} and e.valid_to > ${at}))]`;
const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];

interface Spot {
  code: string;
  level: string | null;
  status: string;
  town: string | null;
  lon: number | null;
  lat: number | null;
}
interface Tally {
  highest: string | null;
  major: number;
  considerable: number;
  moderate: number;
  low: number;
  total: number;
}

let spots: Spot[];
const controlled = () => spots.filter(({ status, level }) => ["IN_FORCE", "REVIEWING"].includes(status) && level);
const placed = () => controlled().filter(({ lon }) => lon !== null) as (Spot & { lon: number; lat: number })[];

/** Metres on the ellipsoid by Vincenty's inverse formula, independent of PostGIS. */
function metres(a: LonLat, b: LonLat): number {
  const [major, f] = [6_378_137, 1 / 298.257222101];
  const minor = major * (1 - f);
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const [u1, u2, l] = [Math.atan((1 - f) * Math.tan(rad(a[1]))), Math.atan((1 - f) * Math.tan(rad(b[1]))), rad(b[0] - a[0])];
  let lambda = l;
  let [sigma, sinSigma, cosSigma, cosSqAlpha, cos2m] = [0, 0, 0, 0, 0];
  for (let step = 0; step < 100; step += 1) {
    const [x, y] = [Math.cos(u2) * Math.sin(lambda), Math.cos(u1) * Math.sin(u2) - Math.sin(u1) * Math.cos(u2) * Math.cos(lambda)];
    sinSigma = Math.hypot(x, y);
    if (sinSigma === 0) return 0;
    cosSigma = Math.sin(u1) * Math.sin(u2) + Math.cos(u1) * Math.cos(u2) * Math.cos(lambda);
    sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (Math.cos(u1) * Math.cos(u2) * Math.sin(lambda)) / sinSigma;
    cosSqAlpha = 1 - sinAlpha ** 2;
    cos2m = cosSigma - (2 * Math.sin(u1) * Math.sin(u2)) / cosSqAlpha;
    const c = (f / 16) * cosSqAlpha * (4 + f * (4 - 3 * cosSqAlpha));
    const next = l + (1 - c) * f * sinAlpha * (sigma + c * sinSigma * (cos2m + c * cosSigma * (2 * cos2m ** 2 - 1)));
    if (Math.abs(next - lambda) < 1e-13) break;
    lambda = next;
  }
  const uSq = (cosSqAlpha * (major ** 2 - minor ** 2)) / minor ** 2;
  const A = 1 + (uSq / 16384) * (4096 + uSq * (-768 + uSq * (320 - 175 * uSq)));
  const B = (uSq / 1024) * (256 + uSq * (-128 + uSq * (74 - 47 * uSq)));
  const delta = B * sinSigma * (cos2m + (B / 4) * (cosSigma * (2 * cos2m ** 2 - 1) - (B / 6) * cos2m * (4 * sinSigma ** 2 - 3) * (4 * cos2m ** 2 - 3)));
  return minor * A * (sigma - delta);
}

const tally = (rows: readonly Spot[]): Tally => ({
  highest: LEVELS.find((level) => rows.some((row) => row.level === level)) ?? null,
  ...(Object.fromEntries(LEVELS.map((level) => [level.toLowerCase(), rows.filter((row) => row.level === level).length])) as Record<"major" | "considerable" | "moderate" | "low", number>),
  total: rows.length,
});
const TALLY = "highest major considerable moderate low total";
const told = ({ highest, major, considerable, moderate, low, total }: Tally): Tally => ({ highest, major, considerable, moderate, low, total });

beforeAll(async () => {
  await populate(district, lane === "postgresql" ? 20 : 10);
  const { rows } = await district.database.engine.pool.query(`select r.code, ${IN_EFFECT("r", "temporary_risk_elevations", "now()")} as level, r.status, t.code as town, st_x(r.location) as lon, st_y(r.location) as lat from risks r left join regions t on t.id = r.town_id`);
  spots = rows as Spot[];
  if (placed().length < 9) throw new Error("too few risks to prove anything");
}, 240_000);

const CENTRE: LonLat = [106.62, 29.7];
const at = (position: LonLat) => ({ type: "Point", coordinates: position });
const RING = [[106.58, 29.66], [106.66, 29.67], [106.65, 29.74], [106.6, 29.75], [106.58, 29.66]];
const POLYGON = { type: "Polygon", coordinates: [RING] };
/** Crossing numbers, independent of PostGIS. */
const inside = ({ lon, lat }: { lon: number; lat: number }) => RING.slice(1).reduce((odd, [x2, y2], index) => {
  const [x1, y1] = RING[index]!;
  return y1! > lat !== y2! > lat && lon < ((x2! - x1!) * (lat - y1!)) / (y2! - y1!) + x1! ? !odd : odd;
}, false);

test("nearby gives exactly the risks within so many metres of the ellipsoid, the nearest first", async () => {
  const { nearby } = await district.as("auditor").ask("query($p:GeoJSON!){nearby(point:$p,metres:4000,first:500){code distanceMetres}}", { p: at(CENTRE) });
  const expected = spots.filter(({ status, lon }) => lon !== null && !["RETIRED", "SUSPENDED"].includes(status)).map((spot) => ({ code: spot.code, distance: metres(CENTRE, [spot.lon!, spot.lat!]) })).filter(({ distance }) => distance <= 4000);
  expect(expected.length).toBeGreaterThan(3);
  expect(new Set(nearby.map(({ code }: { code: string }) => code))).toEqual(new Set(expected.map(({ code }) => code)));
  for (const { code, distanceMetres } of nearby) expect(Math.abs(Number(distanceMetres) - expected.find((one) => one.code === code)!.distance)).toBeLessThan(0.1);
  expect(nearby.map(({ distanceMetres }: { distanceMetres: string }) => Number(distanceMetres))).toEqual(nearby.map(({ distanceMetres }: { distanceMetres: string }) => Number(distanceMetres)).toSorted((a: number, b: number) => a - b));
});

test("riskAt finds a risk from a point given in GCJ-02", async () => {
  const [spot] = placed();
  const { riskAt } = await district.as("auditor").ask("query($p:GeoJSON!){riskAt(point:$p,datum:GCJ02,toleranceMetres:1){code risk{code} location(crs:GCJ02,precision:9)}}", { p: at(fromCgcs2000([spot!.lon, spot!.lat], "GCJ02")) });
  expect(riskAt.map(({ code }: { code: string }) => code)).toContain(spot!.code);
});

test("insidePolygon counts what lies within, by level and by town", async () => {
  const { insidePolygon } = await district.as("auditor").ask(`query($p:GeoJSON!){insidePolygon(polygon:$p){isTotal ${TALLY} areaKm2 region{code}}}`, { p: POLYGON });
  const within = placed().filter(inside);
  expect(within.length).toBeGreaterThan(2);
  expect(told(insidePolygon[0])).toEqual(tally(within));
  expect(insidePolygon[0]).toMatchObject({ isTotal: true, region: null });
  const byTown = new Map(insidePolygon.slice(1).map((row: Tally & { region: { code: string } | null }) => [row.region?.code ?? null, told(row)]));
  expect(byTown).toEqual(new Map([...new Set(within.map(({ town }) => town))].map((town) => [town, tally(within.filter((spot) => spot.town === town))])));
});

test("a polygon that crosses itself is refused with the place where it does; one of too many positions with the limit", async () => {
  const ask = (polygon: unknown) => district.as("auditor").refused("query($p:GeoJSON!){insidePolygon(polygon:$p){total}}", { p: polygon });
  expect(await ask({ type: "Polygon", coordinates: [[[106.5, 29.6], [106.7, 29.8], [106.7, 29.6], [106.5, 29.8], [106.5, 29.6]]] })).toMatchObject({ code: "INVALID_INPUT", reason: "Self-intersection", at: [106.6, 29.7] });
  const circle = Array.from({ length: 2_001 }, (_, step) => [106.6 + 0.1 * Math.cos((step * Math.PI) / 1_000), 29.7 + 0.1 * Math.sin((step * Math.PI) / 1_000)]);
  circle[2_000] = circle[0]!;
  expect(await ask({ type: "Polygon", coordinates: [circle] })).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "vertices", actual: 2_001 });
});

test("conditions on place find the same risks as arithmetic does", async () => {
  const find = async (filter: unknown) => new Set((await district.as("auditor").ask("query($f:RiskFilter){risks(first:100,filter:$f){nodes{code}}}", { f: filter })).risks.nodes.map(({ code }: { code: string }) => code));
  const expected = (sound: (spot: { lon: number; lat: number }) => boolean) => new Set((spots.filter(({ lon }) => lon !== null) as (Spot & { lon: number; lat: number })[]).filter(sound).map(({ code }) => code));
  expect(await find({ insidePolygon: POLYGON })).toEqual(expected(inside));
  expect(await find({ intersects: POLYGON })).toEqual(expected(inside));
  expect(await find({ near: { point: at(CENTRE), metres: 2500 } })).toEqual(expected(({ lon, lat }) => metres(CENTRE, [lon, lat]) <= 2500));
  expect(await find({ not: { near: { point: at(CENTRE), metres: 2500 } }, insidePolygon: POLYGON })).toEqual(expected((spot) => inside(spot) && metres(CENTRE, [spot.lon, spot.lat]) > 2500));
  expect(await district.as("auditor").refused("{risks(first:1,filter:{near:{point:{type:\"Point\",coordinates:[106,29]},metres:0}}){totalCount}}")).toMatchObject({ code: "INVALID_INPUT", field: "metres" });
  expect(await district.as("auditor").refused("{risks(first:1,filter:{insidePolygon:{type:\"Point\",coordinates:[106,29]}}){totalCount}}")).toMatchObject({ code: "INVALID_INPUT", field: "insidePolygon" });
});

describe("regionRiskMap", () => {
  const ask = async (who: string, args: string) => (await district.as(who).ask(`{regionRiskMap(${args}){code ${TALLY} level score areaKm2 densityPerKm2 highestRisks shapeKind}}`)).regionRiskMap as (Tally & { code: string; level: string; score: string; areaKm2: string; densityPerKm2: string; highestRisks: string[]; shapeKind: string | null })[];

  test("tells every town, those without risks too", async () => {
    const towns = await ask("auditor", `level:TOWN,within:{code:{eq:"500112000000"}}`);
    expect(towns.map(({ code }) => code).toSorted()).toEqual(["500112004000", "500112007000"]);
    for (const town of towns) expect(told(town)).toEqual(tally(controlled().filter((spot) => spot.town === town.code)));
    const ranks = towns.map(({ highest }) => LEVELS.indexOf(highest ?? "LOW"));
    expect(ranks).toEqual(ranks.toSorted());
  });

  test("gives density where there is a boundary, the same at every level above", async () => {
    const { region } = await district.as("office").ask("query($id:ID!){region(id:$id){version}}", { id: district.regions["yubei"] });
    const boundary = { type: "Polygon", coordinates: [[[106.5, 29.6], [106.8, 29.6], [106.8, 29.9], [106.5, 29.9], [106.5, 29.6]]] };
    await district.as("office").ask("mutation($k:String!,$id:ID!,$v:Int!,$i:RegionSetBoundaryInput!){regionSetBoundary(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){id}}", { k: district.key(), id: district.regions["yubei"], v: region.version, i: { boundary, datum: "CGCS2000", source: "test" } });
    const [yubei] = (await ask("auditor", "level:DISTRICT")).filter(({ code }) => code === "500112000000");
    expect(told(yubei!)).toEqual(tally(controlled()));
    expect(yubei!.shapeKind).toBe("BOUNDARY");
    expect(Number(yubei!.densityPerKm2)).toBeCloseTo(controlled().length / Number(yubei!.areaKm2), 3);
    const [city] = await ask("auditor", "level:CITY");
    expect(told(city!)).toEqual(tally(controlled()));
    expect(city!.shapeKind).toBeNull();
  });

  test("weighs and counts as its formula says, and never hides the highest", async () => {
    const [weighted] = (await ask("auditor", "level:DISTRICT,formula:WEIGHTED")).filter(({ total }) => total > 0);
    const { major, considerable, moderate, low, total } = tally(controlled());
    const mean = (4 * major + 3 * considerable + 2 * moderate + low) / total;
    expect(Number(weighted!.score)).toBeCloseTo(mean, 2);
    expect(weighted!.level).toBe(mean >= 3.5 ? "MAJOR" : mean >= 2.5 ? "CONSIDERABLE" : mean >= 1.5 ? "MODERATE" : "LOW");
    expect(weighted!.highest).toBe(tally(controlled()).highest);
    const [counted] = (await ask("auditor", "level:DISTRICT,formula:COUNT")).filter(({ total: all }) => all > 0);
    expect(Number(counted!.score)).toBe(total);
  });

  test("shows the public counts and colours down to towns, and no risk", async () => {
    const towns = await ask("nobody", "level:TOWN");
    for (const town of towns) {
      expect(told(town)).toEqual(tally(controlled().filter((spot) => spot.town === town.code)));
      expect(town.highestRisks).toEqual([]);
    }
    expect(await district.as("nobody").refused("{regionRiskMap(level:VILLAGE){total}}")).toMatchObject({ code: "FORBIDDEN" });
    expect(await district.as("nobody").refused("{regionRiskMap(level:TOWN,filter:{name:{contains:\"a\"}}){total}}")).toMatchObject({ code: "FORBIDDEN" });
    expect((await district.as("nobody").ask("query($p:GeoJSON!){nearby(point:$p,metres:200000){code} insidePolygon(polygon:$q){total}}".replace("$p:GeoJSON!", "$p:GeoJSON!,$q:GeoJSON!"), { p: at(CENTRE), q: POLYGON }))).toEqual({ nearby: [], insidePolygon: [{ total: 0 }] });
  });

  test("is what it was at the instant asked for", async () => {
    const ask = (at: string) => district.as("auditor").ask(`query($at:String!)@asOf(recorded:$at){regionRiskMap(level:DISTRICT){code ${TALLY} shapeKind} clusters(bbox:{west:106.5,south:29.6,east:106.75,north:29.8},zoom:3){total} gridRiskMap(cell:SQUARE,sizeMetres:50000,bbox:{west:106.5,south:29.6,east:106.75,north:29.8}){total}}`, { at });
    const [begun] = (await district.database.engine.pool.query("select to_json(min(recorded_from) - interval '1 millisecond') as at from risks where not exists (select 1 from risks_history h where h.id = risks.id)")).rows as { at: string }[];
    const at = begun!.at;
    const rows = (await district.database.engine.pool.query(
      `select ${IN_EFFECT("v", "(select * from (select risk_id, to_level, valid_from, valid_to, recorded_from, 'infinity'::timestamptz as recorded_to from temporary_risk_elevations union all select risk_id, to_level, valid_from, valid_to, recorded_from, recorded_to from temporary_risk_elevations_history) k where k.recorded_from <= $1 and k.recorded_to > $1)", "$1")} as level, (st_x(location) is not null) as placed from (select id, status, current_level, location, recorded_from, 'infinity'::timestamptz as recorded_to from risks union all select id, status, current_level, location, recorded_from, recorded_to from risks_history) v
       where recorded_from <= $1 and recorded_to > $1 and status in ('IN_FORCE', 'REVIEWING') and current_level is not null`, [at])).rows as { level: string; placed: boolean }[];
    const { regionRiskMap, clusters, gridRiskMap } = await ask(at);
    const yubei = regionRiskMap.find(({ code }: { code: string }) => code === "500112000000");
    expect(told(yubei)).toEqual(tally(rows as unknown as Spot[]));
    // The boundary came later.
    expect(yubei.shapeKind).toBeNull();
    const total = (answer: { total: number }[]) => answer.reduce((sum, row) => sum + row.total, 0);
    expect([total(clusters), total(gridRiskMap)]).toEqual([rows.filter(({ placed: on }) => on).length, rows.filter(({ placed: on }) => on).length]);
    const now = await ask(new Date().toISOString());
    expect(told(now.regionRiskMap.find(({ code }: { code: string }) => code === "500112000000"))).toEqual(tally(controlled()));
  });

  test("counts within the caller's scope", async () => {
    const towns = await ask("street", "level:TOWN");
    expect(towns.find(({ code }) => code === "500112007000")!.total).toBe(0);
    expect(told(towns.find(({ code }) => code === "500112004000")!)).toEqual(tally(controlled().filter((spot) => spot.town === "500112004000")));
  });

  test("comes as one FeatureCollection, in the system asked for", async () => {
    const { plain, gcj } = await district.as("auditor").ask("{plain:regionRiskMapFeatures(level:DISTRICT) gcj:regionRiskMapFeatures(level:DISTRICT,crs:GCJ02,precision:5)}");
    const of = (collection: { features: { properties: { code: string }; geometry: { coordinates: number[][][][] } | null }[] }) => collection.features.find(({ properties }) => properties.code === "500112000000")!;
    expect(of(plain)).toMatchObject({ type: "Feature", geometry: { type: "MultiPolygon" }, properties: { ...tally(controlled()), shapeKind: "BOUNDARY" } });
    const [lon, lat] = fromCgcs2000(of(plain).geometry!.coordinates[0]![0]![0] as unknown as LonLat, "GCJ02");
    expect(of(gcj).geometry!.coordinates[0]![0]![0]).toEqual([lon, lat].map((degrees) => Math.round(degrees * 1e5) / 1e5));
  });
});

describe("grids and clusters", () => {
  const BOX = "{west:106.5,south:29.6,east:106.75,north:29.8}";

  test.each(["HEXAGON", "SQUARE"])("every risk lies in its %s, and none is lost", async (cell) => {
    const ask = (box: string) => district.as("auditor").ask(`{gridRiskMap(cell:${cell},sizeMetres:700,bbox:${box}){cell ${TALLY} shape(precision:9)} gridRiskMapFeatures(cell:${cell},sizeMetres:700,bbox:${box})}`);
    const { gridRiskMap, gridRiskMapFeatures } = await ask(BOX);
    expect(gridRiskMap.reduce((sum: number, { total }: Tally) => sum + total, 0)).toBe(placed().length);
    expect(gridRiskMapFeatures.features).toHaveLength(gridRiskMap.length);
    const { rows } = await district.database.engine.pool.query(
      "select g.ordinality as cell, count(r.id)::integer as total from json_array_elements($1::json) with ordinality g left join risks r on r.status in ('IN_FORCE', 'REVIEWING') and st_intersects(st_buffer(st_setsrid(st_geomfromgeojson(g.value), 4490), 1e-8), r.location) group by 1 order by 1",
      [JSON.stringify(gridRiskMap.map(({ shape }: { shape: unknown }) => shape))],
    );
    expect((rows as { total: number }[]).map(({ total }) => total)).toEqual(gridRiskMap.map(({ total }: Tally) => total));
    // The area of a cell on the ellipsoid, by its edge: the plane is true to a part in a thousand here.
    const [km2] = (await district.database.engine.pool.query("select st_area(st_setsrid(st_geomfromgeojson($1), 4490)::geography) / 1000000 as km2", [JSON.stringify(gridRiskMap[0].shape)])).rows as { km2: number }[];
    expect(km2!.km2 / (cell === "SQUARE" ? 0.49 : 0.49 * 1.5 * Math.sqrt(3))).toBeCloseTo(1, 2);
    // The window moves, the cells do not.
    const moved = (await ask("{west:106.45,south:29.5,east:106.8,north:29.85}")).gridRiskMap;
    expect(new Set(moved.map(({ cell: one }: { cell: string }) => one))).toEqual(new Set(gridRiskMap.map(({ cell: one }: { cell: string }) => one)));
  });

  test("a window ends where it says, to the millimetre: what lies beside its edge is not counted, what lies on it is", async () => {
    const count = async (west: number, south: number, east: number, north: number) => {
      const box = `{west:${west},south:${south},east:${east},north:${north}}`;
      const { clusters, gridRiskMap } = await district.as("auditor").ask(`{clusters(bbox:${box},zoom:10){total} gridRiskMap(cell:SQUARE,sizeMetres:500,bbox:${box}){total}}`);
      return [clusters, gridRiskMap].map((rows: { total: number }[]) => rows.reduce((sum, { total }) => sum + total, 0));
    };
    const beside = 1e-8;
    for (const { lon, lat } of placed().slice(0, 5)) {
      for (const off of [0, beside]) {
        for (const [west, south, east, north] of [[106.5, 29.6, lon - off, 29.8], [lon + off, 29.6, 106.75, 29.8], [106.5, 29.6, 106.75, lat - off], [106.5, lat + off, 106.75, 29.8], [lon, lat - off, lon, lat - off]] as const) {
          const due = placed().filter((spot) => spot.lon >= west && spot.lon <= east && spot.lat >= south && spot.lat <= north).length;
          expect([west, south, east, north, await count(west, south, east, north)]).toEqual([west, south, east, north, [due, due]]);
        }
      }
    }
  });

  test("clusters lose nothing at any zoom, keep the highest level, and name a risk that stands alone", async () => {
    const sizes: number[] = [];
    for (const zoom of [0, 8, 11, 13, 16, 22]) {
      const { clusters } = await district.as("auditor").ask(`{clusters(bbox:${BOX},zoom:${zoom}){${TALLY} position risk{code}}}`);
      const sum = (of: keyof Tally) => clusters.reduce((all: number, row: Tally) => all + (row[of] as number), 0);
      const { highest, ...counts } = tally(placed());
      expect(Object.fromEntries(Object.keys(counts).map((name) => [name, sum(name as keyof Tally)]))).toEqual(counts);
      expect(clusters[0].highest).toBe(highest);
      for (const { total, risk } of clusters) expect(risk !== null).toBe(total === 1);
      sizes.push(clusters.length);
    }
    // One of all at the world's zoom, and ever finer.
    expect(sizes[0]).toBe(1);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(await district.as("auditor").refused(`{clusters(bbox:${BOX},zoom:23){total}}`)).toMatchObject({ code: "INVALID_INPUT", field: "zoom" });
  });
});

describe("a geometry leaves as it is asked for", () => {
  const ask = async (field: string) => (await district.as("auditor").ask(`query($c:String!){risks(first:1,filter:{code:{eq:$c}}){nodes{location${field}}}}`, { c: placed()[0]!.code })).risks.nodes[0].location as { coordinates: [number, number] };

  test("in every system", async () => {
    // Degrees leave with nine digits: the dust of binary fractions is no part of a place.
    const [lon, lat] = [placed()[0]!.lon, placed()[0]!.lat].map((degrees) => Math.round(degrees * 1e9) / 1e9) as [number, number];
    expect((await ask("")).coordinates).toEqual([lon, lat]);
    for (const same of ["EPSG4490", "CRS84", "WGS84"]) expect((await ask(`(crs:${same})`)).coordinates).toEqual([lon, lat]);
    for (const datum of ["GCJ02", "BD09"] as const) expect((await ask(`(crs:${datum},precision:6)`)).coordinates).toEqual(fromCgcs2000([lon, lat], datum).map((degrees) => Math.round(degrees * 1e6) / 1e6));
    const [x, y] = (await ask("(crs:WEB_MERCATOR)")).coordinates;
    expect(x).toBeCloseTo((lon * 20_037_508.342789244) / 180, 2);
    expect(y).toBeCloseTo(Math.log(Math.tan(((90 + lat) * Math.PI) / 360)) * 6_378_137, 2);
    const [east, north] = (await ask("(crs:GK_105E)")).coordinates;
    // Distances from the meridian and the equator, on the ellipsoid.
    expect(Math.abs(east - 500_000 - metres([105, lat], [lon, lat]))).toBeLessThan(20);
    expect(Math.abs(north - metres([lon, 0.000001], [lon, lat]))).toBeLessThan(1_500);
    expect(await ask("(crs:GK_135E)")).toBeNull();
  });

  test("with as many digits as asked for, and no more than nine", async () => {
    const { lon, lat } = placed()[0]!;
    expect((await ask("(precision:2)")).coordinates).toEqual([lon, lat].map((degrees) => Math.round(degrees * 100) / 100));
    expect(await district.as("auditor").refused("{risks(first:1){nodes{location(precision:10)}}}")).toMatchObject({ code: "INVALID_INPUT", field: "precision" });
    expect(await district.as("auditor").refused("{risks(first:1){nodes{location(simplifyMetres:-1)}}}")).toMatchObject({ code: "INVALID_INPUT", field: "simplifyMetres" });
  });

  test("alike by compiled and by ordinary execution, versions and reports included", async () => {
    const documents = [
      "{risks(first:50){nodes{code location(crs:GCJ02) a:location(crs:BD09,precision:4) b:location(crs:GK_108E) versions(first:3){nodes{location(crs:GCJ02,precision:9)}}}}}",
      "{riskFeatures(first:100,crs:GCJ02,precision:5) b:riskFeatures(first:5,crs:WEB_MERCATOR)}",
      "{regions(first:20){nodes{code boundary(simplifyMetres:500,crs:GCJ02) shape(crs:WEB_MERCATOR) point boundaryAsGiven}}}",
      `query($p:GeoJSON!){nearby(point:$p,metres:9000){code location(crs:GCJ02) risk{location(crs:BD09)}} nearbyFeatures(point:$p,metres:9000,crs:GCJ02)}`,
      "{gaps{kind location(crs:GCJ02)}}",
      `{regionRiskMap(level:TOWN){code ${TALLY} shape(crs:GCJ02)}}`,
      `{clusters(bbox:${"{west:106.5,south:29.6,east:106.75,north:29.8}"},zoom:12){${TALLY} position(crs:BD09)}}`,
      "{coordinateSystems{crs epsg stored shifted unit name}}",
      "query($p:GeoJSON!){storedPosition(geometry:$p,datum:GCJ02){geometry gcj:geometry(crs:GCJ02,precision:9) storedCrs storedCrsName inChina}}",
    ];
    for (const document of documents) {
      const [one, other] = (await Promise.all((["compiled", "plain"] as const).map((way) => district.as("auditor", way).raw(document, { p: at(CENTRE) })))) as unknown as [Answer, Answer];
      expect(one.errors).toBeUndefined();
      expect([document, difference(one, other, Date.now())]).toEqual([document, undefined]);
    }
  });

  test("only in a system the layer's policy gives the caller", async () => {
    const seed = "mutation($k:String!,$i:CoordinatePolicySetInput!){coordinatePolicySet(idempotencyKey:$k,input:$i){layer}}";
    expect(await district.as("office").refused(seed, { k: district.key(), i: { layer: "Risk", audience: "AUDITOR", decimals: 3 } })).toMatchObject({ code: "FORBIDDEN" });
    const admin = district.as("security_admin");
    expect(await admin.refused(seed, { k: district.key(), i: { layer: "Nothing", audience: "AUDITOR" } })).toMatchObject({ code: "INVALID_INPUT", field: "input.layer" });
    await admin.ask(seed, { k: district.key(), i: { layer: "Risk", audience: "AUDITOR", decimals: 3, crs: ["EPSG4490", "GCJ02"] } });
    const { lon, lat } = placed()[0]!;
    expect((await ask("(precision:7)")).coordinates).toEqual([lon, lat].map((degrees) => Math.round(degrees * 1e3) / 1e3));
    expect(await district.as("auditor").refused("query($c:String!){risks(first:1,filter:{code:{eq:$c}}){nodes{location(crs:BD09)}}}", { c: placed()[0]!.code })).toMatchObject({ code: "FORBIDDEN", reason: "crs", layer: "Risk", crs: "BD09" });
    const features = (await district.as("auditor").ask("{riskFeatures(first:500,precision:9)}")).riskFeatures.features as { geometry: { coordinates: number[] } }[];
    for (const { geometry } of features) for (const degrees of geometry.coordinates) expect(Math.abs(degrees * 1e3 - Math.round(degrees * 1e3))).toBeLessThan(1e-6);
  });
});
