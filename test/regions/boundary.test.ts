import { describe, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";

const district = useDistrict();

const box = (west: number, south: number, east: number, north: number) => ({ type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] });
/** Crosses itself in the middle: two triangles. */
const BOW_TIE = { type: "Polygon", coordinates: [[[106.5, 29.6], [106.7, 29.8], [106.7, 29.6], [106.5, 29.8], [106.5, 29.6]]] };

const SET = "mutation($k:String!,$id:ID!,$v:Int!,$i:RegionSetBoundaryInput!){regionSetBoundary(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){version boundaryQuality boundaryDoubt areaKm2 boundary boundaryAsGiven boundaryDatum}}";
const versionOf = async (region: string) => (await district.as("office").ask("query($id:ID!){region(id:$id){version}}", { id: district.regions[region] })).region.version as number;
const draw = async (region: string, boundary: unknown, more: Record<string, unknown> = {}, who = "office") =>
  district.as(who).raw(SET, { k: district.key(), id: district.regions[region], v: await versionOf(region), i: { boundary, datum: "CGCS2000", source: "测试 / test", ...more } });

describe("a boundary", () => {
  test("has its area on the ellipsoid, and the region a place to draw at", async () => {
    const { data } = await draw("yubei", box(106.5, 29.6, 106.8, 29.9), { confirmed: true });
    // 0.3 degrees of the parallel of 29.75 and of the meridian there: 29.018 by 33.254 km.
    expect(Number((data!["regionSetBoundary"] as unknown as { areaKm2: string }).areaKm2)).toBeCloseTo(964.97, 0);
    expect(data!["regionSetBoundary"]).toMatchObject({ boundaryQuality: "CONFIRMED", boundaryDoubt: null, boundaryDatum: "CGCS2000", boundary: { type: "MultiPolygon" } });
    const { region } = await district.as("gis").ask("query($id:ID!){region(id:$id){point shape}}", { id: district.regions["yubei"] });
    expect(region.point.type).toBe("Point");
    expect(region.shape.type).toBe("MultiPolygon");
  });

  test("that crosses itself is kept as given, mended beside and marked; nobody can confirm it", async () => {
    const { data } = await draw("jiulongpo", BOW_TIE, {}, "stranger");
    const made = data!["regionSetBoundary"] as unknown as { boundaryAsGiven: unknown; boundary: { coordinates: unknown[] }; boundaryQuality: string; boundaryDoubt: string; areaKm2: string };
    expect(made).toMatchObject({ boundaryQuality: "REPAIRED", boundaryDoubt: "Self-intersection (106.600000, 29.700000)" });
    expect(made.boundaryAsGiven).toEqual({ type: "MultiPolygon", coordinates: [BOW_TIE.coordinates] });
    expect(made.boundary.coordinates).toHaveLength(2);
    // Two triangles of 0.2 by 0.1 degrees, turned to each other.
    expect(Number(made.areaKm2)).toBeCloseTo(2 * 0.5 * 0.2 * 110.85 * 0.1 * 96.8, -1);
    const refused = await draw("jiulongpo", BOW_TIE, { confirmed: true }, "stranger");
    expect(refused.errors![0]!.extensions).toMatchObject({ code: "INVALID_INPUT", field: "input.confirmed" });
  });

  test("is its own office's to change", async () => {
    expect((await draw("jiulongpo", box(106.4, 29.4, 106.5, 29.5))).errors![0]!.extensions).toMatchObject({ code: "FORBIDDEN", reason: "outside your area" });
    expect((await draw("yubei", box(106.4, 29.4, 106.5, 29.5), {}, "street")).errors![0]!.extensions["code"]).toBe("FORBIDDEN");
  });

  test("is what it was at the instant asked for", async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const was = (await district.as("gis").ask("query($id:ID!){region(id:$id){areaKm2 boundary}}", { id: district.regions["yubei"] })).region;
    await draw("yubei", box(106.5, 29.6, 106.9, 29.9), { confirmed: true });
    const then = (await district.as("gis").ask("query($id:ID!,$at:String!)@asOf(recorded:$at){region(id:$id){areaKm2 boundary}}", { id: district.regions["yubei"], at: before })).region;
    const now = (await district.as("gis").ask("query($id:ID!){region(id:$id){areaKm2}}", { id: district.regions["yubei"] })).region;
    expect(then).toEqual(was);
    expect(Number(now.areaKm2) / Number(then.areaKm2)).toBeCloseTo(4 / 3, 3);
  });

  test("given in GCJ-02 is stored in CGCS2000 and comes back in GCJ-02 as given", async () => {
    const given = box(106.55, 29.65, 106.65, 29.75);
    await draw("huixing", given, { datum: "GCJ02" });
    const { region } = await district.as("gis").ask("query($id:ID!){region(id:$id){boundary gcj:boundary(crs:GCJ02,precision:6)}}", { id: district.regions["huixing"] });
    const [lon, lat] = region.boundary.coordinates[0][0][0] as [number, number];
    const metres = Math.hypot((lon - 106.55) * 96_700, (lat - 29.65) * 110_850);
    expect(metres).toBeGreaterThan(300);
    expect(metres).toBeLessThan(700);
    expect(region.gcj.coordinates).toEqual([given.coordinates]);
  });

  test("is found by a point, the narrowest first, and by a box", async () => {
    const gis = district.as("gis");
    const { regionsAt } = await gis.ask("{regionsAt(point:{type:\"Point\",coordinates:[106.6,29.7]}){code region{name}}}");
    expect(regionsAt.map(({ code }: { code: string }) => code)).toEqual(["500112004000", "500107000000", "500112000000"].filter((code) => regionsAt.some((row: { code: string }) => row.code === code)));
    expect(regionsAt[0].code).toBe("500112004000");
    const { regions } = await gis.ask("{regions(first:10,filter:{bbox:{west:106.85,south:29.65,east:106.88,north:29.7}}){nodes{code}}}");
    expect(regions.nodes).toEqual([{ code: "500112000000" }]);
  });

  test("is given to the public to about a hundred metres, by a policy that is data", async () => {
    const shape = async (who: string) => (await district.as(who).ask("query($id:ID!){region(id:$id){point boundary(precision:9)}}", { id: district.regions["huixing"] })).region;
    const decimals = (value: number) => (String(value).split(".")[1] ?? "").length;
    const most = (geometry: { coordinates: unknown }) => Math.max(...(geometry.coordinates as number[]).flat(4).map(decimals));
    expect(most((await shape("nobody")).boundary)).toBeLessThanOrEqual(3);
    expect(most((await shape("gis")).boundary)).toBeGreaterThan(6);
    const metric = (await district.as("nobody").ask("query($id:ID!){region(id:$id){point(crs:WEB_MERCATOR)}}", { id: district.regions["huixing"] })).region.point.coordinates as [number, number];
    const [lon] = (await shape("nobody")).point.coordinates as [number, number];
    expect(metric[0]).toBeCloseTo((lon / 180) * 20_037_508.342789244, 2);
  });

  test("of nowhere near China is refused by the database", async () => {
    expect((await draw("yubei", box(-87, 33, -86, 34))).errors![0]!.extensions).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_23_boundary_in_china" });
  });
});

