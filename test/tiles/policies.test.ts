import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { fromCgcs2000 } from "../../src/platform/coordinates.js";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { fetchTile, onSquare, tileAt, type Position } from "../support/map-tiles.js";

const district = useDistrict();
const PLACE: Position = [106.61442, 29.69338];
const AREA = [[106.600123, 29.700456], [106.650789, 29.700111], [106.650222, 29.740987], [106.600654, 29.740321], [106.600123, 29.700456]];
const uuid = (name: string) => district.regions[name]!.split("_")[1]!;
const rounded = ([lon, lat]: Position, digits: number): Position => [Number(lon.toFixed(digits)), Number(lat.toFixed(digits))];
const write = (text: string, values: unknown[]) => inUnit(district.database.engine, (client) => client.query(text, values));
/** Sets a policy, or changes the one there is. */
const policy = async (layer: string, audience: string, more: object) => {
  const admin = district.as("security_admin");
  const { coordinatePolicies } = await district.as("office").ask("query($l:String!,$a:Role!){coordinatePolicies(first:1,filter:{layer:{eq:$l},audience:{eq:$a}}){nodes{id version}}}", { l: layer, a: audience });
  const [known] = coordinatePolicies.nodes as { id: string; version: number }[];
  if (known) await admin.ask("mutation($k:String!,$id:ID!,$v:Int!,$i:CoordinatePolicyChangeInput!){coordinatePolicyChange(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){layer}}", { k: district.key(), id: known.id, v: known.version, i: more });
  else await admin.ask("mutation($k:String!,$i:CoordinatePolicySetInput!){coordinatePolicySet(idempotencyKey:$k,input:$i){layer}}", { k: district.key(), i: { layer, audience, ...more } });
};

let village: number;
beforeAll(async () => {
  await write("update regions set point = st_setsrid(st_makepoint($2, $3), 4490) where id = $1", [uuid("village"), ...PLACE]);
  await write("update regions set boundary = st_multi(st_setsrid(st_geomfromgeojson($2), 4490)) where id = $1", [uuid("huixing"), JSON.stringify({ type: "Polygon", coordinates: [AREA] })]);
  // Smaller than a thousandth of a degree.
  await write("update regions set boundary = st_multi(st_setsrid(st_makeenvelope(106.7001, 29.8001, 106.7003, 29.8003), 4490)) where id = $1", [uuid("yuanyang")]);
  village = ((await district.database.engine.pool.query("select fid::integer as fid from regions where id = $1", [uuid("village")])).rows[0] as { fid: number }).fid;
});

const SYSTEMS = [
  ["EPSG4490", "", (place: Position) => place],
  ["GCJ02", "&crs=urn:x-yitu:def:crs:GCJ02", (place: Position) => fromCgcs2000(place, "GCJ02")],
  ["BD09", "&crs=urn:x-yitu:def:crs:BD09", (place: Position) => fromCgcs2000(place, "BD09")],
] as const;

describe.each([["nobody", 3], ["office", 7]] as const)("what %s is given of a region, to %s digits", (who, digits) => {
  const shapeOf = async (name: string, crs: string) => (await district.as(who).ask(`query($id:ID!){region(id:$id){shape(crs:${crs})}}`, { id: district.regions[name] })).region.shape as { type: string; coordinates: unknown };

  test.each(SYSTEMS)("is the same from GraphQL and from the items in %s", async (crs, parameter, shift) => {
    const items = async (name: string) => ((await (await district.as(who).fetch(`/ogc/collections/regions/items/${district.regions[name]}?f=json${parameter}`)).json()) as { geometry: unknown }).geometry;
    for (const name of ["village", "huixing", "yuanyang"]) expect(await items(name)).toEqual(await shapeOf(name, crs));
    const page = (await (await district.as(who).fetch(`/ogc/collections/regions/items?limit=100${parameter}`)).json()) as { features: { id: string; geometry: unknown }[] };
    for (const { id, geometry } of page.features) expect(geometry).toEqual(await shapeOf(Object.entries(district.regions).find(([, known]) => known === id)![0], crs));
    const point = await shapeOf("village", crs);
    expect(point).toEqual({ type: "Point", coordinates: rounded(shift(rounded(PLACE, digits)), digits) });
  });

  test("is the same in tiles, in the tile the given place lies in", async () => {
    for (const [query, tms, shift] of [["", "WebMercatorQuad", SYSTEMS[0][2]], ["?tms=CGCS2000Quad", "CGCS2000Quad", SYSTEMS[0][2]], ["?crs=GCJ02", "WebMercatorQuad", SYSTEMS[1][2]]] as const) {
      const given = shift(rounded(PLACE, digits));
      for (const z of [14, 18, 21]) {
        const [x, y] = tileAt(tms, z, given);
        const found = (await fetchTile(district.as(who), `regions/${z}/${x}/${y}.mvt${query}`)).layers["regions"]?.find(({ id }) => id === village);
        const [across, down] = onSquare(tms, given).map((part) => part * 2 ** z) as [number, number];
        const drawn = found?.rings[0]?.[0];
        expect(Math.hypot(drawn!.x - (across - x) * 4096, drawn!.y - (down - y) * 4096)).toBeLessThan(2);
      }
    }
    const [x, y] = tileAt("WebMercatorQuad", 21, PLACE);
    const atItsOwn = (await fetchTile(district.as(who), `regions/21/${x}/${y}.mvt`)).layers["regions"]?.some(({ id }) => id === village) ?? false;
    expect(atItsOwn).toBe(digits === 7);
  });
});

