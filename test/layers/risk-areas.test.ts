import { beforeAll, expect, test } from "@jest/globals";
import { fromCgcs2000 } from "../../src/platform/coordinates.js";
import { useDistrict } from "../support/district.js";
import { fetchTile, onSquare, tileAt, type Feature, type Position } from "../support/map-tiles.js";
import { RiskStage, type Made } from "../support/risk-stage.js";

const district = useDistrict();
const stage = new RiskStage(district);
/** A pipeline of some forty kilometres with bends, across many tiles. */
const PIPELINE: Position[] = Array.from({ length: 60 }, (_, at) => [106.45 + at * 0.006, 29.6 + Math.sin(at / 5) * 0.03 + at * 0.002]);
const YARD: Position[] = [[106.6, 29.7], [106.64, 29.7], [106.64, 29.73], [106.6, 29.73], [106.6, 29.7]];
const TANK: Position = [106.55, 29.65];
const SIDE = 0.000_1;
const tank: Position[] = [TANK, [TANK[0] + SIDE, TANK[1]], [TANK[0] + SIDE, TANK[1] + SIDE], [TANK[0], TANK[1] + SIDE], TANK];
let pipeline: Made;
let before: string;

beforeAll(async () => {
  before = new Date().toISOString();
  pipeline = await stage.inForce("MAJOR", { name: "示例管线", extent: { type: "LineString", coordinates: PIPELINE } });
  await stage.inForce("LOW", { name: "示例库区", extent: { type: "Polygon", coordinates: [YARD] } });
  await stage.inForce("MAJOR", { name: "示例储罐", extent: { type: "MultiPolygon", coordinates: [[tank]] } });
  await stage.inForce("LOW", { name: "示例两段道路", extent: { type: "MultiLineString", coordinates: [[[106.6, 29.6], [106.62, 29.61]], [[106.64, 29.6], [106.66, 29.61]]] } });
  await stage.inForce("LOW", { name: "只有点" });
}, 120_000);

const WAYS = [
  { name: "WebMercatorQuad", tms: "WebMercatorQuad", query: "", shift: (position: Position): Position => position },
  { name: "CGCS2000Quad", tms: "CGCS2000Quad", query: "?tms=CGCS2000Quad", shift: (position: Position): Position => position },
  { name: "GCJ-02", tms: "WebMercatorQuad", query: "?crs=GCJ02", shift: (position: Position): Position => fromCgcs2000(position, "GCJ02") },
] as const;
const at = (tms: "WebMercatorQuad" | "CGCS2000Quad", z: number, place: Position) => tileAt(tms, z, place).join("/");
const seen = async (z: number, place: Position, query = "", who = "office", tms: "WebMercatorQuad" | "CGCS2000Quad" = "WebMercatorQuad") => (await fetchTile(district.as(who), `risk-areas/${z}/${at(tms, z, place)}.mvt${query}`)).layers["risk-areas"] ?? [];
const named = (features: readonly Feature[], name: string) => features.filter(({ properties }) => properties["name"] === name);

/** Units between a place of a tile and the nearest of a feature's lines. */
const away = ({ rings }: Feature, x: number, y: number) =>
  Math.min(...rings.flatMap((line) => line.slice(1).map((b, index) => {
    const a = line[index]!;
    const along = Math.max(0, Math.min(1, ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / ((b.x - a.x) ** 2 + (b.y - a.y) ** 2)));
    return Math.hypot(x - a.x - along * (b.x - a.x), y - a.y - along * (b.y - a.y));
  })));

test.each(WAYS)("a line runs where it was recorded, through every tile it crosses, in $name", async ({ tms, query, shift }) => {
  for (const z of [7, 10, 13, 16]) {
    for (const place of PIPELINE) {
      const moved = shift(place);
      const [found] = named(await seen(z, moved, query, "office", tms), "示例管线");
      expect([z, place, found?.kind]).toEqual([z, place, "LineString"]);
      const [x, y] = onSquare(tms, moved).map((part) => (part * 2 ** z - Math.floor(part * 2 ** z)) * 4096) as [number, number];
      expect(away(found!, x, y)).toBeLessThan(4);
      expect(found!.rings.flat().every((point) => Math.max(-point.x, -point.y, point.x - 4096, point.y - 4096) <= 64)).toBe(true);
    }
  }
}, 60_000);

test("what is too small to see is a point, so that a major one is never lost, and parts of a line are one feature", async () => {
  for (const z of [0, 3, 8, 12]) expect([z, named(await seen(z, TANK), "示例储罐").map(({ kind, properties }) => [kind, properties["effectiveLevel"]])]).toEqual([z, [["Point", "MAJOR"]]]);
  expect(named(await seen(19, [TANK[0] + SIDE / 2, TANK[1] + SIDE / 2]), "示例储罐")[0]!.kind).toBe("Polygon");
  expect(named(await seen(3, TANK), "示例管线").map(({ kind }) => kind)).toEqual(["LineString"]);
  expect(named(await seen(0, TANK), "示例管线").map(({ kind }) => kind)).toEqual(["Point"]);
  const [roads] = named(await seen(10, [106.63, 29.605]), "示例两段道路");
  expect([roads!.kind, roads!.rings.length]).toEqual(["LineString", 2]);
  // The highest is drawn last.
  expect((await seen(8, TANK)).map(({ properties }) => properties["effectiveLevel"])).toEqual(["LOW", "LOW", "MAJOR", "MAJOR"]);
});

