import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { appearances } from "../../src/layers/palette.js";
import { useDistrict } from "../support/district.js";
import { LEVELS, onSquare, placeRisks, type Position } from "../support/map-tiles.js";
import { populate } from "../support/population.js";
import { hasQgis, listener, readByQgis, type ReadByQgis } from "../support/qgis.js";

const district = useDistrict();
const BOX = [106.58, 29.68, 106.65, 29.72] as const;
const COLLECTIONS = { risks: ["risks", "location"], "hidden-dangers": ["hidden_dangers", "location"], subjects: ["subjects", "location"], regions: ["regions", "coalesce(boundary, point)"], "risk-zones": ["risk_zones", "boundary"] } as const;
const PREFIX = { risks: "Risk", "hidden-dangers": "HiddenDanger", subjects: "RegulatedSubject", regions: "Region", "risk-zones": "RiskZone" } as const;
const GROUND = "#EEF1F4";

/** Of the world in web Mercator, about a place. */
function extent([lon, lat]: Position, degrees: number): number[] {
  const at = (position: Position) => onSquare("WebMercatorQuad", position).map((part, axis) => (part - 0.5) * 2 * 20_037_508.342_789_244 * (axis === 0 ? 1 : -1)) as [number, number];
  return [...at([lon - degrees, lat - degrees]), ...at([lon + degrees, lat + degrees])];
}

const channels = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
/** Pixels of a colour laid over the ground, give or take one step of each channel. */
function pixels(colours: Record<string, number>, colour: string, opacity = 1): number {
  const wanted = channels(colour).map((channel, at) => channel * opacity + channels(GROUND)[at]! * (1 - opacity));
  return Object.entries(colours).reduce((sum, [met, count]) => (channels(met).every((channel, at) => Math.abs(channel - wanted[at]!) <= 1.5) ? sum + count : sum), 0);
}