test("an area smaller than the digits is given as a point, and does not vanish", async () => {
  expect((await district.as("nobody").ask("query($id:ID!){region(id:$id){shape mercator:shape(crs:WEB_MERCATOR)}}", { id: district.regions["yuanyang"] })).region).toMatchObject({ shape: { type: "Point", coordinates: [106.7, 29.8] }, mercator: { type: "Point" } });
});

describe("points of a role held to two digits", () => {
  const site: Position = [106.62, 29.7];
  beforeAll(async () => {
    await write("update subjects set location = st_setsrid(st_makepoint(106.6243, 29.7038), 4490) where id = $1", [district.sites[0]!.split("_")[1]]);
    await policy("RegulatedSubject", "AUDITOR", { decimals: 2 });
  });
  afterAll(() => policy("RegulatedSubject", "AUDITOR", { decimals: null }));

  test.each([6, 11, 13, 17, 21])("lie at zoom %s where they are given, once", async (z) => {
    const [x, y] = tileAt("WebMercatorQuad", z, site);
    const found: unknown[] = [];
    for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]] as const) found.push(...((await fetchTile(district.as("auditor"), `subjects/${z}/${x + dx}/${y + dy}.mvt`)).layers["subjects"] ?? []).filter(({ properties }) => properties["name"] === "示例场所0" && !properties["copy"]));
    const own = (await fetchTile(district.as("auditor"), `subjects/${z}/${x}/${y}.mvt`)).layers["subjects"] ?? [];
    expect(own.length).toBeGreaterThan(0);
    // Gathered with the other, which lies a hundredth of a degree away, where both are in one cell.
    expect(found.length).toBe(z < 9 ? 0 : 1);
  });

  test.each([17, 21])("are not at zoom %s where they are stored, except for others", async (z) => {
    const [x, y] = tileAt("WebMercatorQuad", z, [106.6243, 29.7038]);
    expect((await fetchTile(district.as("auditor"), `subjects/${z}/${x}/${y}.mvt`)).layers["subjects"]).toBeUndefined();
    expect((await fetchTile(district.as("office"), `subjects/${z}/${x}/${y}.mvt`)).layers["subjects"]).toHaveLength(1);
  });
});

test("a policy holds from the next tile on, and a change beside the tile that is drawn in it makes it new", async () => {
  const tile = async (place: Position, held = "") => {
    const [x, y] = tileAt("WebMercatorQuad", 20, place);
    return fetchTile(district.as("nobody"), `regions/20/${x}/${y}.mvt`, held ? { "if-none-match": held } : {});
  };
  const versionOf = async () => new URL(((await (await district.as("nobody").fetch("/tiles/regions.json?versioned=true")).json()) as { tiles: string[] }).tiles[0]!).searchParams.get("v");
  const version = await versionOf();
  expect(await versionOf()).toBe(version);
  const before = await tile(rounded(PLACE, 3));
  expect((await tile(rounded(PLACE, 3), before.etag)).status).toBe(304);
  await policy("Region", "PUBLIC", { decimals: 1 });
  try {
    expect(await versionOf()).not.toBe(version);
    expect((await tile(rounded(PLACE, 3), before.etag)).layers["regions"]?.some(({ id }) => id === village) ?? false).toBe(false);
    // Stored half a cell of marks away from where it is drawn.
    await write("update regions set point = st_setsrid(st_makepoint(106.649, 29.749), 4490) where id = $1", [uuid("village")]);
    const coarse = await tile([106.6, 29.7]);
    expect(coarse.layers["regions"]!.map(({ id }) => id)).toContain(village);
    await write("update regions set name = name || '改' where id = $1", [uuid("village")]);
    const renamed = await tile([106.6, 29.7], coarse.etag);
    expect(renamed.status).toBe(200);
    await policy("Region", "PUBLIC", { decimals: 3, crs: ["EPSG4490", "CRS84", "WEB_MERCATOR"] });
    const statuses = await Promise.all(["/tiles/regions/3/6/3.mvt", "/tiles/regions/3/6/3.mvt?crs=GCJ02", "/ogc/collections/regions/items", "/ogc/collections/regions/items?crs=urn:x-yitu:def:crs:BD09", "/ogc/collections/regions/items?f=fgb", "/legends/regions.json", "/legends/regions.json?crs=GCJ02"].map(async (path) => (await district.as("nobody").fetch(path)).status));
    expect(statuses.map((status) => (status === 204 ? 200 : status))).toEqual([200, 403, 200, 403, 400, 200, 403]);
    expect((await district.as("office").fetch("/tiles/regions/3/6/3.mvt?crs=GCJ02")).status).toBeLessThan(300);
  } finally {
    await policy("Region", "PUBLIC", { decimals: 3, crs: null });
  }
});

test("a policy changed and changed back brings no version of tiles back: what was made in between must not pass for what there was", async () => {
  const version = async () => new URL(((await (await district.as("office").fetch("/tiles/regions.json?versioned=true")).json()) as { tiles: string[] }).tiles[0]!).searchParams.get("v");
  await policy("Region", "TOWN_LEADER", { decimals: 3 });
  const before = await version();
  expect(await version()).toBe(before);
  await policy("Region", "TOWN_LEADER", { decimals: 2 });
  await policy("Region", "TOWN_LEADER", { decimals: 3 });
  expect(await version()).not.toBe(before);
});
