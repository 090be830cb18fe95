import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { RiskStage } from "../support/risk-stage.js";
import { counted, fetchTile, owned, tileAt, type Position } from "../support/map-tiles.js";

const district = useDistrict();
const stage = new RiskStage(district);
const NEAR: Position = [106.62, 29.7];
let person: string;

const make = async (mutation: string, input: Record<string, unknown>, on = "", more = "") => {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  return ((await district.as("office").ask(`mutation($k:String!,$i:${type}!){${mutation}(idempotencyKey:$k${on},input:$i){id version ${more}}}`, { k: district.key(), i: input })) as Record<string, { id: string; version: number }>)[mutation]!;
};
const write = (text: string, values: unknown[] = []) => inUnit(district.database.engine, (client) => client.query(text, values));
const uuid = (id: string) => id.split("_")[1]!;
const tile = (layer: string, z = 14, held = "", who = "office", query = "") => fetchTile(district.as(who), `${layer}/${z}/${tileAt("WebMercatorQuad", z, NEAR).join("/")}.mvt${query}`, held ? { "if-none-match": held } : {});
const shown = async (z = 10, query = "") => (await tile("coverage", z, "", "office", query)).layers["coverage"] ?? [];
const stateOf = async (name: string) => (await shown(15)).concat((await shown(10)).filter(({ properties }) => properties["name"] === name)).find(({ properties }) => properties["name"] === name)?.properties["coverage"];
const legend = async (layer: string, who = "office", query = "") => (await (await district.as(who).fetch(`/legends/${layer}.json${query}`)).json()) as { total: number; entries: { value: string | null; count: number }[] };
const counts = async (layer: string, query = "") => Object.fromEntries((await legend(layer, "office", query)).entries.map(({ value, count }) => [String(value), count]));
const gaps = async (kind: string) => ((await district.as("office").ask(`{gaps(kinds:[${kind}]){code}}`)).gaps as { code: string }[]).map(({ code }) => code).toSorted();
const byCoverage = async () => Object.fromEntries(((await district.as("office").ask("{regulatedSubjectCounts(by:[COVERAGE]){coverage count}}")).regulatedSubjectCounts as { coverage: string | null; count: number }[]).map(({ coverage, count }) => [String(coverage), count]));

beforeAll(async () => {
  person = (await make("personRegister", { region: district.regions["yubei"], name: "示例责任人", kind: "OFFICIAL" })).id;
});

const slot = () => Object.values(district.slots)[0]!;

