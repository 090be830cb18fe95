import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { Mapping } from "../../src/imports/mapping.js";
import { fromCgcs2000, toCgcs2000, type LonLat } from "../../src/platform/coordinates.js";
import { loadCounties } from "../../seeds/reference/counties.js";
import { useDistrict } from "../support/district.js";
import { fileOf, mappedOf } from "../support/read-file.js";

const district = useDistrict();
const summary = ({ rowsRead, rowsCreated, rowsUpdated, rowsUnchanged, rowsRejected }: object & Record<string, unknown>) => ({ rowsRead, rowsCreated, rowsUpdated, rowsUnchanged, rowsRejected });
const FILE = "seeds/reference/cq_sh_counties_echarts49.geojson";
const query = async (text: string, values: unknown[] = []) => (await district.database.engine.pool.query(text, values)).rows as Record<string, never>[];

interface CountyFeature {
  properties: { adcode_2023: string; adcode_in_source: string; name_in_source: string; valid_ogc: boolean };
  geometry: { coordinates: LonLat[][] };
}
const counties = (JSON.parse(readFileSync(FILE, "utf8")) as { features: CountyFeature[] }).features;

/** On the source's grid a vertex of 开州区 touches an edge; moved to CGCS2000 one by one, vertex and edge part by seven millimetres. */
const PARTED = "500154";

test("the 54 counties come in once: two that stand get their boundary, 16 are mended and marked, two carry an old code", async () => {
  const first = await loadCounties(district.database.engine);
  expect(summary({ ...first })).toEqual({ rowsRead: 54, rowsCreated: 52, rowsUpdated: 2, rowsUnchanged: 0, rowsRejected: 0 });
  expect(first.rows.filter(({ doubts }) => doubts.includes("BOUNDARY_NOT_VALID"))).toHaveLength(16);
  expect(summary({ ...(await loadCounties(district.database.engine)) })).toEqual({ rowsRead: 54, rowsCreated: 0, rowsUpdated: 0, rowsUnchanged: 54, rowsRejected: 0 });
  const { regionCounts } = await district.as("gis").ask("{regionCounts(by:[BOUNDARY_QUALITY]){boundaryQuality count}}");
  expect(new Map(regionCounts.filter((row: { boundaryQuality: string | null }) => row.boundaryQuality).map((row: { boundaryQuality: string; count: number }) => [row.boundaryQuality, row.count]))).toEqual(new Map([["UNCONFIRMED", 38], ["REPAIRED", 16]]));
  const invalid = await query("select left(code, 6) as code from regions where boundary_quality = 'REPAIRED' and st_isvalid(boundary) and not st_isvalid(boundary_given) order by 1");
  expect(invalid.map(({ code }) => code)).toEqual(counties.filter(({ properties }) => !properties.valid_ogc && properties.adcode_2023 !== PARTED).map(({ properties }) => properties.adcode_2023).toSorted());
  const { regionByCode } = await district.as("gis").ask('{regionByCode(code:"500228",on:"2016-01-01"){nameThen currentCode former region{name level formerCodes(first:2){nodes{code validTo}}}}}');
  expect(regionByCode).toEqual([{ nameThen: "梁平县", currentCode: "500155000000", former: true, region: { name: "梁平区", level: "DISTRICT", formerCodes: { nodes: [{ code: "500228000000", validTo: "2016-11-24" }] } } }]);
});

test("vertices are moved from GCJ-02 one by one, and lead back to what the file says", async () => {
  const yubei = counties.find(({ properties }) => properties.adcode_2023 === "500112")!;
  const [row] = await query("select st_asgeojson(boundary_given, 15, 0)::json as boundary from regions where code = '500112000000'");
  const stored = (row!["boundary"] as unknown as { coordinates: LonLat[][][] }).coordinates[0]![0]!;
  expect(stored).toHaveLength(yubei.geometry.coordinates[0]!.length);
  yubei.geometry.coordinates[0]!.forEach((given, index) => {
    const [lon, lat] = toCgcs2000(given, "GCJ02");
    expect(Math.abs(stored[index]![0] - lon) + Math.abs(stored[index]![1] - lat)).toBeLessThan(2e-8);
    const back = fromCgcs2000(stored[index]!, "GCJ02");
    // A hundred-millionth of a degree is a millimetre.
    expect(Math.abs(back[0] - given[0]) + Math.abs(back[1] - given[1])).toBeLessThan(4e-8);
  });
});

test("the area of the demo's county is that of the statistics, to a percent", async () => {
  const { regions } = await district.as("gis").ask('{regions(first:1,filter:{code:{eq:"500112000000"}}){nodes{areaKm2}}}');
  // 1,452 km2 by the district's own account.
  expect(Number(regions.nodes[0].areaKm2) / 1452).toBeCloseTo(1, 1);
});

const feature = (id: string, geometry: unknown, more: object = {}) => ({ type: "Feature", properties: { "Power Plant ID": id, Name: `示例电站${id}`, ...more }, geometry });
const MAPPING = "wri-power-plants";