describe("input geometry", () => {
  const refusal = async (boundary: unknown) => (await draw("yubei", boundary)).errors![0]! as { message: string; extensions: { code: string; rule?: string; at?: string } };

  test.each([
    ["an unclosed ring", { type: "Polygon", coordinates: [[[106, 29], [107, 29], [107, 30], [106, 30]]] }, "closed", "coordinates[0]"],
    ["a ring of three", { type: "Polygon", coordinates: [[[106, 29], [107, 29], [106, 29]]] }, "at least four", "coordinates[0]"],
    ["exchanged axes", { type: "Polygon", coordinates: [[[29, 106], [29, 107], [30, 107], [29, 106]]] }, "exchanged", "coordinates[0][0]"],
    ["a height", { type: "Point", coordinates: [106, 29, 200] }, "two finite numbers", "coordinates"],
    ["a text", '{"type":"Point"}', "an object, not text", ""],
    ["a feature", { type: "Feature", geometry: null }, "of a Feature send its geometry", "type"],
    ["a stated crs", { ...box(106, 29, 107, 30), crs: { type: "name", properties: { name: "EPSG:3857" } } }, "no crs member", "crs"],
    ["no position", { type: "MultiPolygon", coordinates: [] }, "not empty", "coordinates"],
    ["a position that is no number", { type: "MultiPoint", coordinates: Array.from({ length: 9_000 }, () => [1, 2]).concat([["x", 2] as never]) }, "two finite numbers", "coordinates[9000]"],
  ])("%s is refused and the place told", async (_, boundary, rule, at) => {
    const { message } = await refusal(boundary);
    expect(message).toContain(rule);
    expect(message).toContain(at);
  });

  test("a point where a polygon is wanted", async () => {
    expect((await refusal({ type: "Point", coordinates: [106, 29] })).extensions).toMatchObject({ code: "INVALID_INPUT", field: "input.boundary", rule: "Polygon, MultiPolygon" });
  });
});