describe("coverage", () => {
  test("says of every active subject what the list of gaps says, and of no other, at every door", async () => {
    // Registered, not yet confirmed: nobody is asked to supervise it yet.
    await make("subjectRegister", { region: district.regions["village"], kind: "CONSTRUCTION_PROJECT", name: "未确认工地", sector: "CONSTRUCTION", location: { type: "Point", coordinates: [106.621, 29.701] } });
    expect(owned(await shown(12)).map(({ properties }) => [properties["name"], properties["coverage"]]).toSorted()).toEqual([["示例场所0", "WITHOUT_RESPONSIBLE"], ["示例场所1", "WITHOUT_RESPONSIBLE"]]);
    expect(await gaps("SUBJECT_WITHOUT_RESPONSIBLE")).toHaveLength(2);
    expect(await gaps("SUBJECT_WITHOUT_LEAD")).toEqual([]);
    expect(await counts("coverage")).toEqual({ UNCOVERED: 0, WITHOUT_LEAD: 0, WITHOUT_RESPONSIBLE: 2, COVERED: 0, null: 0 });
    expect(await byCoverage()).toEqual({ WITHOUT_RESPONSIBLE: 2, null: 1 });
    const items = (await (await district.as("office").fetch("/ogc/collections/coverage/items")).json()) as { numberMatched: number; features: { properties: Record<string, unknown> }[] };
    expect([items.numberMatched, items.features.map(({ properties }) => properties["coverage"])]).toEqual([2, ["WITHOUT_RESPONSIBLE", "WITHOUT_RESPONSIBLE"]]);
    const chosen = async (filter: string) => ((await (await district.as("office").fetch(`/ogc/collections/coverage/items?filter=${encodeURIComponent(filter)}`)).json()) as { numberMatched: number }).numberMatched;
    expect([await chosen("coverage = 'COVERED'"), await chosen("coverage = 'WITHOUT_RESPONSIBLE'")]).toEqual([0, 2]);
  });

  test("changes in the tile when a term begins and ends as time passes, without a write, and keeps its validator in between", async () => {
    const known = new Date().toISOString();
    const before = await tile("coverage");
    await pause(20);
    expect((await tile("coverage", 14, before.etag)).status).toBe(304);
    const begins = Date.now() + 4_000;
    const appointed = await make("regulatorAssignmentAppoint", { subject: district.sites[0], slot: slot(), person, appointmentDoc: "示例任〔2026〕1号", validFrom: new Date(begins).toISOString() });
    const waiting = await tile("coverage");
    expect(waiting.layers["coverage"]!.find(({ properties }) => properties["name"] === "示例场所0")!.properties["coverage"]).toBe("WITHOUT_RESPONSIBLE");
    expect((await tile("coverage", 14, waiting.etag)).status).toBe(304);
    const revision = async () => ((await district.as("office").ask("{layers{layer revision}}")).layers as { layer: string; revision: string }[]).find(({ layer }) => layer === "coverage")!.revision;
    const held = await revision();
    expect(Date.now()).toBeLessThan(begins);
    await pause(begins - Date.now() + 50);
    const begun = await tile("coverage", 14, waiting.etag);
    expect(begun.status).toBe(200);
    expect(await stateOf("示例场所0")).toBe("COVERED");
    expect(await revision()).not.toBe(held);
    expect((await tile("coverage", 14, begun.etag)).status).toBe(304);
    expect(await gaps("SUBJECT_WITHOUT_RESPONSIBLE")).toHaveLength(1);
    expect(await counts("coverage")).toMatchObject({ COVERED: 1, WITHOUT_RESPONSIBLE: 1 });
    await district.as("office").ask(`mutation($k:String!,$id:ID!){regulatorAssignmentEnd(idempotencyKey:$k,id:$id,expectedVersion:${appointed.version}){id}}`, { k: district.key(), id: appointed.id });
    expect((await tile("coverage", 14, begun.etag)).status).toBe(200);
    expect(await stateOf("示例场所0")).toBe("WITHOUT_RESPONSIBLE");
    expect(await counts("coverage", `?asOf=${encodeURIComponent(known)}`)).toMatchObject({ COVERED: 0, WITHOUT_RESPONSIBLE: 2 });
  }, 60_000);

  test("a subject whose lead lapses is a blind spot by itself at every zoom, and its regions say so", async () => {
    const regions = async (held = "") => tile("coverage-regions", 10, held);
    await write("update regions set point = st_setsrid(st_makepoint(106.62, 29.7), 4490)");
    expect(await counts("coverage-regions")).toMatchObject({ ABOVE_20: 0 });
    const before = await regions();
    const ends = Date.now() + 3_000;
    await write("update regulation_relations set valid_to = $2 where subject_id = $1", [uuid(district.sites[1]!), new Date(ends).toISOString()]);
    const waiting = await tile("coverage", 6);
    expect(waiting.layers["coverage"]!.map(({ properties }) => properties["coverage"] ?? properties["highestLevel"])).toEqual(["WITHOUT_RESPONSIBLE"]);
    await pause(ends - Date.now() + 50);
    expect((await tile("coverage", 6, waiting.etag)).status).toBe(200);
    for (const z of [3, 6, 9, 14]) expect([z, owned(await shown(z)).filter(({ properties }) => properties["coverage"] === "UNCOVERED").map(({ properties }) => properties["name"])]).toEqual([z, ["示例场所1"]]);
    expect(counted(owned(await shown(6)))).toBe(2);
    expect(await gaps("SUBJECT_WITHOUT_LEAD")).toHaveLength(1);
    const after = await regions(before.etag);
    expect(after.status).toBe(200);
    const of = (name: string) => after.layers["coverage-regions"]!.find(({ properties }) => properties["name"] === name)!.properties;
    expect(of("yubei")).toMatchObject({ gapClass: "ABOVE_20", gaps: 1 });
    expect(of("huixing")).toMatchObject({ gapClass: "NONE", gaps: 0 });
    expect(of("jiulongpo")["gapClass"]).toBeUndefined();
    expect(await counts("coverage-regions")).toMatchObject({ ABOVE_20: 2, NONE: 2 });
  }, 60_000);

  test("is of no concern to the public, and to others as far as they see", async () => {
    expect((await tile("coverage", 6, "", "nobody")).status).toBe(204);
    expect((await tile("coverage-regions", 10, "", "nobody")).status).toBe(204);
    expect((await legend("coverage", "street")).total).toBe(1);
    expect((await legend("coverage", "stranger")).total).toBe(0);
    for (const layer of ["coverage", "coverage-regions"]) expect((await district.as("nobody").fetch(`/ogc/collections/${layer}`)).status).toBe(404);
    expect((await tile("coverage-regions", 10, "", "stranger")).layers["coverage-regions"]!.some(({ properties }) => properties["gapClass"] !== undefined)).toBe(false);
  });
});