test("a point that names no region lies where its point does; one outside all boundaries is told and not taken", async () => {
  const csv = (rows: string) => Buffer.from(`Power Plant ID,Name,Location,Longitude,Latitude\n${rows}`);
  const answer = await district.as("office").post(`/imports/${MAPPING}`, csv("1,示例一,河,106.63,29.72\n2,示例二,河,100.1,25.2\n3,示例三,河,,\n4,示例四,河,29.72,106.63\n5,示例五,河,106.48,29.5\n"));
  expect(summary(answer.body)).toEqual({ rowsRead: 5, rowsCreated: 1, rowsUpdated: 0, rowsUnchanged: 0, rowsRejected: 4 });
  expect(answer.body.rows.map((row: { outcome: string; problems: { code: string }[] }) => row.problems[0]?.code ?? row.outcome)).toEqual(["CREATED", "OUTSIDE_KNOWN_REGIONS", "REQUIRED", "POINT_WRONG", "NOT_FOUND"]);
  expect(answer.body.rows[0].doubts).toEqual(["DATUM_UNVERIFIED"]);
  const { regulatedSubjects } = await district.as("office").ask('{regulatedSubjects(first:1,filter:{name:{eq:"示例一"}}){nodes{__typename region{code} sector}}}');
  expect(regulatedSubjects.nodes).toEqual([{ __typename: "KeyFacility", region: { code: "500112000000" }, sector: "POWER" }]);
});

test("a point far from the region its import states is taken and marked while it stands unconfirmed", async () => {
  const answer = await district.as("office").post(`/imports/${MAPPING}?region=500112004000`, Buffer.from("Power Plant ID,Name,Location,Longitude,Latitude\n11,示例远处,河,106.0,29.3\n"));
  expect(answer.body.rows[0]).toMatchObject({ outcome: "CREATED", doubts: ["DATUM_UNVERIFIED", "OUTSIDE_REGION"] });
});

test("what is no GeoJSON is refused whole; a feature that is wrong is told by its number", async () => {
  const office = district.as("office");
  const reason = async (text: string) => (await office.post(`/imports/${MAPPING}`, Buffer.from(text))).body.errors?.[0].extensions;
  expect(await reason('{"type":"FeatureCollection","features":[')).toMatchObject({ code: "FILE_DAMAGED", reason: "JSON_BROKEN" });
  expect(await reason('{"type":"Topology"}')).toMatchObject({ code: "FILE_DAMAGED", reason: "NOT_GEOJSON" });
  expect(await reason('{"type":"FeatureCollection","features":[7]}')).toMatchObject({ code: "FILE_DAMAGED", reason: "NOT_A_FEATURE", line: 1 });
  expect(await reason('{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"features":[]}')).toMatchObject({ code: "FILE_DAMAGED", reason: "CRS_UNKNOWN" });
  expect(await reason(`${"[".repeat(100_000)}`)).toMatchObject({ code: "FILE_DAMAGED" });
  const mapping = "counties-echarts";
  const county = (code: string, geometry: unknown) => ({ type: "Feature", properties: { adcode_2023: code, adcode_in_source: code, name_in_source: `示例${code}` }, geometry });
  const ring = [[106.9, 29.5], [107, 29.5], [107, 29.6], [106.9, 29.5]];
  const file = { type: "FeatureCollection", features: [county("500191", { type: "Polygon", coordinates: [ring] }), county("500192", { type: "Polygon", coordinates: [ring.slice(0, 3)] }), county("500193", { type: "Point", coordinates: [106, 29] }), county("500194", null), county("500195", { type: "Polygon", coordinates: [ring.map(([lon, lat]) => [lat, lon])] })] };
  // New counties are the city's to register: no county makes another beside it.
  const answer = await district.as("headquarters").post(`/imports/${mapping}?mode=DRY_RUN`, Buffer.from(JSON.stringify(file)));
  const refused = await office.post(`/imports/${mapping}?mode=DRY_RUN`, Buffer.from(JSON.stringify(file)));
  expect(refused.body.rows[0]).toMatchObject({ outcome: "REJECTED", problems: [{ code: "FORBIDDEN" }] });
  expect(answer.body.rows.map(({ line, outcome, problems }: { line: number; outcome: string; problems: { code: string }[] }) => [line, problems[0]?.code ?? outcome])).toEqual([[1, "CREATED"], [2, "GEOMETRY_WRONG"], [3, "GEOMETRY_WRONG"], [4, "REQUIRED"], [5, "GEOMETRY_WRONG"]]);
});

