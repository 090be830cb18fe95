import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";
import { fetchTile, placeRisks, tileAt, type Position } from "../support/map-tiles.js";
import { RiskStage, type Made } from "../support/risk-stage.js";

const district = useDistrict();
const stage = new RiskStage(district);
const PLACE: Position = [106.62, 29.7];
const BESIDE: Position = [106.6201, 29.7];
let risk: Made;

beforeAll(async () => {
  risk = await stage.inForce("LOW", { name: "临灾风险", location: { type: "Point", coordinates: PLACE } });
  // So many of the lowest beside it that it would be gathered among them.
  await placeRisks(district.database.engine, district, Array.from({ length: 20 }, () => ({ position: BESIDE })));
});

const tile = (z: number, held = "", layer = "risks", query = "") => {
  const [x, y] = tileAt("WebMercatorQuad", z, PLACE);
  return fetchTile(district.as("auditor"), `${layer}/${z}/${x}/${y}.mvt${query}`, held ? { "if-none-match": held } : {});
};
const named = async (z: number, query = "") => (await tile(z, "", "risks", query)).layers["risks"]!.filter(({ properties }) => properties["name"] === "临灾风险").map(({ properties }) => [properties["currentLevel"], properties["effectiveLevel"], properties["elevated"]]);
const featured = async () => ((await district.as("auditor").ask('{riskFeatures(first:500,filter:{name:{eq:"临灾风险"}})}')).riskFeatures.features as { properties: Record<string, unknown> }[]).map(({ properties }) => [properties["currentLevel"], properties["effectiveLevel"], properties["elevated"]]);
const legend = async (layer: string) => Object.fromEntries(((await (await district.as("auditor").fetch(`/legends/${layer}.json`)).json()) as { entries: { value: string; count: number }[] }).entries.map(({ value, count }) => [value, count]));
/** What each question of place tells of the place: how many are major there. */
const major = async () => {
  const box = "bbox:{west:106.5,south:29.6,east:106.7,north:29.8}";
  const ring = { type: "Polygon", coordinates: [[[106.619, 29.699], [106.621, 29.699], [106.621, 29.701], [106.619, 29.701], [106.619, 29.699]]] };
  const told = await district.as("auditor").ask(`query($p:GeoJSON!,$q:GeoJSON!){regionRiskMap(level:DISTRICT){highest major highestRisks} gridRiskMap(cell:SQUARE,sizeMetres:1000,${box}){major} clusters(zoom:10,${box}){major} insidePolygon(polygon:$p){isTotal major} nearby(point:$q,metres:5,first:50){name level} riskAt(point:$q,toleranceMetres:5,first:50){name level}}`, { p: ring, q: { type: "Point", coordinates: PLACE } });
  const sum = (rows: { major: number }[]) => rows.reduce((all, row) => all + row.major, 0);
  const found = (rows: { name: string; level: string }[]) => rows.filter(({ name, level }) => name === "临灾风险" && level === "MAJOR").length;
  const listed = told.regionRiskMap.flatMap(({ highest, highestRisks }: { highest: string; highestRisks: string[] }) => (highest === "MAJOR" ? highestRisks : []));
  return [sum(told.regionRiskMap), listed.length, sum(told.gridRiskMap), sum(told.clusters), told.insidePolygon[0].major, found(told.nearby), found(told.riskAt)];
};
const elevate = async (toLevel: string, until: number) => stage.do("riskElevate", { on: risk, input: { decision: await stage.argued(risk, { kind: "IMMINENT_DISASTER", decision: "ELEVATE", toLevel }), validTo: new Date(until).toISOString(), reason: "暴雨红色预警" }, show: "elevations(first:5){nodes{id version}}" });

test("a tile keeps its validator while no elevation begins or ends, though what it shows depends on the moment", async () => {
  const [first, second] = [await tile(9), await tile(15)];
  await pause(20);
  expect((await tile(9, first.etag)).status).toBe(304);
  expect((await tile(15, second.etag)).status).toBe(304);
  expect(await named(9)).toEqual([]);
  expect(await named(15)).toEqual([["LOW", "LOW", false]]);
});

test("an elevated risk stands by itself at every zoom with the level in effect, and lapses in the tile as time passes, without a write", async () => {
  const known = new Date().toISOString();
  const before = await tile(9);
  const until = Date.now() + 8_000;
  const shown = await elevate("MAJOR", until);
  expect(shown).toBeDefined();
  const elevated = await tile(9, before.etag);
  expect(elevated.status).toBe(200);
  expect(await featured()).toEqual([["LOW", "MAJOR", true]]);
  for (const z of [3, 6, 9, 12, 15, 20]) expect([z, await named(z)]).toEqual([z, await featured()]);
  expect(await legend("risks")).toMatchObject({ MAJOR: 1 });
  expect(await major()).toEqual([1, 1, 1, 1, 1, 1, 1]);
  expect(await legend("regions")).toMatchObject({ MAJOR: 0 });
  expect(await named(9, `?asOf=${encodeURIComponent(known)}`)).toEqual([]);
  const held = await tile(9);
  expect((await tile(9, held.etag)).status).toBe(304);
  const versionOf = async () => new URL(((await (await district.as("auditor").fetch("/tiles/risks.json?versioned=true")).json()) as { tiles: string[] }).tiles[0]!).searchParams.get("v");
  const version = await versionOf();
  const atVersion = async () => (await tile(9, "", "risks", `?v=${version}`)).headers.get("cache-control");
  expect(await atVersion()).toBe("private, max-age=31536000, immutable");
  expect(Date.now()).toBeLessThan(until);
  await pause(until - Date.now() + 50);
  const lapsed = await tile(9, held.etag);
  expect(lapsed.status).toBe(200);
  expect(lapsed.etag).not.toBe(held.etag);
  expect([await atVersion(), (await versionOf()) === version]).toEqual(["private, no-cache", false]);
  expect(await named(9)).toEqual([]);
  expect(await named(15)).toEqual([["LOW", "LOW", false]]);
  expect(await featured()).toEqual([["LOW", "LOW", false]]);
  expect(await legend("risks")).toMatchObject({ MAJOR: 0 });
  expect(await major()).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect((await tile(9, (await tile(9)).etag)).status).toBe(304);
});