describe("a kind of subject as a layer of its own", () => {
  const box = (lon: number, lat: number, size: number) => ({ type: "Polygon", coordinates: [[[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]] });

  test("holds its rows and no other at every door: tiles, items, legend, filter, as of an instant", async () => {
    const began = new Date().toISOString();
    await make("subjectRegister", { region: district.regions["village"], kind: "KEY_AREA", name: "示例易发区", location: { type: "Point", coordinates: [106.615, 29.705] }, area: { areaKind: "GEO_PRONE", boundary: box(106.61, 29.7, 0.01), threatenedPeople: 12 } });
    await make("subjectRegister", { region: district.regions["village"], kind: "KEY_AREA", name: "示例隐患点", location: { type: "Point", coordinates: [106.62, 29.702] }, area: { areaKind: "GEO_HAZARD_POINT" } });
    await make("subjectRegister", { region: district.regions["village"], kind: "KEY_FACILITY", name: "示例学校", location: { type: "Point", coordinates: [106.621, 29.702] }, facility: { facilityKind: "SCHOOL" } });
    const seen = async (layer: string, query = "") => ((await tile(layer, 13, "", "office", query)).layers[layer] ?? []).map(({ kind, properties }) => [properties["name"], kind]).toSorted();
    expect(await seen("key-areas")).toEqual([["示例易发区", "Polygon"], ["示例隐患点", "Point"]].toSorted());
    expect(await seen("key-facilities")).toEqual([["示例学校", "Point"]]);
    expect(await seen("construction-projects")).toEqual([["未确认工地", "Point"]]);
    expect(await seen("key-areas", `?filter=${encodeURIComponent('{"areaKind":{"eq":"GEO_PRONE"}}')}`)).toEqual([["示例易发区", "Polygon"]]);
    expect(await seen("key-areas", `?asOf=${encodeURIComponent(began)}`)).toEqual([]);
    for (const [layer, kind] of [["key-areas", "KEY_AREA"], ["key-facilities", "KEY_FACILITY"], ["construction-projects", "CONSTRUCTION_PROJECT"]] as const) {
      const { rows } = await district.database.engine.pool.query("select count(*)::integer as n from subjects where kind = $1", [kind]);
      const { n } = rows[0] as { n: number };
      expect(n).toBeGreaterThan(0);
      expect((await legend(layer)).total).toBe(n);
      const items = (await (await district.as("office").fetch(`/ogc/collections/${layer}/items`)).json()) as { numberMatched: number; features: { id: string }[] };
      expect([items.numberMatched, items.features.length]).toEqual([n, n]);
      // An item of another kind is not there, even by its id.
      expect((await district.as("office").fetch(`/ogc/collections/${layer}/items/${district.sites[0]!}`)).status).toBe(404);
      expect((await district.as("office").fetch(`/ogc/collections/${layer}/items/${items.features[0]!.id}`)).status).toBe(200);
    }
    expect((await legend("key-areas", "stranger")).total).toBe(0);
    expect(await counts("key-areas")).toMatchObject({ GEO_PRONE: 1, GEO_HAZARD_POINT: 1, SCENIC: 0 });
  });
});

describe("regions by weight and by number", () => {
  test("say what regionRiskMap says by the same formula, in the layer and its legend, and an average hides no red one", async () => {
    for (const level of ["MAJOR", "LOW", "LOW"] as const) await stage.inForce(level, { location: { type: "Point", coordinates: NEAR } });
    const yubei = (await tile("regions-weighted", 10)).layers["regions-weighted"]!.find(({ properties }) => properties["name"] === "yubei")!.properties;
    expect(yubei).toMatchObject({ weightedLevel: "MODERATE", highestLevel: "MAJOR", risks: 3 });
    expect(await counts("regions-weighted")).toMatchObject({ MAJOR: 0, MODERATE: 3 });
    expect(await counts("regions-counts")).toMatchObject({ FROM_1: 3, FROM_10: 0 });
    // 公示: districts and towns, no village.
    const open = (await tile("regions-weighted", 10, "", "nobody")).layers["regions-weighted"]!.map(({ properties }) => [properties["name"], properties["weightedLevel"], properties["risks"]]);
    expect((await tile("regions-weighted", 10, "", "system_admin")).layers).toEqual((await tile("regions-weighted", 10, "", "nobody")).layers);
    expect(open).toEqual(expect.arrayContaining([["yubei", "MODERATE", 3], ["huixing", "MODERATE", 3], ["village", undefined, undefined]]));
    for (const layer of ["regions-weighted", "regions-counts"]) {
      const formula = layer === "regions-weighted" ? "WEIGHTED" : "COUNT";
      for (const level of ["DISTRICT", "TOWN", "VILLAGE"]) {
        const map = (await district.as("office").ask(`{regionRiskMap(level:${level},formula:${formula}){name level total}}`)).regionRiskMap as { name: string; level: string | null; total: number }[];
        for (const row of map) {
          const found = (await tile(layer, 10)).layers[layer]!.find(({ properties }) => properties["name"] === row.name)!.properties;
          expect([layer, row.name, found["risks"], layer === "regions-weighted" ? (found["weightedLevel"] ?? null) : (found["highestLevel"] ?? null)]).toEqual([layer, row.name, row.total, row.level]);
        }
      }
    }
  });
});