test("a sequence of features, one a line or by RFC 8142, reads as a collection does", async () => {
  const mapping: Mapping = { name: "features", target: "subject", sourceSystem: "test", layout: {}, key: ["Power Plant ID"], datum: "WGS84", fields: { name: { column: "Name" }, n: { column: "n", as: "number" }, yes: { column: "yes" }, deep: { column: "deep" }, none: { column: "none" }, location: { as: "geometry" } } };
  const read = (text: string) => mappedOf(Buffer.from(text), mapping);
  const features = [feature("1", { type: "Point", coordinates: [106, 29] }, { n: 7, yes: true, deep: { a: [1] }, none: null }), feature("2", null)];
  const collection = await read(JSON.stringify({ type: "FeatureCollection", features }));
  expect(await read(features.map((one) => JSON.stringify(one)).join("\n"))).toEqual(collection);
  expect(await read(features.map((one) => `\u001e${JSON.stringify(one)}\n`).join(""))).toEqual(collection);
  expect(await read(`\ufeff ${JSON.stringify(features[0])}`)).toEqual(collection.slice(0, 1));
  expect(collection[0]!.values).toEqual({ name: "示例电站1", n: 7, yes: "true", deep: '{"a":[1]}', location: { type: "Point", coordinates: [106, 29] } });
});

test("landslides come in as geological hazard points, known by their kind and type of disaster", async () => {
  const { importFile } = await import("../../src/imports/import.file.js");
  const { importCall } = await import("../../src/imports/import.service.js");
  const { shippedMapping } = await import("../../src/imports/mappings.js");
  const file = "event_id,location_description,admin_division_name,longitude,latitude,location_accuracy\n1,示例滑坡,Chongqing,106.63,29.72,5km\n2,示例境外,Elsewhere,10.5,46.1,exact\n";
  const report = await importFile(district.database.engine, importCall("test"), { mapping: await shippedMapping("nasa-landslides"), fileName: "landslides.csv", datum: null, mode: "VALID_ROWS", regionCode: null }, await fileOf(Buffer.from(file)));
  expect(summary({ ...report })).toMatchObject({ rowsRead: 2, rowsCreated: 1, rowsRejected: 1 });
  expect(await query("select kind, area_kind, disaster_type, quality from subjects where source_system = 'NASA-GLC' and name = '示例滑坡'")).toEqual([{ kind: "KEY_AREA", area_kind: "GEO_HAZARD_POINT", disaster_type: "02", quality: ["LOCATION_COARSE"] }]);
});

const real = process.env["REAL_DATA_DIR"];
if (real && existsSync(real)) {
  const importCall = async (mapping: string, file: string) => {
    const { importFile } = await import("../../src/imports/import.file.js");
    const { importCall: call } = await import("../../src/imports/import.service.js");
    const { shippedMapping } = await import("../../src/imports/mappings.js");
    return importFile(district.database.engine, call("test"), { mapping: await shippedMapping(mapping), fileName: file, datum: null, mode: "VALID_ROWS", regionCode: null }, await fileOf(readFileSync(join(real, file))));
  };
  const reasons = (report: Awaited<ReturnType<typeof importCall>>) => {
    const told = report.rows.flatMap(({ problems }) => problems.slice(0, 1).map(({ code }) => code));
    return Object.fromEntries([...new Set(told)].map((code) => [code, told.filter((one) => one === code).length]));
  };

  test("real landslides: those within the counties are taken, all others told", async () => {
    const first = await importCall("nasa-landslides", "natural/nasa_glc_2018_trimmed.csv");
    expect(summary({ ...first })).toEqual({ rowsRead: 11_032, rowsCreated: 12, rowsUpdated: 0, rowsUnchanged: 0, rowsRejected: 11_020 });
    expect(reasons(first)).toEqual({ OUTSIDE_KNOWN_REGIONS: 10_918, REQUIRED: 102 });
    expect(summary({ ...(await importCall("nasa-landslides", "natural/nasa_glc_2018_trimmed.csv")) })).toEqual({ rowsRead: 11_032, rowsCreated: 0, rowsUpdated: 0, rowsUnchanged: 12, rowsRejected: 11_020 });
    // Each lies in the county it was given to, and its doubtful precision is told.
    const [wrong] = await query("select count(*)::integer as wrong from subjects s join regions r on r.id = s.region_id where s.source_system = 'NASA-GLC' and (not st_covers(r.boundary, s.location) or s.area_kind is distinct from 'GEO_HAZARD_POINT' or not 'LOCATION_COARSE' = any(s.quality))");
    expect(wrong!["wrong"]).toBe(0);
  }, 300_000);

  test("real power plants: those within the counties are taken, all others told", async () => {
    const first = await importCall("wri-power-plants", "poi/wri_power_plants_chongqing_shanghai_bbox.csv");
    expect(summary({ ...first })).toEqual({ rowsRead: 171, rowsCreated: 74, rowsUpdated: 0, rowsUnchanged: 0, rowsRejected: 97 });
    expect(reasons(first)).toEqual({ OUTSIDE_KNOWN_REGIONS: 97 });
    const byProvince = await query("select left(county_code, 2) as province, count(*)::integer as plants from subjects where source_system = 'WRI-GPPD' and name not like '示例%' group by 1 order by 1");
    expect(byProvince).toEqual([{ province: "31", plants: 27 }, { province: "50", plants: 47 }]);
  }, 120_000);
}