test("extents are read back, drawn in the system asked for, counted and listed alike, to those who see the risk", async () => {
  const { risks } = await district.as("office").ask('{risks(first:9,filter:{name:{eq:"示例库区"}}){nodes{extent shifted:extent(crs:GCJ02) location}}}');
  expect(risks.nodes[0].extent).toEqual({ type: "Polygon", coordinates: [YARD] });
  expect(risks.nodes[0].shifted.coordinates[0][0][0]).toBeCloseTo(fromCgcs2000([106.6, 29.7], "GCJ02")[0], 5);
  expect(risks.nodes[0].location).toEqual({ type: "Point", coordinates: [106.62, 29.7] });
  const { rows } = await district.database.engine.pool.query("select current_level as level, count(*)::integer as n from risks where extent is not null group by 1");
  const stored = Object.fromEntries((rows as { level: string; n: number }[]).map(({ level, n }) => [level, n]));
  expect(stored).toEqual({ MAJOR: 2, LOW: 2 });
  const legend = async (who: string, query = "") => (await (await district.as(who).fetch(`/legends/risk-areas.json${query}`)).json()) as { total: number; entries: { value: string | null; count: number }[] };
  expect((await legend("office")).entries.filter(({ count }) => count > 0).map(({ value, count }) => [value, count])).toEqual([["MAJOR", 2], ["LOW", 2]]);
  expect([(await legend("stranger")).total, (await legend("nobody")).total, (await legend("office", `?asOf=${encodeURIComponent(before)}`)).total]).toEqual([0, 0, 0]);
  const items = async (query: string) => (await (await district.as("office").fetch(`/ogc/collections/risk-areas/items?${query}`)).json()) as { numberMatched: number; features: { geometry: { type: string }; properties: Record<string, unknown> }[] };
  expect((await items("")).numberMatched).toBe(4);
  expect((await items("bbox=106.601,29.71,106.602,29.711")).features.map(({ geometry, properties }) => [geometry.type, properties["name"]])).toEqual([["Polygon", "示例库区"]]);
  expect(await seen(8, TANK, "", "stranger")).toEqual([]);
  expect(await seen(8, TANK, `?asOf=${encodeURIComponent(before)}`)).toEqual([]);
});

test("a tile is new when an extent moves, where it was and where it is", async () => {
  const [old, next]: [Position, Position] = [[106.62, 29.605], [107.1, 29.9]];
  const [here, there] = await Promise.all([old, next].map((place) => fetchTile(district.as("office"), `risk-areas/13/${at("WebMercatorQuad", 13, place)}.mvt`)));
  const { risks } = await district.as("office").ask('{risks(first:9,filter:{name:{eq:"示例两段道路"}}){nodes{id version}}}');
  await stage.do("riskUpdate", { on: risks.nodes[0], input: { extent: { type: "LineString", coordinates: [next, [next[0] + 0.01, next[1]]] } } });
  for (const [place, held, names] of [[old, here!, []], [next, there!, ["示例两段道路"]]] as const) {
    const now = await fetchTile(district.as("office"), `risk-areas/13/${at("WebMercatorQuad", 13, place)}.mvt`, { "if-none-match": held.etag });
    expect(now.status).not.toBe(304);
    expect(named(now.layers["risk-areas"] ?? [], "示例两段道路").map(({ properties }) => properties["name"])).toEqual(names);
  }
});

test("what is no extent is refused, with where it is wrong", async () => {
  const refused = async (extent: object) => {
    const { errors } = await district.as("office").raw("mutation($k:String!,$id:ID!,$v:Int!,$i:RiskUpdateInput!){riskUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){id}}", { k: district.key(), id: pipeline.id, v: pipeline.version, i: { extent } });
    return errors![0]!.extensions;
  };
  expect(await refused({ type: "Point", coordinates: [106.6, 29.7] })).toMatchObject({ code: "INVALID_INPUT", field: "input.extent" });
  expect(await refused({ type: "LineString", coordinates: [[29.7, 106.6], [29.8, 106.7]].map(([a, b]) => [a! - 20, b! - 50]) })).toMatchObject({ code: "INVALID_INPUT" });
  expect(await refused({ type: "LineString", coordinates: [[106.6, 29.7], [106.6, 29.7]] })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_23_extent_sound" });
  expect(await refused({ type: "Polygon", coordinates: [[[106.6, 29.7], [106.62, 29.72], [106.62, 29.7], [106.6, 29.72], [106.6, 29.7]]] })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_23_extent_sound", reason: "Self-intersection" });
});