describe("codes", () => {
  const ADD = "mutation($k:String!,$id:ID!,$v:Int!,$i:RegionAddFormerCodeInput!){regionAddFormerCode(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){code formerCodes(first:5){nodes{code name validTo}}}}";
  const ASK = "query($c:String!,$d:Date){regionByCode(code:$c,on:$d){code nameThen former currentCode validTo region{name}}}";

  test("an old code means its region on its day and none afterwards", async () => {
    const office = district.as("office");
    const input = { code: "500229000000", name: "示例县", validTo: "2016-11-24", basis: "撤县设区" };
    const { data } = await office.raw(ADD, { k: district.key(), id: district.regions["yubei"], v: await versionOf("yubei"), i: input });
    expect(data!["regionAddFormerCode"]).toEqual({ code: "500112000000", formerCodes: { nodes: [{ code: "500229000000", name: "示例县", validTo: "2016-11-24" }] } });
    const then = { code: "500229000000", nameThen: "示例县", former: true, currentCode: "500112000000", validTo: "2016-11-24" };
    expect((await office.ask(ASK, { c: "500229", d: "2016-11-23" })).regionByCode).toMatchObject([then]);
    expect((await office.ask(ASK, { c: "500229", d: "2016-11-24" })).regionByCode).toEqual([]);
    expect((await office.ask(ASK, { c: "500112" })).regionByCode).toMatchObject([{ code: "500112000000", former: false }]);
    const twice = await office.raw(ADD, { k: district.key(), id: district.regions["yubei"], v: await versionOf("yubei"), i: { ...input, validTo: "2010-01-01" } });
    expect(twice.errors![0]!.extensions).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_24_code_of_one_region" });
  });
});

describe("INV-23", () => {
  const MOVE = "mutation($k:String!,$id:ID!,$v:Int!,$i:SubjectUpdateInput!){subjectUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){version}}";
  const move = async (lon: number, lat: number) => {
    const office = district.as("office");
    const { regulatedSubject } = await office.ask("query($id:ID!){regulatedSubject(id:$id){version}}", { id: district.sites[0] });
    return office.raw(MOVE, { k: district.key(), id: district.sites[0], v: regulatedSubject.version, i: { location: { type: "Point", coordinates: [lon, lat] } } });
  };

  test("a place in force lies in its region, or within the tolerance that is a setting", async () => {
    await draw("huixing", box(106.6, 29.68, 106.65, 29.72));
    expect((await move(106.62, 29.7)).errors).toBeUndefined();
    // 0.004 degrees of longitude: 387 m outside; 0.006: 580 m.
    expect((await move(106.654, 29.7)).errors).toBeUndefined();
    expect((await move(106.656, 29.7)).errors![0]!.extensions).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_23_inside_region" });
    await district.database.engine.pool.query("update system_settings set boundary_tolerance_metres = 1000");
    expect((await move(106.656, 29.7)).errors).toBeUndefined();
  });
});