// A machine without it tests everything else; where every lane must run, it must be there.
(hasQgis || process.env["REQUIRE_ALL_LANES"] === "1" ? describe : describe.skip)("QGIS, signed in by name and key, reads what SQL finds", () => {
  const folder = mkdtempSync(join(tmpdir(), "pictures-"));
  const near: Position = [106.9, 29.9];
  const far: Position = [107.4, 29.3];
  let between: Awaited<ReturnType<typeof listener>>;
  let answer: ReadByQgis;
  const rows = async (sql: string) => (await district.database.engine.pool.query(sql)).rows as Record<string, string | number>[];

  beforeAll(async () => {
    await populate(district, 12);
    // One of each level side by side; and, far apart from those, four that lie so near each other that they are gathered.
    await placeRisks(district.database.engine, district, LEVELS.map((level, at) => ({ position: [near[0] - 0.0075 + at * 0.005, near[1]], level })));
    await placeRisks(district.database.engine, district, (["CONSIDERABLE", "LOW", "LOW", "MODERATE"] as const).map((level, at) => ({ position: [far[0] + at / 1e5, far[1]], level })));
    await placeRisks(district.database.engine, district, [{ position: [far[0] + 0.2, far[1]], level: "MAJOR" }]);
    between = await listener(district.service.url);
    const authorization = { headers: district.headers("office") };
    const style = await (await fetch(`${between.url}/styles/risks.json`, authorization)).json();
    const { tiles } = (await (await fetch(`${between.url}/tiles/risks.json`, authorization)).json()) as { tiles: string[] };
    between.asked.length = 0;
    const picture = (name: string, about: Position, degrees: number) => ({ url: tiles[0], style, extent: extent(about, degrees), size: [500, 500], file: join(folder, `${name}.png`) });
    answer = await readByQgis({
      root: `${between.url}/ogc`,
      user: "anybody",
      key: district.headers("office")["authorization"]!.replace("Bearer ", ""),
      collections: Object.keys(COLLECTIONS),
      pageSize: 7,
      box: BOX,
      pictures: { near: picture("near", near, 0.012), far: picture("far", far, 0.6) },
    });
  }, 240_000);
  afterAll(async () => {
    await between?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(Object.keys(COLLECTIONS) as (keyof typeof COLLECTIONS)[])("%s: every row over pages of seven, with its code and place, and those of an extent", async (id) => {
    const [table, geometry] = COLLECTIONS[id];
    const layer = answer.layers[id]!;
    expect(layer).toMatchObject({ valid: true, crs: "EPSG:4326" });
    const all = await rows(`select '${PREFIX[id]}_' || id as id, code, st_xmin(${geometry}) as west, st_ymin(${geometry}) as south from ${table} where ${geometry} is not null`);
    expect(all.length).toBeGreaterThan(1);
    expect({ read: layer.read, count: layer.count }).toEqual({ read: all.length, count: all.length });
    expect(Object.keys(layer.features).toSorted()).toEqual(all.map((row) => row["id"]).toSorted());
    for (const row of all) {
      const [code, wkt] = layer.features[row["id"] as string]!;
      const [west, south] = corner(wkt);
      expect({ code, west, south }).toEqual({ code: row["code"], west: expect.closeTo(row["west"] as number, 6), south: expect.closeTo(row["south"] as number, 6) });
    }
    const inside = await rows(`select '${PREFIX[id]}_' || id as id from ${table} where st_intersects(${geometry}, st_makeenvelope(${BOX.join(", ")}, 4490))`);
    expect(layer.inside.toSorted()).toEqual(inside.map((row) => row["id"]).toSorted());
    const pages = between.asked.filter(({ path }) => path.startsWith(`/ogc/collections/${id}/items?`));
    expect(pages.every(({ status }) => status === 200)).toBe(true);
    // It looks at ten at first, and asks for none of them again where there are no more.
    expect(["bbox=", "cursor="].filter((asked) => all.length > 10 && !pages.some(({ path }) => path.includes(asked)))).toEqual([]);
  });

  /** The south-western corner of a well-known text. */
  function corner(wkt: string): [number, number] {
    const positions = [...wkt.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
    return [Math.min(...positions.map(([x]) => x)), Math.min(...positions.map(([, y]) => y))];
  }

  test("geometries and fields are of the types declared", () => {
    const { layers } = answer;
    expect(Object.fromEntries(Object.entries(layers).map(([id, { geometry }]) => [id, geometry]))).toMatchObject({ risks: "Point", "hidden-dangers": "Point", subjects: "Point" });
    expect(layers["risk-zones"]!.geometry).toMatch(/^(Multi)?Polygon$/);
    expect(layers["risks"]!.fields).toMatchObject({ id: "String", code: "String", keyAttention: "Boolean", nextReviewDue: "Date", createdAt: "DateTime" });
    expect(layers["hidden-dangers"]!.fields).toMatchObject({ discoveredAt: "DateTime", overdue: "Boolean" });
  });

  test("tiles in the service's own style show every level in its colour, and what is gathered in that of its highest", () => {
    const colours = Object.fromEntries(appearances["risks"]!.looks.map(({ value, colours: { screen } }) => [value, screen]));
    const { near: close, far: wide } = answer.pictures as Record<"near" | "far", ReadByQgis["pictures"][string]>;
    for (const picture of [close, wide]) expect(picture).toMatchObject({ valid: true, styled: true, errors: [] });
    for (const level of LEVELS) expect({ level, seen: pixels(close.colours, colours[level]!) > 20 }).toEqual({ level, seen: true });
    expect(pixels(wide.colours, colours["CONSIDERABLE"]!, 0.7)).toBeGreaterThan(5);
    expect(pixels(wide.colours, colours["MAJOR"]!)).toBeGreaterThan(20);
    expect(pixels(wide.colours, colours["LOW"]!, 0.7)).toBe(0);
    const tiles = between.asked.filter(({ path }) => path.includes(".mvt"));
    expect(tiles.length).toBeGreaterThan(0);
    expect(tiles.filter(({ status }) => ![200, 204].includes(status))).toEqual([]);
  });
});
